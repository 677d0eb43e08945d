import type { ConnectionStatus } from '../../mqtt/status';

/** What a source has to do, counted. */
export interface Busy {
  readonly kind: 'busy';
  readonly what: 'in-flight' | 'retrying' | 'dead-letters' | 'given-up';
  readonly number: number;
}

/** So many messages wait for the broker, with which the connection stands so. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly number: number;
  readonly connection: ConnectionStatus['kind'];
}

export type ShownStatus = ConnectionStatus | Busy | Waiting;

/** Milliseconds between two looks: a status is for people. */
export const LOOK_INTERVAL = 1000;

/**
 * A status with counts in it, which are looked at once a second: so a message costs nothing, and a burst that is over
 * soon is not shown. Owns a timer from its first update until it is closed.
 */
export class WatchedStatus {
  readonly #look: () => ShownStatus;
  readonly #show: (status: ShownStatus) => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #shown = '';

  constructor(look: () => ShownStatus, show: (status: ShownStatus) => void) {
    this.#look = look;
    this.#show = show;
  }

  /** Looks at once, and shows what has changed; from the first time on once a second. */
  update(): void {
    if (this.#closed) return;
    this.#timer ??= setInterval(() => {
      this.update();
    }, LOOK_INTERVAL).unref();
    const status = this.#look();
    const text = JSON.stringify(status);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#show(status);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }
}
