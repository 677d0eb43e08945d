import type { YomoError } from './errors';
import { Gate } from './gate';
import { WRITE_SIZE } from './limits';
import { WaitingRoom } from './waiting-room';

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
  readonly #room: WaitingRoom;
  readonly #gate = new Gate<Write>(() => {
    this.#pump();
  });
  #entries: Entry[] = [];
  /** Entries before this one are done: taking each off the front would move all others. */
  #first = 0;
  #pumping: Promise<void> | undefined;

  /** @param limit frames that wait at most while there is no connection */
  constructor(limit: number) {
    this.#room = new WaitingRoom(limit);
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
      this.#room.enter(bytes, this.#gate.connection === undefined ? this.waiting : undefined);
      this.#entries.push({ bytes, resolve, reject });
      this.#pump();
    });
  }

  /**
   * A connection is there: what waits is written to it.
   * @param ready nothing is written before it resolves, or `release`; never rejected
   */
  connect(write: Write, ready?: Promise<void>): void {
    this.#gate.connect(write, ready);
  }

  /** What is held back is written all the same. */
  release(): void {
    this.#gate.release();
  }

  disconnect(): void {
    this.#gate.disconnect();
  }

  /** Resolves when nothing is held back any more, because it is written or its connection has gone. */
  released(): Promise<void> {
    return this.#gate.released();
  }

  /** Resolves when nothing waits any more, or nothing more can be written. */
  async drained(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  /** Everything that waits ends in this error. */
  reject(error: YomoError): void {
    for (const { bytes, reject } of this.#entries.slice(this.#first)) {
      this.#room.leave(bytes);
      reject(error);
    }
    this.#entries = [];
    this.#first = 0;
  }

  #pump(): void {
    if (this.#pumping !== undefined || this.#gate.connection === undefined || this.waiting === 0) return;
    this.#pumping = this.#writeAll().finally(() => {
      this.#pumping = undefined;
      // Another connection may have come while the write of the last one failed.
      this.#pump();
    });
  }

  async #writeAll(): Promise<void> {
    for (let write = this.#gate.connection; write !== undefined && this.waiting > 0; write = this.#gate.connection) {
      // What is sent in the same turn of the event loop goes together.
      await Promise.resolve();
      const batch = this.#nextBatch();
      if (batch.length === 0) return;
      try {
        await write(batch.length === 1 && batch[0] !== undefined ? batch[0].bytes : Buffer.concat(batch.map(bytesOf)));
      } catch {
        // The connection is gone; it is told elsewhere.
        this.#gate.disconnect(write);
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
      this.#room.leave(entry.bytes);
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
