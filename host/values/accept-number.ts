import type { ValueType } from './signature';
import { Unacceptable } from './unacceptable';

type IntegerType = Extract<ValueType, 'i32' | 'u32' | 'i64' | 'u64'>;

interface Range {
  readonly minimum: bigint;
  readonly maximum: bigint;
}

const RANGES: Readonly<Record<IntegerType, Range>> = {
  i32: { minimum: -(2n ** 31n), maximum: 2n ** 31n - 1n },
  u32: { minimum: 0n, maximum: 2n ** 32n - 1n },
  i64: { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n },
  u64: { minimum: 0n, maximum: 2n ** 64n - 1n },
};
const UNSIGNED = { i32: RANGES.u32, i64: RANGES.u64, u32: RANGES.u32, u64: RANGES.u64 } as const;

const INTEGER_TEXT = /^[+-]?\d+$/;
/** No two of its repetitions meet: a message of a million digits and one letter is refused in linear time. */
const DECIMAL_TEXT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Digits of an integer's text that are read; 64 bits need 20, and reading millions takes seconds. */
const MAX_DIGITS = 100;

/**
 * An integer as a number, a BigInt or decimal text.
 * @param eitherSign the range of the signed and of the unsigned type together
 * @returns a number for 32 bits, a BigInt for 64
 */
export function acceptInteger(value: unknown, type: IntegerType, eitherSign: boolean): number | bigint {
  const narrow = type === 'i32' || type === 'u32';
  const minimum = RANGES[type].minimum;
  const maximum = eitherSign ? UNSIGNED[type].maximum : RANGES[type].maximum;
  // The way of nearly every call: no BigInt is made for a number.
  if (narrow && typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) {
    return value + 0; // -0 becomes 0
  }
  const integer = toBigInt(value);
  if (integer === undefined || integer < minimum || integer > maximum) {
    const kinds = narrow ? 'an integer' : 'a BigInt, a safe integer (beyond 2^53 use a BigInt or text)';
    throw new Unacceptable(`${kinds} or decimal text from ${String(minimum)} to ${String(maximum)}`);
  }
  return narrow ? Number(integer) : integer;
}

/** Undefined for what is no integer, or a number too large to be exact. */
function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string' || value.length > MAX_DIGITS || !INTEGER_TEXT.test(value)) return undefined;
  return BigInt(value.startsWith('+') ? value.slice(1) : value);
}

/** A number, NaN and the infinities included, or decimal text such as `-2.5e3`. */
export function acceptFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  const number = typeof value === 'string' ? parseDecimal(value) : undefined;
  if (number === undefined) throw new Unacceptable('a number or decimal text such as "21.5"');
  return number;
}

/** Decimal text without anything around it; undefined for other text, the empty one and `NaN` included. */
export function parseDecimal(text: string): number | undefined {
  return DECIMAL_TEXT.test(text) ? Number(text) : undefined;
}
