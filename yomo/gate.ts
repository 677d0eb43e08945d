import { Deferred } from './deferred';

/** Where what waits goes out: over the connection that is there, once those who are to get it are ready. */
export class Gate<Connection> {
  readonly #onOpen: () => void;
  #there: { readonly connection: Connection; readonly decided: Deferred<undefined>; isHeld: boolean } | undefined;

  /** @param onOpen called when there is a connection to be used */
  constructor(onOpen: () => void) {
    this.#onOpen = onOpen;
  }

  /** The one that may be used; undefined also where it is held back. */
  get connection(): Connection | undefined {
    return this.#there?.isHeld === false ? this.#there.connection : undefined;
  }

  /** Whether there is no connection, not even one that is held back. */
  get isFree(): boolean {
    return this.#there === undefined;
  }

  /**
   * A connection is there, in the place of any other.
   * @param ready it is held back until this resolves, or until `release`; never rejected
   */
  connect(connection: Connection, ready?: Promise<void>): void {
    this.disconnect();
    const there = { connection, decided: new Deferred<undefined>(), isHeld: true };
    this.#there = there;
    if (ready === undefined) this.release();
    else void ready.then(() => this.#there === there && this.release());
  }

  /** A connection that is held back is used all the same. */
  release(): void {
    if (this.#there?.isHeld !== true) return;
    this.#there.isHeld = false;
    this.#there.decided.resolve(undefined);
    this.#onOpen();
  }

  /** Resolves when none is held back any more, because it is used or has gone. */
  async released(): Promise<void> {
    await this.#there?.decided.promise;
  }

  /** @param connection the one that has gone, whose place another may have taken; the one that is there unless told */
  disconnect(connection?: Connection): void {
    if (connection !== undefined && connection !== this.#there?.connection) return;
    this.#there?.decided.resolve(undefined);
    this.#there = undefined;
  }
}
