import { WasmFunctionError } from '../errors';
import type { CallResult, ResultKind } from '../wasm-function';
import { parseDecimal } from './accept-number';
import { describeValue } from './describe';
import { formatSignature } from './parse-signature';
import { parseJsonText } from './json-text';
import type { GuestValue, Signature } from './signature';
import { decodeText, encodeText } from './text';

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
    const produced = values.map((value) => (value === null ? null : produce(value, result)));
    return { kind: 'value', value: produced.length === 1 ? produced[0] : produced };
  } catch (error) {
    if (error instanceof WasmFunctionError) throw error.in({ signature: formatSignature(signature) });
    throw error;
  }
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

function toNumber(value: Exclude<GuestValue, null>): number {
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
    if (text === undefined)
      throw unfit(`The result (${describeValue(value)}) is not valid UTF-8; take it as a Buffer.`);
    return text;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function toJson(value: Exclude<GuestValue, null>): unknown {
  if (typeof value === 'bigint') return toSafeNumber(value);
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return value;
  const text = toText(value);
  const parsed = parseJsonText(text);
  if ('value' in parsed) return parsed.value;
  throw unfit(`The result is not JSON: error at position ${String(parsed.position)} of ${describeValue(text)}.`);
}

function unfit(message: string): WasmFunctionError {
  return new WasmFunctionError('result', message);
}
