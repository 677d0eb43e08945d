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
