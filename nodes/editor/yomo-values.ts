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

export type Protocol = 'v1' | 'v2';

/**
 * Of the zipper that a node names.
 * @param isOpen whether the dialog that is open is the node's: then the zipper that is chosen there counts
 */
export function protocolOf(node: { readonly zipper: string }, isOpen: boolean): Protocol {
  const id = isOpen ? String($('#node-input-zipper').val() ?? '') : node.zipper;
  const zipper = RED.nodes.node(id) as { readonly protocol?: unknown } | null | undefined;
  return zipper?.protocol === 'v2' ? 'v2' : 'v1';
}

/** Shows what belongs to the protocol of the zipper chosen in the open dialog, now and whenever that changes. */
export function showFieldsOf(node: { readonly zipper: string }, onChange: (protocol: Protocol) => void): void {
  const show = (): void => {
    const protocol = protocolOf(node, true);
    $('.yomo-v1-only').toggle(protocol === 'v1');
    $('.yomo-v2-only').toggle(protocol === 'v2');
    onChange(protocol);
  };
  $('#node-input-zipper').on('change', show);
  show();
}
