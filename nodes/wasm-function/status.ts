/**
 * What the editor shows below the node. The editor translates a text that starts with a letter, without parameters:
 * so words are keys of this node's catalogue, and what has numbers in it is made of figures, units and signs.
 */
import type { NodeStatus } from 'node-red';
import type { ErrorCode } from '../../host/errors';
import { formatSignature } from '../../host/values/parse-signature';
import type { FunctionState } from '../../host/wasm-function';

/** Characters that fit below a node without hiding its neighbours. */
const WIDTH = 20;

/** `misconfigured`: the saved properties cannot be understood. */
export type ShownState = FunctionState | { readonly kind: 'misconfigured' };

export interface NodeActivity {
  /** Undefined before the first message of a node whose path comes with the messages. */
  readonly state: ShownState | undefined;
  /** Why the last message failed; undefined when it did not. `unknown` for what is no error of the host. */
  readonly failure: ErrorCode | 'unknown' | undefined;
  /** Failed messages since the deploy. */
  readonly errors: number;
  /** Whether it is the turn of their number where it cannot be shown together with the reason. */
  readonly isCountsTurn: boolean;
  /** Messages a second; undefined while there are none. */
  readonly rate: number | undefined;
  /** A call that has been under way for long: whole seconds, and how many messages wait behind it. */
  readonly busy: { readonly seconds: number; readonly waiting: number } | undefined;
}

/**
 * What asks for somebody comes first: no module, a call that takes long, a failure, a refused file. The failed messages
 * are counted beside what is made of figures, and in turn with a reason that is a word.
 */
export function toNodeStatus({ state, failure, errors, isCountsTurn, rate, busy }: NodeActivity): NodeStatus {
  switch (state?.kind) {
    case 'misconfigured':
      return { fill: 'red', shape: 'ring', text: 'wasm-function.status.misconfigured' };
    case 'loading':
      return { fill: 'yellow', shape: 'ring', text: 'wasm-function.status.loading' };
    case 'failed':
      return { fill: 'red', shape: 'ring', text: failureText(state.error.code) };
    case 'ready':
    case undefined:
      break;
  }
  const count = `✗ ${formatCount(errors)}`;
  const counted = errors === 0 ? '' : ` ${count}`;
  if (busy !== undefined) {
    const text = formatBusy(busy);
    const fill = failure === undefined ? 'blue' : 'red';
    return { fill, shape: 'dot', text: text.length + counted.length <= WIDTH ? `${text}${counted}` : text };
  }
  if (failure !== undefined) {
    // one failure is all that the reason says already
    const text = isCountsTurn && errors > 1 ? count : failureText(failure);
    return { fill: 'red', shape: 'dot', text };
  }
  if (state?.refused !== undefined) return { fill: 'yellow', shape: 'dot', text: 'wasm-function.status.refused' };
  if (rate !== undefined) return { fill: 'green', shape: 'dot', text: `${formatRate(rate)}${counted}` };
  // nothing is known of a function that no message has named yet
  if (state === undefined) return {};
  // without its name, which the label has
  const types = formatSignature(state.types);
  return { fill: 'green', shape: 'dot', text: `${shorten(types, WIDTH - counted.length)}${counted}` };
}

function failureText(code: ErrorCode | 'unknown'): string {
  return code === 'unknown' ? 'node-red:common.status.error' : `wasm-function.status.failed.${code}`;
}

/** `⏳ 3 s`, `⏳ 3 s, +12` */
function formatBusy({ seconds, waiting }: { seconds: number; waiting: number }): string {
  return `⏳ ${String(seconds)} s${waiting === 0 ? '' : `, +${formatCount(waiting)}`}`;
}

/**
 * `0.4/s`, `120/s`, `1.2 k/s`, `78 k/s`: two figures and at most one decimal, so that a steady flow shows a steady text
 * although its messages are counted at times that are never exactly a second apart.
 */
export function formatRate(perSecond: number): string {
  const figures = perSecond < 1 ? perSecond.toFixed(1) : perSecond.toPrecision(2);
  return `${formatCount(Number(figures))}/s`;
}

/** `7`, `999`, `1.2 k`, `3.4 M` */
function formatCount(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${value < 10 ? String(Number(value.toFixed(1))) : value.toFixed(0)} ${unit}`;
}

/**
 * A signature in so many characters: `(string, …) → bytes` where its parameters are too many, and cut where even
 * that is too long.
 */
export function shorten(signature: string, width: number): string {
  if (signature.length <= width) return signature;
  const [parameters = '', results = ''] = signature.split(' → ');
  const types = parameters.slice(1, -1).split(', ');
  for (let shown = types.length - 1; shown >= 0; shown--) {
    const text = `(${[...types.slice(0, shown), '…'].join(', ')}) → ${results}`;
    if (text.length <= width) return text;
  }
  return `${signature.slice(0, width - 1)}…`;
}
