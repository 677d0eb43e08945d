import type { Node, NodeAPI } from 'node-red';
import type { YomoClient } from '../../yomo/client';
import type { Obstacle } from '../../yomo/dial-error';
import { YomoError, type YomoErrorCode } from '../../yomo/errors';
import { configurationFault, findNode, showProblem } from '../bridge/misconfigured';
import type { BridgeStatus } from '../bridge/shown-status';
import type { ToolZipper } from './tool-zipper';
import type { Zipper } from './zipper';

/** By protocol. */
export type AnyZipper = Zipper | ToolZipper;

/** Why a node does not connect and does not try again. */
export const FAILURE_REASONS = ['rejected', 'transport', 'configuration'] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

export type ZipperStatus = BridgeStatus<FailureReason, Obstacle>;

/** The runtime's yomo-zipper node, as the nodes that use it see it. */
export interface YomoZipperNode extends Node<{ credential: unknown }> {
  /** Undefined where the node's configuration is wrong; `problem` says why, and the node has logged it. */
  zipper?: AnyZipper | undefined;
  problem?: YomoError | undefined;
}

/** @throws YomoError `configuration` where there is no zipper to use */
export function zipperOf(RED: NodeAPI, id: unknown): AnyZipper {
  const { zipper, problem } = findNode<YomoZipperNode>(RED, id);
  if (zipper !== undefined) return zipper;
  throw problem ?? new YomoError('configuration', 'No YoMo zipper is chosen. Choose or add one in the node.');
}

/** What a definition that cannot be understood is to everyone: an error of its configuration. */
export function asConfigurationError(error: unknown): YomoError {
  return error instanceof YomoError ? error : new YomoError('configuration', configurationFault(error));
}

/**
 * Shows that `node` cannot work, and logs why unless its zipper has.
 * @param id of the zipper that the node names
 * @returns the reason
 */
export function showMisconfigured(RED: NodeAPI, node: Node, id: unknown, error: unknown): YomoError {
  const problem = asConfigurationError(error);
  showProblem(RED, node, id, problem);
  return problem;
}

/**
 * Calls `show` with how a client stands with its zipper, now and from now on. Once lost it counts as disconnected until
 * it is connected again, however often that is tried.
 */
export function watchStatus(client: Pick<YomoClient, 'state' | 'onState'>, show: (status: ZipperStatus) => void): void {
  let isLost = false;
  const look = (): void => {
    const { state } = client;
    switch (state.kind) {
      case 'connecting':
        if (!isLost) show({ kind: 'connecting' });
        break;
      case 'connected':
        isLost = false;
        show({ kind: 'connected' });
        break;
      case 'waiting':
        isLost = true;
        show({ kind: 'disconnected', ...(state.obstacle === undefined ? {} : { obstacle: state.obstacle }) });
        break;
      case 'rejected': {
        const { code, reason: message } = state;
        show({ kind: 'failed', reason: reasonOf(code), message });
        break;
      }
      case 'closed':
        break;
    }
  };
  client.onState(look);
  look();
}

/** The name under which a zipper knows a node. */
export function clientName(appName: string, node: Node): string {
  return appName || node.name || 'node-red';
}

function reasonOf(code: YomoErrorCode): FailureReason {
  return FAILURE_REASONS.find((reason) => reason === code) ?? 'rejected';
}
