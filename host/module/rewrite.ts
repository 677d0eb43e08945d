/** What rewriting a module takes: bytes in its sections replaced, sizes brought up to date. */
import type { Section } from './sections';

/** Bytes of a module that others take the place of; where `start` is `end`, these are put in. */
export interface Replacement {
  /** Offsets in the module. */
  readonly start: number;
  readonly end: number;
  readonly bytes: readonly number[];
}

/**
 * @param replacements within the section's content, in order, none over another
 * @returns the section as it then is, with its number and size
 */
export function replaceIn(bytes: Uint8Array, { id, content }: Section, replacements: readonly Replacement[]) {
  const sizeChange = replacements.reduce((sum, { start, end, bytes: by }) => sum + by.length - (end - start), 0);
  const parts: Uint8Array[] = [Uint8Array.of(id, ...leb128(content.end - content.start + sizeChange))];
  let copied = content.start;
  for (const { start, end, bytes: replacement } of replacements) {
    parts.push(bytes.subarray(copied, start), Uint8Array.from(replacement));
    copied = end;
  }
  parts.push(bytes.subarray(copied, content.end));
  return concatenate(parts);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** @param value a whole number below 2⁵³ */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}
