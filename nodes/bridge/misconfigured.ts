/** What becomes of a node whose definition, or whose configuration node, cannot be used. */
import type { Node, NodeAPI } from 'node-red';
import { messageOf } from '../../host/errors';
import { SavedValueError } from '../saved-value';
import { nodeStatus } from './shown-status';
import { logOf } from '../node-log';

/** A configuration node that may not have come about: then it has logged why. */
export interface MayBeMisconfigured {
  problem?: Error | undefined;
}

/** @returns nothing of it where there is no node of that id */
export function findNode<T extends MayBeMisconfigured>(RED: NodeAPI, id: unknown): Partial<T> {
  const node = typeof id === 'string' && id !== '' ? RED.nodes.getNode(id) : null;
  return (node ?? {}) as Partial<T>;
}

/** What is wrong with a definition that cannot be understood, as a sentence. */
export function configurationFault(error: unknown): string {
  if (error instanceof SavedValueError) return error.message;
  return `The node could not be set up (${messageOf(error)}). Correct its properties and deploy again.`;
}

/**
 * Shows that `node` cannot work, and logs why unless its configuration node has.
 * @param id of that node
 */
export function showProblem(RED: NodeAPI, node: Node, id: unknown, problem: Error): void {
  const { message } = problem;
  node.status(nodeStatus({ kind: 'failed', reason: 'configuration', message }, node.type));
  if (findNode(RED, id).problem !== problem) logOf(node).warn(message);
}
