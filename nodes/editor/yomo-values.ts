import { parseTag, tagText } from '../../yomo/tag';
import { trimmed } from './validator';

/** A tag that can be written; blank where it comes with the message. */
export function isTagOrBlank(value: unknown): boolean {
  return trimmed(value) === '' || parseTag(trimmed(value)) !== undefined;
}

/**
 * Takes a tag as it is to be saved: a decimal number as a number; hexadecimal text, or what is no tag, as it was typed.
 */
export function savedTag(text: string): number | string {
  const written = text.trim();
  return /^\d+$/.test(written) ? Number(written) : written;
}

/** A tag in the notation in which it was not typed, behind a sign; blank where it is none. */
export function otherNotation(value: unknown): string {
  const tag = parseTag(trimmed(value));
  if (tag === undefined) return '';
  return `= ${/^0x/i.test(trimmed(value)) ? String(tag) : tagText(tag)}`;
}

/** Shows beside a field what its tag is in the other notation, whenever it changes. */
export function showOtherNotation(field: JQuery, hint: JQuery): void {
  const show = (): void => {
    hint.text(otherNotation(field.val()));
  };
  field.on('input change', show);
  show();
}
