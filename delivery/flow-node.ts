/** What is asked of a node of the runtime, and nothing else of it. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  /** Ids of the nodes behind each output. */
  readonly wires?: readonly (readonly string[])[];
}

/** A message on its way: its id is all that is read, and a Catch node's `error` for the node it came from. */
export interface FlowMessage {
  _msgid?: string;
  error?: unknown;
}

/** One message handed to one node; the same object while that node's input handler runs. */
export interface Receipt {
  readonly msg: FlowMessage;
  readonly destination: { readonly node: FlowNode };
}

/**
 * Nodes of this package that always end a message, by `done` or `done(error)`, and that hand over what they hold
 * before they close. While one of them holds a message the settle clock stands still: a long call is not a lost one.
 */
const OWN_TYPES: ReadonlySet<string> = new Set(['wasm-function', 'mqtt-sink', 'yomo-sink']);

export function isOwn(node: FlowNode): boolean {
  return OWN_TYPES.has(node.type);
}

/** `type "name"`, or `type "id"` for a node without a name. */
export function nodeLabel(node: FlowNode): string {
  return `${node.type} "${node.name === undefined || node.name === '' ? node.id : node.name}"`;
}
