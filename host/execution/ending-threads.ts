import { END_PATIENCE } from '../limits';

/**
 * Threads of one module that may be ending while another of its functions is given one. Ending takes some milliseconds,
 * so that nobody notices; a guest that outlives it would have one thread more with each call.
 */
const MOST_ENDING = 2;

/** Threads that have been told to end because a call ran out of time, by the content of their module. */
export class EndingThreads {
  readonly #counts = new Map<string, { ending: number; overdue: number }>();
  readonly #listeners = new Set<() => void>();

  /** @param patience seconds a thread is waited for */
  constructor(private readonly patience = END_PATIENCE) {}

  /** @param ended settles when the thread is gone */
  add(module: string, ended: Promise<void>): void {
    const counts = this.#counts.get(module) ?? { ending: 0, overdue: 0 };
    this.#counts.set(module, counts);
    counts.ending += 1;
    void this.whenGone(ended).then(async (isGone) => {
      if (!isGone) {
        counts.overdue += 1;
        this.#tell();
        await ended;
        counts.overdue -= 1;
      }
      counts.ending -= 1;
      if (counts.ending === 0) this.#counts.delete(module);
      this.#tell();
    });
  }

  /** Whether no further one of this module is to be started now. */
  areMany(module: string): boolean {
    return (this.#counts.get(module)?.ending ?? 0) >= MOST_ENDING;
  }

  /** Whether one of this module should have ended by now. */
  areOverdue(module: string): boolean {
    return (this.#counts.get(module)?.overdue ?? 0) > 0;
  }

  /** @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns false where the thread has not ended in the time it is waited for */
  whenGone(ended: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, this.patience * 1000);
      void ended.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
