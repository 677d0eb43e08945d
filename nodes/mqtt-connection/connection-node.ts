import type { Node, NodeAPI, NodeStatus } from 'node-red';
import type { Connection } from '../../mqtt/connection';
import { isOfOneNode } from '../../mqtt/connection-log';
import { MqttError } from '../../mqtt/errors';
import type { ConnectionStatus } from '../../mqtt/status';
import { configurationFault, findNode, showProblem } from '../bridge/misconfigured';
import { nodeStatus, type Waiting } from '../bridge/shown-status';
import { logOf } from '../node-log';

/** What a source has to do, counted. */
export interface Busy {
  readonly kind: 'busy';
  readonly what: 'in-flight' | 'retrying' | 'dead-letters' | 'given-up';
  readonly number: number;
}

export type ShownStatus = ConnectionStatus | Busy | Waiting;

/** The runtime's mqtt-connection node, as the nodes that use it see it. */
export interface MqttConnectionNode extends Node<{ user: unknown; password: unknown }> {
  /** Undefined where the node's configuration is wrong; `problem` says why, and the node has logged it. */
  connection?: Connection | undefined;
  problem?: MqttError | undefined;
}

/** @throws MqttError `configuration` where there is no connection to use */
export function connectionOf(RED: NodeAPI, id: unknown): Connection {
  const { connection, problem } = findNode<MqttConnectionNode>(RED, id);
  if (connection !== undefined) return connection;
  throw problem ?? new MqttError('configuration', 'No MQTT connection is chosen. Choose or add one in the node.');
}

/** What a definition that cannot be understood is to everyone: an error of its configuration. */
export function asConfigurationError(error: unknown): MqttError {
  return error instanceof MqttError ? error : new MqttError('configuration', configurationFault(error));
}

/**
 * Shows that `node` cannot work, and logs why unless its connection has.
 * @param id of the connection that the node names
 * @returns the reason
 */
export function showMisconfigured(RED: NodeAPI, node: Node, id: unknown, error: unknown): MqttError {
  const problem = asConfigurationError(error);
  showProblem(RED, node, id, problem);
  return problem;
}

/**
 * Shows a status on `node`. Reasons that lie with the node itself are logged, each once; others the connection logs.
 * Own keys are in the catalogue of each node, and the editor translates those; a text with a number in it would come in
 * the language of the runtime, so that there are signs in place of its words.
 */
export function showStatus(node: Node): (status: ShownStatus) => void {
  let lastProblem = '';
  return (status) => {
    node.status(statusOf(status, node.type));
    if (isConnected(status)) lastProblem = '';
    if (status.kind !== 'failed' || !isOfOneNode(status.reason) || status.message === lastProblem) return;
    lastProblem = status.message;
    logOf(node).warn(status.message);
  };
}

function isConnected(status: ShownStatus): boolean {
  return status.kind === 'waiting' ? status.connection === 'connected' : ['connected', 'busy'].includes(status.kind);
}

/** What a source counts; its help says what each sign means. */
const SIGNS: Readonly<Record<Busy['what'], string>> = {
  'in-flight': '▶',
  retrying: '↻',
  'dead-letters': '†',
  'given-up': '✗',
};

/** `↻ 3` */
export function formatBusy({ what, number }: Busy): string {
  return `${SIGNS[what]} ${String(number)}`;
}

function statusOf(status: ShownStatus, type: string): NodeStatus {
  return status.kind === 'busy' ? { fill: 'yellow', shape: 'dot', text: formatBusy(status) } : nodeStatus(status, type);
}
