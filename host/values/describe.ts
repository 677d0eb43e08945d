import { types } from 'node:util';

/** Characters of a text that an error shows. */
const SHOWN = 40;

/** A value in a few words for an error text. Runs no code of the value: no getter, no proxy, no `toString`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return describeText(value);
    case 'bigint':
      return `${shorten(value.toString())}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : describeObject(value);
  }
}

function describeText(text: string): string {
  return text.length <= SHOWN
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, SHOWN))}… (${String(text.length)} characters)`;
}

function shorten(digits: string): string {
  return digits.length <= SHOWN ? digits : `${digits.slice(0, SHOWN)}…`;
}

function describeObject(value: object): string {
  if (types.isProxy(value)) return 'an object (a proxy)';
  if (types.isTypedArray(value)) {
    const bytes = count(ownByteLength(value, TYPED_ARRAY), 'byte');
    return types.isUint8Array(value) && Buffer.isBuffer(value) ? `a Buffer of ${bytes}` : `a typed array of ${bytes}`;
  }
  if (types.isDataView(value)) return 'a DataView';
  if (types.isArrayBuffer(value))
    return `an ArrayBuffer of ${count(ownByteLength(value, ArrayBuffer.prototype), 'byte')}`;
  if (types.isSharedArrayBuffer(value)) return 'a SharedArrayBuffer';
  if (Array.isArray(value)) return `an array of ${count(value.length, 'value')}`;
  if (types.isDate(value)) return 'a Date';
  if (types.isBoxedPrimitive(value)) return 'a boxed value (an object around a primitive)';
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  return 'an object';
}

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** By the engine's own getter: the value may have one of its own, which runs code. */
function ownByteLength(value: object, prototype: object): number {
  return Reflect.get(prototype, 'byteLength', value) as number;
}

export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
