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
  const zipper = RED.nodes.node(zipperOf(node, isOpen)) as { readonly protocol?: unknown } | null | undefined;
  return zipper?.protocol === 'v2' ? 'v2' : 'v1';
}

/** A node as far as its name at a zipper goes. */
interface NamedNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  /** Disabled. */
  readonly d?: boolean;
  readonly zipper?: string;
  readonly appName?: string;
  readonly name?: string;
}

/**
 * Whether no other node that runs goes by the name at the same zipper, which in protocol v2 takes each name once.
 * @param isOpen as for `protocolOf`
 */
export function isNameFree(
  node: { readonly id: string; readonly zipper: string },
  name: string,
  isOpen: boolean,
): boolean {
  const zipper = zipperOf(node, isOpen);
  let isFree = true;
  RED.nodes.eachNode((each) => {
    const other = each as NamedNode;
    if (other.id === node.id || other.zipper !== zipper || !isRunning(other)) return;
    if (nameAtZipper(other) === name) isFree = false;
  });
  return isFree;
}

/** A sink without an app name has a name that nobody else has. */
function nameAtZipper({ type, appName, name }: NamedNode): string {
  return trimmed(appName) || (type === 'yomo-source' ? trimmed(name) : '');
}

function isRunning({ z, d }: NamedNode): boolean {
  return d !== true && RED.nodes.workspace(z ?? '')?.disabled !== true;
}

function zipperOf(node: { readonly zipper: string }, isOpen: boolean): string {
  return isOpen ? String($('#node-input-zipper').val() ?? '') : node.zipper;
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
