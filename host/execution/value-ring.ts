import type { GuestValue } from '../values/signature';

/** Bytes of a ring. */
export const RING_BYTES = 256 * 1024;
/** Values that take more travel as a message, which costs a copy less. */
const MAX_RECORD = 4096;
/** Room kept for records without values, which must always fit: one for each call a worker may hold. */
const RESERVE = 1024 * 32;

const WRITTEN = 0;
const READ = 1;
/** Int32 words of state in front of a ring. */
export const RING_STATE_WORDS = 2;

const Tag = { null: 0, false: 1, true: 2, number: 3, signed64: 4, unsigned64: 5, string: 6, bytes: 7 } as const;
/** Stands where the next record would, when that is at the ring's beginning. */
const WRAP = 0xffffffff;
/** Count of values of a record whose values travel as a message. */
const ELSEWHERE = 0xffffffff;

/** size, call, lane, epoch, count of values: 32 bits each. */
const HEADER = 20;

/** @param values undefined when they travel as a message */
export type RecordReader = (call: number, lane: number, epoch: number, values: GuestValue[] | undefined) => void;

/**
 * A ring in shared memory from one writing thread to one reading thread: records of a call's number, its lane and
 * epoch, and values (a tag byte and its data each). Neither side ever waits.
 */
export class ValueRing {
  readonly #state: Int32Array;
  readonly #view: DataView;
  readonly #bytes: Buffer;
  /** Where the record that is being written begins. */
  #begun = 0;

  /**
   * @param stateOffset bytes; RING_STATE_WORDS words
   * @param offset bytes; RING_BYTES of them
   */
  constructor(memory: SharedArrayBuffer, stateOffset: number, offset: number) {
    this.#state = new Int32Array(memory, stateOffset, RING_STATE_WORDS);
    this.#view = new DataView(memory, offset, RING_BYTES);
    this.#bytes = Buffer.from(memory, offset, RING_BYTES);
  }

  /** Writing side: whether a record without values finds room; a reader can only make more of it. */
  hasRoom(): boolean {
    return this.#place(HEADER) !== undefined;
  }

  /**
   * Writing side.
   * @returns false when the values are too large or find no room
   */
  write(call: number, lane: number, epoch: number, values: readonly GuestValue[]): boolean {
    const size = HEADER + sizeOf(values);
    if (size > MAX_RECORD || this.#place(size + RESERVE) === undefined) return false;
    let offset = this.#begin(size, call, lane, epoch, values.length);
    for (const value of values) offset = this.#encode(offset, value);
    this.#publish(size);
    return true;
  }

  /** Writing side, after `hasRoom`: a record whose values come as a message. */
  writeElsewhere(call: number, lane: number, epoch: number): void {
    this.#begin(HEADER, call, lane, epoch, ELSEWHERE);
    this.#publish(HEADER);
  }

  /** Reading side: every record that is there, also those written meanwhile. */
  read(reader: RecordReader): void {
    const view = this.#view;
    let at = Atomics.load(this.#state, READ);
    while (at !== Atomics.load(this.#state, WRITTEN)) {
      const size = at === RING_BYTES ? WRAP : view.getUint32(at, true);
      if (size === WRAP) {
        at = 0;
        continue;
      }
      const count = view.getUint32(at + 16, true);
      const values = count === ELSEWHERE ? undefined : this.#decode(at + HEADER, count);
      const [call, lane, epoch] = [
        view.getInt32(at + 4, true),
        view.getInt32(at + 8, true),
        view.getInt32(at + 12, true),
      ];
      at += size;
      // before the reader: it may not come back (a worker that is ended), and the record is taken
      Atomics.store(this.#state, READ, at);
      reader(call, lane, epoch, values);
    }
  }

  /** Where a record of this size goes; undefined where there is no room for it. */
  #place(size: number): number | undefined {
    const written = Atomics.load(this.#state, WRITTEN);
    const read = Atomics.load(this.#state, READ);
    // written never catches up with read: equal means empty
    if (written < read) return written + size < read ? written : undefined;
    if (written + size <= RING_BYTES) return written;
    return size < read ? 0 : undefined;
  }

  /** @returns where the values go */
  #begin(size: number, call: number, lane: number, epoch: number, count: number): number {
    const view = this.#view;
    const at = this.#place(size);
    if (at === undefined) throw new Error('a record is written without room for it');
    const written = Atomics.load(this.#state, WRITTEN);
    if (at < written && written < RING_BYTES) view.setUint32(written, WRAP, true);
    view.setUint32(at, size, true);
    view.setInt32(at + 4, call, true);
    view.setInt32(at + 8, lane, true);
    view.setInt32(at + 12, epoch, true);
    view.setUint32(at + 16, count, true);
    this.#begun = at;
    return at + HEADER;
  }

  #publish(size: number): void {
    Atomics.store(this.#state, WRITTEN, this.#begun + size);
  }

  #encode(offset: number, value: GuestValue): number {
    const view = this.#view;
    if (typeof value === 'number') {
      view.setUint8(offset, Tag.number);
      view.setFloat64(offset + 1, value, true);
      return offset + 9;
    }
    if (typeof value === 'bigint') {
      view.setUint8(offset, value < 0n ? Tag.signed64 : Tag.unsigned64);
      view.setBigUint64(offset + 1, BigInt.asUintN(64, value), true);
      return offset + 9;
    }
    if (typeof value === 'string') {
      const length = this.#bytes.write(value, offset + 5, 'utf8');
      view.setUint8(offset, Tag.string);
      view.setUint32(offset + 1, length, true);
      return offset + 5 + length;
    }
    if (value instanceof Uint8Array) {
      this.#bytes.set(value, offset + 5);
      view.setUint8(offset, Tag.bytes);
      view.setUint32(offset + 1, value.length, true);
      return offset + 5 + value.length;
    }
    view.setUint8(offset, value === null ? Tag.null : value === true ? Tag.true : Tag.false);
    return offset + 1;
  }

  #decode(at: number, count: number): GuestValue[] {
    const values: GuestValue[] = [];
    let offset = at;
    for (let index = 0; index < count; index++) offset = this.#decodeValue(offset, values);
    return values;
  }

  #decodeValue(offset: number, values: GuestValue[]): number {
    const view = this.#view;
    const tag = view.getUint8(offset);
    if (tag === Tag.number) {
      values.push(view.getFloat64(offset + 1, true));
      return offset + 9;
    }
    if (tag === Tag.signed64 || tag === Tag.unsigned64) {
      values.push(tag === Tag.signed64 ? view.getBigInt64(offset + 1, true) : view.getBigUint64(offset + 1, true));
      return offset + 9;
    }
    if (tag === Tag.string || tag === Tag.bytes) {
      const start = offset + 5;
      const end = start + view.getUint32(offset + 1, true);
      values.push(
        tag === Tag.string
          ? this.#bytes.toString('utf8', start, end)
          : new Uint8Array(this.#bytes.subarray(start, end)),
      );
      return end;
    }
    values.push(tag === Tag.null ? null : tag === Tag.true);
    return offset + 1;
  }
}

/** Bytes the values take at most, a multiple of 4 where they fit a record. */
function sizeOf(values: readonly GuestValue[]): number {
  let size = 0;
  for (const value of values) {
    if (typeof value === 'number' || typeof value === 'bigint') size += 9;
    else if (typeof value === 'boolean' || value === null) size += 1;
    // three UTF-8 bytes at most for each UTF-16 unit
    else if (typeof value === 'string') size += 5 + value.length * 3;
    else size += 5 + value.length;
  }
  return size > MAX_RECORD ? size : (size + 3) & ~3;
}
