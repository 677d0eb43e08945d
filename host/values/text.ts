const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Half of a surrogate pair without the other half: text that no encoding of Unicode can carry. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

/** UTF-8 without a byte-order mark; a lone surrogate becomes U+FFFD, so ask `hasLoneSurrogate` first. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** @returns undefined where the bytes are no valid UTF-8; a byte-order mark is kept as U+FEFF */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Where bytes that are no valid UTF-8 go wrong, for an error: as `byte 3 (0xff)`, counted from 0. It is the byte that no
 * character begins with, or the first of a character that is cut short. Only to be asked where `decodeText` gave nothing.
 */
export function describeInvalidText(bytes: Uint8Array): string {
  let at = 0;
  for (let length = characterLength(bytes, at); length > 0; length = characterLength(bytes, at)) at += length;
  return `byte ${String(at)} (0x${(bytes[at] ?? 0).toString(16).padStart(2, '0')})`;
}

/** Bytes of the character that begins there, 0 where none does (the Unicode Standard, table 3-7). */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0xff;
  if (first < 0x80) return 1;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  const [lowest, highest] = SECOND_BYTES.get(first) ?? CONTINUATION;
  if (second < lowest || second > highest) return 0;
  for (let index = 2; index < length; index += 1) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

const CONTINUATION = [0x80, 0xbf] as const;
/** First bytes whose second byte has a range of its own: against overlong forms, surrogates, and what is past U+10FFFF. */
const SECOND_BYTES: ReadonlyMap<number, readonly [lowest: number, highest: number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);
