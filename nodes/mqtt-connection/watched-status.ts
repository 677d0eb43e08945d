import type { ConnectionStatus } from '../../mqtt/status';

/** What a node of a connection has to do, counted; `<type>.busy.<what>` in its catalogue. */
export interface Busy {
  readonly kind: 'busy';
  readonly what: 'waiting' | 'in-flight' | 'retrying' | 'dead-letters' | 'given-up';
  readonly number: number;
  readonly isConnected: boolean;
}

export type ShownStatus = ConnectionStatus | Busy;

/** Milliseconds between two looks: a status is for people. */
export const LOOK_INTERVAL = 1000;

/**
 * A status with counts in it, which are looked at once a second: so a message costs nothing, and a burst that is over
 * soon is not shown. Owns a timer until it is closed.
 */
export class WatchedStatus {
  readonly #look: () => ShownStatus;
  readonly #show: (status: ShownStatus) => void;
  readonly #timer: NodeJS.Timeout;
  #shown = '';

  constructor(look: () => ShownStatus, show: (status: ShownStatus) => void) {
    this.#look = look;
    this.#show = show;
    this.#timer = setInterval(() => {
      this.update();
    }, LOOK_INTERVAL);
    this.#timer.unref();
  }

  /** Looks at once, and shows what has changed. */
  update(): void {
    const status = this.#look();
    const text = JSON.stringify(status);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#show(status);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
