import { types } from 'node:util';
import { decodeText, describeInvalidText, encodeText, hasLoneSurrogate } from './text';
import { Unacceptable } from './unacceptable';

/** Text, a Buffer of valid UTF-8, or a number or boolean as text. */
export function acceptText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return wellFormed(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default: {
      if (!types.isUint8Array(value)) throw new Unacceptable('text, a Buffer of valid UTF-8, a number or a boolean');
      const text = decodeText(value);
      if (text !== undefined) return text;
      throw new Unacceptable(
        `text, or a Buffer of valid UTF-8, which this one is not at ${describeInvalidText(value)}`,
      );
    }
  }
}

/**
 * A Buffer, a typed array of any realm, an ArrayBuffer, text as UTF-8 or an array of integers from 0 to 255.
 *
 * @returns a copy: the call may wait while the message's owner fills the same memory with the next reading
 * @throws TypeError where the memory has been transferred elsewhere
 */
export function acceptBytes(value: unknown): Uint8Array {
  if (typeof value === 'string') return encodeText(wellFormed(value));
  if (ArrayBuffer.isView(value)) return copyBytes(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return copyBytes(value, 0, value.byteLength);
  if (Array.isArray(value)) return bytesOf(value);
  throw new Unacceptable(
    'a Buffer, a typed array, an ArrayBuffer, text (as UTF-8) or an array of integers from 0 to 255',
  );
}

function wellFormed(text: string): string {
  if (hasLoneSurrogate(text)) {
    throw new Unacceptable('well-formed text (without half a surrogate pair, which UTF-8 cannot carry)');
  }
  return text;
}

/** Over memory of their own and of their length, whatever the view was made on. */
function copyBytes(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array {
  return new Uint8Array(new Uint8Array(buffer, offset, length));
}

function bytesOf(array: readonly unknown[]): Uint8Array {
  const bytes = new Uint8Array(array.length);
  for (let index = 0; index < bytes.length; index++) {
    const item = array[index];
    if (typeof item !== 'number' || !Number.isInteger(item) || item < 0 || item > 255) {
      throw new Unacceptable(`an array of integers from 0 to 255, which the element at ${String(index)} is not`);
    }
    bytes[index] = item;
  }
  return bytes;
}
