/** Milliseconds between two looks: a status is for people. */
export const LOOK_INTERVAL = 1000;

/**
 * A status with counts in it, which are looked at once a second: so a message costs nothing, and a burst that is over
 * soon is not shown. Owns a timer from its first update until it is closed.
 */
export class WatchedStatus<Status> {
  readonly #look: () => Status;
  readonly #show: (status: Status) => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #shown = '';

  constructor(look: () => Status, show: (status: Status) => void) {
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
