import type { Node } from 'node-red';
import { toCatchable } from '../catchable-error';

export type IncomingMessage = Readonly<Record<string, unknown>>;

/**
 * Hands each message that comes into a node to `send` and ends it with `done`, once: with the error, where there is
 * one.
 */
export function answerEach(node: Node, send: (message: IncomingMessage) => Promise<void>): void {
  node.on('input', (message, _send, done) => {
    void send(message as IncomingMessage)
      .then(
        () => {
          done();
        },
        (error: unknown) => {
          done(toCatchable(error));
        },
      )
      // Node-RED clones the message of an error and throws when it cannot.
      .catch((error: unknown) => {
        node.error(toCatchable(error), { _msgid: message._msgid });
      });
  });
}
