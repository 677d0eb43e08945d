/** What a node of a bridge shows: how it stands with its broker or zipper, and how many messages wait. */
import type { NodeStatus } from 'node-red';

export type BridgeStatus<Reason extends string = string, Obstacle extends string = string> =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** `obstacle`, where it can be told, is why the last attempt came to nothing: a word like `reason`. */
  | { readonly kind: 'disconnected'; readonly obstacle?: Obstacle }
  /** `message` is a sentence for the log; `<type>.status.<reason>` in the node's catalogue is a word for the editor. */
  | { readonly kind: 'failed'; readonly reason: Reason; readonly message: string };

/** So many messages wait to be sent over a connection that stands so. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly number: number;
  readonly connection: BridgeStatus['kind'];
}

/** How the connection stands, beside a figure that says nothing of it. */
const LIGHTS = {
  connecting: { fill: 'yellow', shape: 'ring' },
  connected: { fill: 'yellow', shape: 'dot' },
  disconnected: { fill: 'red', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
} as const satisfies Record<BridgeStatus['kind'], NodeStatus>;

/** @param type of the node, whose catalogue has the words */
export function nodeStatus(status: BridgeStatus | Waiting, type: string): NodeStatus {
  switch (status.kind) {
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', text: 'node-red:common.status.connecting' };
    case 'connected':
      return { fill: 'green', shape: 'dot', text: 'node-red:common.status.connected' };
    case 'disconnected':
      return {
        fill: 'red',
        shape: 'ring',
        text:
          status.obstacle === undefined ? 'node-red:common.status.disconnected' : `${type}.status.${status.obstacle}`,
      };
    case 'waiting':
      return { ...LIGHTS[status.connection], text: `⏳ ${String(status.number)}` };
    case 'failed':
      return { fill: 'red', shape: 'ring', text: `${type}.status.${status.reason}` };
  }
}
