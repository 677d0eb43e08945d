import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Node } from 'node-red';
import { toCatchable } from '../catchable-error';

export type IncomingMessage = Readonly<Record<string, unknown>>;

/** What a sink sends its messages with. */
export interface Outlet {
  /** Resolves when the node is done with the message. */
  send(message: IncomingMessage): Promise<void>;
  /** The node closes: resolves when nothing is left that it has opened. */
  release(removed: boolean): Promise<void>;
}

/**
 * Hands each message that comes into a node to the outlet and ends it with `done`, once: with the error, where there is
 * one. The outlet is released when the node closes.
 */
export function answerEach(node: Node, outlet: Outlet): void {
  const closing = new Closing(node);
  node.on('input', (message, _send, done) => {
    /** Node-RED clones the message for Catch and Complete nodes, and throws where it cannot: they get its id then. */
    const end = (error?: Error): void => {
      try {
        done(error);
      } catch (problem) {
        node.error(toCatchable(error ?? problem), { _msgid: message._msgid });
      }
    };
    void outlet.send(message as IncomingMessage).then(
      () => {
        end();
      },
      (error: unknown) => {
        closing.failed();
        end(toCatchable(error));
      },
    );
  });
  node.on('close', (removed: boolean, done: (error?: Error) => void) => {
    closing.begin();
    outlet
      .release(removed)
      .finally(() => closing.end())
      .then(() => {
        done();
      }, done);
  });
}

/** A node that cannot work answers every message with the reason. */
export function refuseEach(node: Node, reason: Error): void {
  answerEach(node, { send: () => Promise.reject(reason), release: () => Promise.resolve() });
}

/**
 * Tells in the log of messages that ended in an error because their node closed: the runtime gives the error to the
 * Catch nodes of the flow, also to those that the same deploy has closed already, which drop it without a word.
 */
class Closing {
  readonly #node: Node;
  #hasBegun = false;
  #failures = 0;

  constructor(node: Node) {
    this.#node = node;
  }

  begin(): void {
    this.#hasBegun = true;
  }

  failed(): void {
    if (!this.#hasBegun) return;
    this.#failures += 1;
    // Of all that fail in this turn; some do so later than the node has closed, with another node's connection.
    setImmediate(() => {
      this.#tell();
    });
  }

  /** Resolves when what has failed so far is told. */
  async end(): Promise<void> {
    await nextTurn();
    this.#tell();
  }

  #tell(): void {
    if (this.#failures === 0) return;
    const failures = countOf(this.#failures);
    this.#failures = 0;
    this.#node.warn(
      `${failures} waited in the node when it closed and could not be sent. A Catch node gets them only where it stays open in the same deploy. An mqtt-source before it sends its own again; send the others again yourself.`,
    );
  }
}

function countOf(number: number): string {
  return number === 1 ? '1 message' : `${String(number)} messages`;
}
