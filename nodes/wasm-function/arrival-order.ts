/** Does what is left to do for a message, then calls `left`, once; must not throw. */
export type Leave = (left: () => void) => void;

/** A message on its way; it leaves when it is ready and all that came before it have left. */
export class Place {
  leave: Leave | undefined;
  leaving = false;
}

/** Places that have left are cut off the list in batches of this many, not one by one. */
const BATCH = 1024;

/** Lets messages leave in the order they came, whichever is ready first. */
export class ArrivalOrder {
  #places: Place[] = [];
  /** Index of the first that has not left. */
  #first = 0;
  #advancing = false;
  #whenEmpty: (() => void)[] = [];

  /** Messages that have not left. */
  get size(): number {
    return this.#places.length - this.#first;
  }

  enter(): Place {
    const place = new Place();
    this.#places.push(place);
    return place;
  }

  /** Says that nothing but its turn keeps a message from leaving; only the first call counts. */
  ready(place: Place, leave: Leave): void {
    if (place.leave !== undefined) return;
    place.leave = leave;
    this.#advance();
  }

  /**
   * Takes a message out of the order, for one that need not wait for its turn.
   * @returns false where it has left already, or is about to
   */
  withdraw(place: Place): boolean {
    if (place.leave !== undefined) return false;
    place.leave = (left) => left();
    // it is among the last: what is refused has just come
    this.#places.splice(this.#places.lastIndexOf(place), 1);
    this.#checkEmpty();
    this.#advance();
    return true;
  }

  /** Resolves once every message has left. */
  whenEmpty(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** A loop and not a recursion: thousands may have waited for the first. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    for (;;) {
      const next = this.#places[this.#first];
      if (next?.leave === undefined || next.leaving) break;
      next.leaving = true;
      next.leave(() => this.#left());
    }
    this.#advancing = false;
  }

  #left(): void {
    this.#first += 1;
    if (this.size === 0 || this.#first > BATCH) {
      this.#places = this.#places.slice(this.#first);
      this.#first = 0;
    }
    this.#checkEmpty();
    this.#advance();
  }

  #checkEmpty(): void {
    if (this.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
