import type { Log } from './settings';
import { isSameStatus, type ConnectionStatus, type FailureReason } from './status';

/** Reasons that lie with one node; whoever shows the node's status tells of them. */
const OF_ONE_NODE: ReadonlySet<FailureReason> = new Set(['subscription', 'dead-letter', 'configuration']);

export function isOfOneNode(reason: FailureReason): boolean {
  return OF_ONE_NODE.has(reason);
}

/**
 * Tells of a broker once, however many clients of a connection it concerns and however often they try again: a line for
 * each reason when it first comes up, one when it went away, and one when all clients are connected (again).
 */
export class ConnectionLog {
  readonly #log: Log;
  /** How each client stands; what it failed for stays until it is connected. */
  readonly #clients = new Map<object, ConnectionStatus>();
  #said: 'nothing' | 'connected' | 'disconnected' = 'nothing';

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param client whose status it is: any object that stands for it */
  report(client: object, status: ConnectionStatus): void {
    switch (status.kind) {
      case 'connected':
        this.#connected(client);
        return;
      case 'connecting':
      case 'disconnected':
        if (this.#clients.get(client)?.kind !== 'failed') this.#clients.set(client, status);
        if (status.kind === 'disconnected') this.#say('disconnected', 'Disconnected from the broker.');
        return;
      case 'failed':
        // The broker is there all the same.
        if (isOfOneNode(status.reason)) this.#connected(client);
        else this.#failed(client, status);
    }
  }

  /** The client is gone. */
  forget(client: object): void {
    this.#clients.delete(client);
    this.#look();
  }

  #connected(client: object): void {
    this.#clients.set(client, { kind: 'connected' });
    this.#look();
  }

  #failed(client: object, status: ConnectionStatus & { kind: 'failed' }): void {
    const isKnown = [...this.#clients.values()].some((other) => isSameStatus(other, status));
    this.#clients.set(client, status);
    this.#said = 'disconnected';
    if (!isKnown) this.#log.warn(status.message);
  }

  #look(): void {
    const statuses = [...this.#clients.values()];
    if (statuses.length === 0 || !statuses.every(({ kind }) => kind === 'connected')) return;
    this.#say('connected', 'Connected to the broker.');
  }

  #say(what: 'connected' | 'disconnected', text: string): void {
    if (this.#said === what) return;
    this.#said = what;
    this.#log.info(text);
  }
}
