/** Tags as people write them: decimal, or `0x` and hexadecimal digits, as YoMo's own programs do. */
import { FIRST_RESERVED_TAG, LAST_RESERVED_TAG, MAX_TAG } from './limits';

const WRITTEN = /^(?:\d{1,10}|0x[\da-f]{1,8})$/i;

/**
 * What can be written can be observed.
 * @returns undefined where it is no tag, or one that YoMo keeps for itself
 */
export function parseTag(value: unknown): number | undefined {
  const tag = typeof value === 'string' ? fromText(value.trim()) : value;
  if (typeof tag !== 'number' || !Number.isInteger(tag) || tag < 0 || tag > MAX_TAG) return undefined;
  return tag >= FIRST_RESERVED_TAG && tag <= LAST_RESERVED_TAG ? undefined : tag;
}

/** `0x33` */
export function tagText(tag: number): string {
  return `0x${tag.toString(16).toUpperCase()}`;
}

function fromText(text: string): number | undefined {
  return WRITTEN.test(text) ? Number(text) : undefined;
}
