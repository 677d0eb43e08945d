import { Deferred } from './deferred';
import { YomoError } from './errors';
import { MAX_WAITING_BYTES, WAITING_FRAME_COST, WRITE_SIZE } from './limits';

interface Entry {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Where frames are written to. @returns a promise that is rejected when the connection is gone */
export type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * The frames that wait to be written, in order. One is settled when it is handed over; what was being handed over while
 * the connection broke is written again on the next one, so that it may come twice but is never lost in between.
 */
export class Outbox {
  readonly #limit: number;
  #entries: Entry[] = [];
  /** Entries before this one are done: taking each off the front would move all others. */
  #first = 0;
  #cost = 0;
  /** The connection that is there, as what writes to it. */
  #write: Write | undefined;
  /** A connection that is there, over which nothing goes yet. */
  #held: { readonly write: Write; readonly decided: Deferred<undefined> } | undefined;
  #pumping: Promise<void> | undefined;

  /** @param limit frames that wait at most while there is no connection */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#entries.length - this.#first;
  }

  /**
   * @param bytes a whole frame
   * @throws YomoError `buffer` where too much waits
   */
  add(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#write === undefined && this.waiting >= this.#limit) {
        reject(fullError(this.#limit));
        return;
      }
      if (this.#cost + costOf(bytes) > MAX_WAITING_BYTES) {
        reject(slowError());
        return;
      }
      this.#entries.push({ bytes, resolve, reject });
      this.#cost += costOf(bytes);
      this.#pump();
    });
  }

  /**
   * A connection is there: what waits is written to it.
   * @param ready nothing is written before it resolves, or `release`; never rejected
   */
  connect(write: Write, ready?: Promise<void>): void {
    if (ready === undefined) {
      this.#open(write);
      return;
    }
    const held = { write, decided: new Deferred<undefined>() };
    this.#held = held;
    void ready.then(() => {
      if (this.#held === held) this.release();
    });
  }

  /** What is held back is written all the same. */
  release(): void {
    if (this.#held === undefined) return;
    const { write } = this.#held;
    this.#letGo();
    this.#open(write);
  }

  disconnect(): void {
    this.#write = undefined;
    this.#letGo();
  }

  /** Resolves when nothing is held back any more, because it is written or its connection has gone. */
  async released(): Promise<void> {
    await this.#held?.decided.promise;
  }

  /** Resolves when nothing waits any more, or nothing more can be written. */
  async drained(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  /** Everything that waits ends in this error. */
  reject(error: YomoError): void {
    for (const { reject } of this.#entries.slice(this.#first)) reject(error);
    this.#entries = [];
    this.#first = 0;
    this.#cost = 0;
  }

  #open(write: Write): void {
    this.#write = write;
    this.#pump();
  }

  #letGo(): void {
    this.#held?.decided.resolve(undefined);
    this.#held = undefined;
  }

  #pump(): void {
    if (this.#pumping !== undefined || this.#write === undefined || this.waiting === 0) return;
    this.#pumping = this.#writeAll().finally(() => {
      this.#pumping = undefined;
      // Another connection may have come while the write of the last one failed.
      this.#pump();
    });
  }

  async #writeAll(): Promise<void> {
    for (let write = this.#write; write !== undefined && this.waiting > 0; write = this.#write) {
      // What is sent in the same turn of the event loop goes together.
      await Promise.resolve();
      const batch = this.#nextBatch();
      if (batch.length === 0) return;
      try {
        await write(batch.length === 1 && batch[0] !== undefined ? batch[0].bytes : Buffer.concat(batch.map(bytesOf)));
      } catch {
        // The connection is gone; it is told elsewhere.
        if (this.#write === write) this.#write = undefined;
        return;
      }
      this.#done(batch);
    }
  }

  #nextBatch(): Entry[] {
    const batch: Entry[] = [];
    let size = 0;
    for (let at = this.#first; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at] as Entry;
      size += entry.bytes.length;
      if (batch.length > 0 && size > WRITE_SIZE) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Nothing, where they were rejected meanwhile. */
  #done(batch: readonly Entry[]): void {
    for (const entry of batch) {
      if (this.#entries[this.#first] !== entry) return;
      this.#first += 1;
      this.#cost -= costOf(entry.bytes);
      entry.resolve();
    }
    if (2 * this.#first < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

function bytesOf({ bytes }: Entry): Uint8Array {
  return bytes;
}

function costOf(bytes: Uint8Array): number {
  return bytes.length + WAITING_FRAME_COST;
}

function fullError(limit: number): YomoError {
  return new YomoError(
    'buffer',
    `The zipper is not connected, and ${String(limit)} frames wait for it already. See why in the status of the node; what waits is sent then.`,
  );
}

function slowError(): YomoError {
  const limit = String(MAX_WAITING_BYTES / 1024 / 1024);
  return new YomoError(
    'buffer',
    `Frames of ${limit} MiB wait for the zipper already. Send less, or see in the status of the node whether it is connected.`,
  );
}
