import { types } from 'node:util';
import { MAX_JSON_DEPTH } from '../limits';
import { describeValue } from './describe';
import { findExcessDepth } from './json-text';
import { Unacceptable } from './unacceptable';

const SHALLOW = `JSON that is nested at most ${String(MAX_JSON_DEPTH)} deep`;

/**
 * The JSON text of what JSON can say: Dates and Buffers by their `toJSON`, properties that are `undefined`
 * left out. What `JSON.stringify` would silently turn into something else (NaN, functions, Maps …) is refused.
 */
export function acceptJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, refuseUnsayable) as string | undefined;
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith('Converting circular')) {
      throw new Unacceptable('a value that JSON can say, which an object that contains itself is not');
    }
    if (error instanceof RangeError) throw new Unacceptable(`${SHALLOW}, and shorter than the longest text`);
    throw error;
  }
  if (text === undefined) throw new Unacceptable('a value that JSON can say');
  if (findExcessDepth(text) !== undefined) throw new Unacceptable(SHALLOW);
  return text;
}

/** A replacer: `this` is what holds the value. */
function refuseUnsayable(this: unknown, key: string, value: unknown): unknown {
  const omitted = value === undefined && key !== '' && !Array.isArray(this);
  if (omitted || isSayable(value)) return value;
  const place = key === '' ? '' : `, which ${describeValue(value)} at "${key.slice(0, 40)}" is not`;
  throw new Unacceptable(`a value that JSON can say${place}`);
}

function isSayable(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value);
    case 'string':
    case 'boolean':
      return true;
    case 'object':
      return !(ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || types.isMap(value) || types.isSet(value));
    default:
      return false;
  }
}
