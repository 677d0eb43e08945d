import { WasmFunctionError } from '../errors';
import { MAX_JSON_BYTES, MAX_JSON_DEPTH, MIB } from '../limits';
import type { CallResult, ResultKind } from '../wasm-function';
import { parseDecimal } from './accept-number';
import { describeValue } from './describe';
import { formatSignature } from './parse-signature';
import { parseJsonText } from './json-text';
import type { GuestValue, JsonValue, Result, Signature } from './signature';
import { decodeText, describeInvalidText, encodeText } from './text';

/**
 * What a message gets from a call: one result is the value, several are an array, none leaves the message as it
 * was. With `auto` numbers stay numbers, 64-bit integers BigInts, text text, and bytes become a Buffer; an absent
 * optional is `null` with every kind.
 *
 * @param values one a result of the signature
 * @throws WasmFunctionError `result` where a value cannot be given as the kind asked for
 */
export function produceValue(values: readonly GuestValue[], signature: Signature, result: ResultKind): CallResult {
  if (signature.results.length === 0) return { kind: 'nothing' };
  try {
    const produced = values.map((value, index) => produceOne(value, signature.results[index], result));
    return { kind: 'value', value: produced.length === 1 ? produced[0] : produced };
  } catch (error) {
    if (error instanceof WasmFunctionError) throw error.in({ signature: formatSignature(signature) });
    throw error;
  }
}

/** A json result is text until here, and stays it for those who ask for text. */
function produceOne(value: GuestValue, result: Result | undefined, kind: ResultKind): unknown {
  if (value === null) return null;
  if (result?.type !== 'json' || kind === 'string' || kind === 'buffer') return produce(value, kind);
  const parsed = parseJson(value);
  return parsed === null || kind !== 'number' ? parsed : toNumber(parsed);
}

function produce(value: Exclude<GuestValue, null>, kind: ResultKind): unknown {
  switch (kind) {
    case 'auto':
      return value instanceof Uint8Array ? toBuffer(value) : value;
    case 'number':
      return toNumber(value);
    case 'string':
      return toText(value);
    case 'buffer':
      return value instanceof Uint8Array ? toBuffer(value) : toBuffer(encodeText(toText(value)));
    case 'json':
      return toJson(value);
  }
}

/** The same memory as a Buffer, which is what flows expect. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toNumber(value: Exclude<GuestValue | JsonValue, null>): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return toSafeNumber(value);
  const text = typeof value === 'string' || value instanceof Uint8Array ? toText(value) : undefined;
  const number = text === undefined ? undefined : parseDecimal(text);
  if (number === undefined) {
    throw unfit(`The result ${describeValue(text ?? value)} is no number; choose another kind of result.`);
  }
  return number;
}

function toSafeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw unfit(`The result ${describeValue(value)} is beyond the safe integers (±2^53 − 1); take it as a BigInt.`);
  }
  return number;
}

function toText(value: Exclude<GuestValue, null>): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) {
    const text = decodeText(value);
    if (text === undefined) {
      const place = describeInvalidText(value);
      throw unfit(`The result (${describeValue(value)}) is not valid UTF-8 at ${place}; take it as a Buffer.`);
    }
    return text;
  }
  return String(value);
}

function toJson(value: Exclude<GuestValue, null>): unknown {
  if (typeof value === 'bigint') return toSafeNumber(value);
  return typeof value === 'string' || value instanceof Uint8Array ? parseJson(value) : value;
}

/** Text that a guest wrote is looked at before it is parsed, which nothing could stop. */
function parseJson(value: Exclude<GuestValue, null>): JsonValue {
  const size = value instanceof Uint8Array ? value.length : Buffer.byteLength(String(value));
  if (size > MAX_JSON_BYTES) {
    throw unfit(
      `The result has ${String(size)} bytes, more than the ${String(MAX_JSON_BYTES / MIB)} MiB that are read as JSON; ` +
        'return less, or take it as a string or a Buffer.',
    );
  }
  const text = toText(value);
  const parsed = parseJsonText(text);
  if (parsed.kind === 'value') return parsed.value;
  const place = `at position ${String(parsed.position)} of ${describeValue(text)}`;
  throw unfit(
    parsed.kind === 'deep'
      ? `The result is JSON nested more than ${String(MAX_JSON_DEPTH)} deep, ${place}; return it flatter, or take it as a string.`
      : `The result is not JSON: error ${place}; choose another kind of result, or mend the function.`,
  );
}

function unfit(message: string): WasmFunctionError {
  return new WasmFunctionError('result', message);
}
