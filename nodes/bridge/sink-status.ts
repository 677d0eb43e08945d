import type { BridgeStatus, Waiting } from './shown-status';
import { WatchedStatus } from './watched-status';

/** Milliseconds for which each of two things is shown that cannot be shown together. */
const TURN = 2000;

/**
 * What a sink shows: how its connection stands, and how many of its messages wait for it. Where the connection has
 * failed it is the reason, and the number in turn with it: the editor translates words, but no words with a number.
 */
export class SinkStatus<Status extends BridgeStatus> {
  readonly #waiting: () => number;
  readonly #watched: WatchedStatus<Status | Waiting>;
  #connection: Status;
  /** Since when the present status of the connection is known. */
  #since = Date.now();

  /**
   * @param first how the connection stands at first
   * @param waiting messages of this sink that wait to be sent
   */
  constructor(first: Status, show: (status: Status | Waiting) => void, waiting: () => number) {
    this.#connection = first;
    this.#waiting = waiting;
    this.#watched = new WatchedStatus(() => this.#look(), show);
  }

  connection(status: Status): void {
    this.#connection = status;
    this.#since = Date.now();
    this.#watched.update();
  }

  close(): void {
    this.#watched.close();
  }

  #look(): Status | Waiting {
    const number = this.#waiting();
    const { kind } = this.#connection;
    if (number === 0 || (kind === 'failed' && this.#isReasonsTurn())) return this.#connection;
    return { kind: 'waiting', number, connection: kind };
  }

  #isReasonsTurn(): boolean {
    return Math.floor((Date.now() - this.#since) / TURN) % 2 === 0;
  }
}
