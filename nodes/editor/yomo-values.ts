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

/**
 * Of the zipper that a node names.
 * @param isOpen whether the dialog that is open is the node's: then the zipper that is chosen there counts
 */
export function protocolOf(node: { readonly zipper: string }, isOpen: boolean): 'v1' | 'v2' {
  const id = isOpen ? String($('#node-input-zipper').val() ?? '') : node.zipper;
  const zipper = RED.nodes.node(id) as { readonly protocol?: unknown } | null | undefined;
  return zipper?.protocol === 'v2' ? 'v2' : 'v1';
}

/** Shows the fields of protocol v1 in the open dialog while the zipper chosen speaks it, now and whenever it changes. */
export function showFieldsOf(node: { readonly zipper: string }, onChange: () => void): void {
  const show = (): void => {
    $('.yomo-v1-only').toggle(protocolOf(node, true) === 'v1');
    onChange();
  };
  $('#node-input-zipper').on('change', show);
  show();
}
