import { YomoError } from './errors';
import { MAX_WAITING_BYTES, WAITING_FRAME_COST } from './limits';

/** Bounds what waits to be sent or answered: always in bytes, and in number while there is no connection. */
export class WaitingRoom {
  readonly #limit: number;
  /** Bytes, as in MAX_WAITING_BYTES. */
  #cost = 0;

  /** @param limit how many wait at most while there is no connection */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @param waiting how many wait for a connection; undefined while there is one
   * @throws YomoError `buffer` where there is no room
   */
  enter(bytes: Uint8Array, waiting: number | undefined): void {
    if (waiting !== undefined && waiting >= this.#limit) throw fullError(this.#limit);
    const cost = this.#cost + costOf(bytes);
    if (cost > MAX_WAITING_BYTES) throw slowError();
    this.#cost = cost;
  }

  /** What has entered does not wait any more. */
  leave(bytes: Uint8Array): void {
    this.#cost -= costOf(bytes);
  }
}

function costOf(bytes: Uint8Array): number {
  return bytes.length + WAITING_FRAME_COST;
}

function fullError(limit: number): YomoError {
  return new YomoError(
    'buffer',
    `The zipper is not connected, and ${String(limit)} messages wait for it already. See why in the status of the node; what waits is sent then.`,
  );
}

function slowError(): YomoError {
  const limit = String(MAX_WAITING_BYTES / 1024 / 1024);
  return new YomoError(
    'buffer',
    `Messages of ${limit} MiB wait to be sent or answered already. Send less, or see in the status of the node whether it is connected.`,
  );
}
