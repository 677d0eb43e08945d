import type { Log } from './settings';
import type { ConnectionStatus, FailureReason } from './status';

/** Reasons that lie with one node; whoever shows the node's status tells of them. */
const OF_ONE_NODE: ReadonlySet<FailureReason> = new Set(['subscription', 'dead-letter', 'configuration']);

export function isOfOneNode(reason: FailureReason): boolean {
  return OF_ONE_NODE.has(reason);
}

/**
 * Tells of a broker once, however many clients of a connection it concerns and however often they try again: a line for
 * each reason when it first comes up, one when it went away, and one when all clients are connected again.
 */
export class ConnectionLog {
  readonly #log: Log;
  /** What is wrong with each client just now; a reason stays until the client is connected. */
  readonly #failures = new Map<object, string>();
  #said: 'nothing' | 'connected' | 'disconnected' = 'nothing';

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param client whose status it is: any object that stands for it */
  report(client: object, status: ConnectionStatus): void {
    switch (status.kind) {
      case 'connecting':
        return;
      case 'connected':
        this.#failures.delete(client);
        if (this.#failures.size === 0) this.#say('connected', 'Connected to the broker.');
        return;
      case 'disconnected':
        this.#say('disconnected', 'Disconnected from the broker.');
        return;
      case 'failed':
        this.#failed(client, status);
    }
  }

  /** The client is gone. */
  forget(client: object): void {
    this.#failures.delete(client);
  }

  #failed(client: object, { reason, message }: ConnectionStatus & { kind: 'failed' }): void {
    if (isOfOneNode(reason)) return;
    const isKnown = [...this.#failures.values()].includes(message);
    this.#failures.set(client, message);
    this.#said = 'disconnected';
    if (!isKnown) this.#log.warn(message);
  }

  #say(what: 'connected' | 'disconnected', text: string): void {
    if (this.#said === what) return;
    this.#said = what;
    this.#log.info(text);
  }
}
