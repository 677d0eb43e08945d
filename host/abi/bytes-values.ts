import { WasmFunctionError } from '../errors';
import { describeValue } from '../values/describe';
import { parseJsonText } from '../values/json-text';
import type { GuestValue } from '../values/signature';
import { decodeText, encodeText } from '../values/text';
import type { DataType } from './numbers';

/** Text, JSON and bytes as the bytes a guest gets. */
export function toBytes(value: GuestValue, type: DataType): Uint8Array {
  if (type === 'json') return encodeText(JSON.stringify(value));
  if (value instanceof Uint8Array) return value;
  return encodeText(String(value));
}

/** @throws WasmFunctionError `result` where the bytes are no text, or no JSON, as the signature promises */
export function fromBytes(bytes: Uint8Array, type: DataType): GuestValue {
  if (type === 'bytes') return bytes;
  const text = decodeText(bytes);
  if (text === undefined) {
    throw new WasmFunctionError(
      'result',
      `The guest returned ${describeValue(bytes)} that are not valid UTF-8 where text was due; ` +
        'check the convention, or say bytes in the signature.',
    );
  }
  if (type === 'string') return text;
  const parsed = parseJsonText(text);
  if ('value' in parsed) return parsed.value;
  throw new WasmFunctionError(
    'result',
    `The guest returned text that is not JSON: error at position ${String(parsed.position)} of ${describeValue(text)}.`,
  );
}
