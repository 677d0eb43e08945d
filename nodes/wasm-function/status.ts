import type { NodeStatus } from 'node-red';
import type { FunctionState } from '../../host/wasm-function';

/** A node whose saved properties cannot be understood. */
export const MISCONFIGURED: NodeStatus = {
  fill: 'red',
  shape: 'ring',
  text: 'wasm-function.status.misconfigured',
};

/** What the editor shows below the node; the texts are keys of this node's catalogue. */
export function toNodeStatus(state: FunctionState): NodeStatus {
  switch (state.kind) {
    case 'loading':
      return { fill: 'yellow', shape: 'ring', text: 'wasm-function.status.loading' };
    case 'ready':
      return state.refused === undefined
        ? { fill: 'green', shape: 'dot', text: 'wasm-function.status.ready' }
        : { fill: 'yellow', shape: 'dot', text: 'wasm-function.status.refused' };
    case 'failed':
      return { fill: 'red', shape: 'ring', text: `wasm-function.status.failed.${state.error.code}` };
  }
}
