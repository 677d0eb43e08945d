import type { Client } from 'aedes';

/** Bytes an embedded broker keeps for a client that does not read them: what is sent to it beyond is dropped. */
export const MOST_UNREAD = 4 * 1024 * 1024;

/**
 * Bytes a client's stream takes before it asks the broker to wait. A broker that waits for one client waits with every
 * message of all others, so that a flow which publishes to the broker its messages come from would stand still for
 * ever: the stream must not fill before the limit above is noticed, which is read while some messages are on their way.
 */
export const STREAM_CAPACITY = 16 * 1024 * 1024;

/** Which clients of an embedded broker read too slowly to be sent more, and how many messages that has cost them. */
export class SlowReaders {
  readonly #warn: (text: string) => void;
  readonly #dropped = new Map<Client, number>();

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** Whether a client is sent one more message; one that is not is counted as dropped. */
  accepts(client: Client): boolean {
    const unread = (client.conn as { readonly writableLength?: number }).writableLength ?? 0;
    const dropped = this.#dropped.get(client);
    // Once it is behind it has to catch up a good way, or it would be told of with every message.
    if (unread < (dropped === undefined ? MOST_UNREAD : MOST_UNREAD / 2)) {
      this.caughtUp(client);
      return true;
    }
    this.#dropped.set(client, (dropped ?? 0) + 1);
    if (dropped === undefined) {
      this.#warn(
        `The embedded broker drops messages for the client "${client.id}", which reads more slowly than they come. Make the flow behind it faster, or use a broker that keeps them on disk.`,
      );
    }
    return false;
  }

  /** Also for a client that is gone: says how many messages were dropped. */
  caughtUp(client: Client): void {
    const dropped = this.#dropped.get(client);
    if (dropped === undefined) return;
    this.#dropped.delete(client);
    this.#warn(
      `The embedded broker has dropped ${String(dropped)} messages for the client "${client.id}", which has caught up or left now. Those are lost; use a broker that keeps them on disk.`,
    );
  }
}
