import { leb } from '../support/wasm-builder';
import type { Random } from './random';

/** Bytes that mean something in the binary format, or at the ends of what a byte can be. */
const TELLING = [
  0x00, 0x01, 0x0b, 0x23, 0x40, 0x4e, 0x50, 0x5e, 0x5f, 0x60, 0x63, 0x64, 0x65, 0x6f, 0x70, 0x7f, 0x80, 0xd0, 0xfb,
  0xff,
];

/** Numbers at which something is checked, or should be. */
const LIMITS = [
  0,
  1,
  2,
  127,
  128,
  255,
  1000,
  1001,
  10_000,
  65_535,
  65_536,
  65_537,
  100_000,
  1_000_000,
  10_000_000,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  2 ** 63,
];

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function replace(bytes: Uint8Array, at: number, taken: number, by: Uint8Array | readonly number[]): Uint8Array {
  return join(bytes.subarray(0, at), by, bytes.subarray(Math.min(bytes.length, at + taken)));
}

/** Changes any bytes in one place: flips, sets, inserts, takes out, repeats. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(7)) {
    case 0:
      return replace(bytes, at, 1, [(bytes[at] ?? 0) ^ (1 << random.below(8))]);
    case 1:
      return replace(bytes, at, 1, [random.below(256)]);
    case 2:
      return replace(bytes, at, random.below(2), [random.pick(TELLING)]);
    case 3:
      return replace(bytes, at, 1 + random.below(4), []);
    case 4:
      return replace(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(40)));
    case 5:
      return replace(bytes, at, random.below(4), random.bytes(1 + random.below(6)));
    default:
      return mutateNumber(bytes, at, random);
  }
}

/** Takes what stands at an offset for an LEB128 number and writes another one, or the same one longer than need be. */
export function mutateNumber(bytes: Uint8Array, at: number, random: Random): Uint8Array {
  let length = 0;
  let value = 0;
  for (; length < 10; length += 1) {
    const byte = bytes[at + length] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * length);
    if (byte < 0x80) break;
  }
  return replace(bytes, at, length + 1, encodeNumber(anotherNumber(value, random), random));
}

function anotherNumber(value: number, random: Random): number {
  switch (random.below(5)) {
    case 0:
      return value;
    case 1:
      return value + 1;
    case 2:
      return Math.max(0, value - 1);
    case 3:
      return random.below(300);
    default:
      return random.pick(LIMITS);
  }
}

function encodeNumber(value: number, random: Random): number[] {
  const bytes = leb(value);
  if (!random.oneIn(3)) return bytes;
  const padding = random.below(6);
  if (padding === 0) return bytes;
  return [...bytes.slice(0, -1), (bytes.at(-1) ?? 0) | 0x80, ...new Array<number>(padding - 1).fill(0x80), 0x00];
}

/** Text: pieces of it, and pieces of other texts, moved about; single characters changed. */
export function mutateText(text: string, random: Random, others: readonly string[], words: readonly string[]): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.below(20));
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, at) + random.pick(words) + text.slice(random.oneIn(2) ? at : end);
    case 2: {
      const other = random.pick(others);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 3:
      return text.slice(0, end) + text.slice(at, end).repeat(1 + random.below(4)) + text.slice(end);
    case 4:
      return text.slice(0, at) + String.fromCharCode(random.below(random.oneIn(3) ? 65_536 : 128)) + text.slice(end);
    case 5:
      return text.slice(0, at);
    case 6:
      return text.slice(at);
    default:
      return text.slice(end) + text.slice(at, end) + text.slice(0, at);
  }
}
