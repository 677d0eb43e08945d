import { WasmFunctionError } from '../errors';
import { describeValue } from '../values/describe';
import type { GuestValue } from '../values/signature';
import { decodeText, describeInvalidText, encodeText } from '../values/text';
import type { DataType } from './numbers';

/** Text, JSON and bytes as the bytes a guest gets. */
export function toBytes(value: GuestValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return encodeText(String(value));
}

/**
 * JSON stays text: it is parsed by whoever hands it to the flow.
 * @throws WasmFunctionError `result` where the bytes are no text, as the signature promises
 */
export function fromBytes(bytes: Uint8Array, type: DataType): GuestValue {
  if (type === 'bytes') return bytes;
  const text = decodeText(bytes);
  if (text === undefined) {
    throw new WasmFunctionError(
      'result',
      `The guest returned ${describeValue(bytes)} that are not valid UTF-8 at ${describeInvalidText(bytes)}, where text ` +
        'was due; check the convention, or say bytes in the signature.',
    );
  }
  return text;
}
