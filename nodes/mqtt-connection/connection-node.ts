import type { Node, NodeAPI } from 'node-red';
import type { Connection } from '../../mqtt/connection';
import type { ShownStatus } from './watched-status';

/** The runtime's mqtt-connection node, as the nodes that use it see it. */
export interface MqttConnectionNode extends Node<{ user: unknown; password: unknown }> {
  /** Undefined where the node's configuration is wrong; `problem` says why. */
  connection?: Connection | undefined;
  problem?: string | undefined;
}

/** @throws Error with a sentence where there is no connection to use */
export function connectionOf(RED: NodeAPI, id: unknown): Connection {
  const node = typeof id === 'string' && id !== '' ? RED.nodes.getNode(id) : null;
  const { connection, problem } = (node ?? {}) as Partial<MqttConnectionNode>;
  if (connection !== undefined) return connection;
  throw new Error(problem ?? 'No MQTT connection is chosen: choose or add one in the node.');
}

/**
 * Shows a status on `node` and logs each reason of a failure once. Own keys are in the catalogue of each node: the
 * editor translates those, but not a text with a number in it, which comes in the language of the runtime.
 */
export function showStatus(RED: NodeAPI, node: Node): (status: ShownStatus) => void {
  let lastProblem = '';
  return (status) => {
    node.status(statusOf(RED, status, node.type));
    if (status.kind === 'connected' || status.kind === 'busy') lastProblem = '';
    if (status.kind !== 'failed' || status.message === lastProblem) return;
    lastProblem = status.message;
    node.warn(status.message);
  };
}

function statusOf(
  RED: NodeAPI,
  status: ShownStatus,
  type: string,
): { fill: 'green' | 'yellow' | 'red'; shape: 'dot' | 'ring'; text: string } {
  switch (status.kind) {
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', text: 'node-red:common.status.connecting' };
    case 'connected':
      return { fill: 'green', shape: 'dot', text: 'node-red:common.status.connected' };
    case 'disconnected':
      return { fill: 'red', shape: 'ring', text: 'node-red:common.status.disconnected' };
    case 'busy': {
      const text = RED._(`${type}.busy.${status.what}`, { number: status.number });
      return { fill: 'yellow', shape: status.isConnected ? 'dot' : 'ring', text };
    }
    case 'failed':
      return { fill: 'red', shape: 'ring', text: `${type}.status.${status.reason}` };
  }
}
