import type { GuestValue } from '../values/signature';

/**
 * Memory shared by the main thread and one worker: a claim word for each call in the worker, which call is
 * running since when, and a ring of small answers.
 *
 * A call's claim changes only by compare-and-exchange, so exactly one side wins: the worker that starts or
 * finishes it, or the main thread that takes it back or condemns it. That is what makes it safe to kill a
 * worker: whatever has finished left its answer here before the next call could start, and whatever has
 * not started can be given to another worker.
 */
export const Claim = { waiting: 0, running: 1, done: 2, takenBack: 3, condemned: 4 } as const;

/** Calls one worker may hold at once. A call's place is its number modulo this. */
export const BOARD_CALLS = 1024;

const RING_BYTES = 256 * 1024;
/** Larger answers travel as a message, which costs a copy less. */
const MAX_RING_ANSWER = 4096;

const RUNNING = 0;
const NOTIFIED = 1;
const WRITTEN = 2;
const READ = 3;
const HEADER_WORDS = 4;
const NONE = -1;

const STARTED_OFFSET = HEADER_WORDS * 4;
const CLAIMS_OFFSET = STARTED_OFFSET + 8;
const RING_OFFSET = CLAIMS_OFFSET + BOARD_CALLS * 4;

export const BOARD_BYTES = RING_OFFSET + RING_BYTES;

const Tag = { null: 0, false: 1, true: 2, number: 3, signed64: 4, unsigned64: 5, string: 6, bytes: 7 } as const;
/** Marks the end of the ring's used part: the next answer stands at its beginning. */
const WRAP = 0xffffffff;

/** Milliseconds on a clock that all threads of the process share and that never jumps. */
export function monotonicClock(): () => number {
  const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return () => performance.now() + offset;
}

/** Calls `answer` with a call's number and its values. */
export type AnswerReader = (call: number, values: GuestValue[]) => void;

export class CallBoard {
  readonly #header: Int32Array;
  readonly #started: Float64Array;
  readonly #claims: Int32Array;
  readonly #ring: DataView;
  readonly #ringBytes: Buffer;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(BOARD_BYTES)) {
    this.#header = new Int32Array(memory, 0, HEADER_WORDS);
    this.#started = new Float64Array(memory, STARTED_OFFSET, 1);
    this.#claims = new Int32Array(memory, CLAIMS_OFFSET, BOARD_CALLS);
    this.#ring = new DataView(memory, RING_OFFSET, RING_BYTES);
    this.#ringBytes = Buffer.from(memory, RING_OFFSET, RING_BYTES);
  }

  // ——— claims ———

  /** Main thread: before the call is posted. */
  announce(call: number): void {
    Atomics.store(this.#claims, call % BOARD_CALLS, Claim.waiting);
  }

  /** Main thread. @returns whether the call had not started; it never will in this worker */
  takeBack(call: number): boolean {
    return this.#change(call, Claim.waiting, Claim.takenBack);
  }

  /** Main thread. @returns whether the call was still running; its worker starts no other one */
  condemn(call: number): boolean {
    return this.#change(call, Claim.running, Claim.condemned);
  }

  /** Worker. @returns false for a call that was taken back */
  start(call: number, now: number): boolean {
    this.#started[0] = now;
    if (!this.#change(call, Claim.waiting, Claim.running)) return false;
    Atomics.store(this.#header, RUNNING, call + 1);
    return true;
  }

  /** Worker. @returns false for a call that was condemned: the worker must not go on */
  finish(call: number): boolean {
    return this.#change(call, Claim.running, Claim.done);
  }

  /** Worker: nothing is running any more. */
  rest(): void {
    Atomics.store(this.#header, RUNNING, 0);
  }

  /** Main thread: the call that runs now and when it started. */
  running(): { readonly call: number; readonly since: number } | undefined {
    const call = Atomics.load(this.#header, RUNNING) - 1;
    if (call === NONE || Atomics.load(this.#claims, call % BOARD_CALLS) !== Claim.running) return undefined;
    return { call, since: this.#started[0] ?? 0 };
  }

  #change(call: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#claims, call % BOARD_CALLS, from, to) === from;
  }

  // ——— answers ———

  /**
   * Worker: leaves a small answer in the ring.
   * @returns false when it is too large, has values the ring does not carry, or finds no room
   */
  write(call: number, values: readonly GuestValue[]): boolean {
    const size = answerSize(values);
    if (size > MAX_RING_ANSWER) return false;
    let at = Atomics.load(this.#header, WRITTEN);
    const read = Atomics.load(this.#header, READ);
    if (at >= read) {
      if (at + size + 4 > RING_BYTES) {
        if (size >= read) return false;
        this.#ring.setUint32(at, WRAP, true);
        at = 0;
      }
    } else if (at + size >= read) return false;
    this.#encode(at, size, call, values);
    Atomics.store(this.#header, WRITTEN, at + size);
    return true;
  }

  /** Worker. @returns whether the main thread has to be woken */
  notify(): boolean {
    return Atomics.exchange(this.#header, NOTIFIED, 1) === 0;
  }

  /** Main thread: reads every answer that is there. */
  read(answer: AnswerReader): void {
    Atomics.store(this.#header, NOTIFIED, 0);
    const written = Atomics.load(this.#header, WRITTEN);
    let at = Atomics.load(this.#header, READ);
    while (at !== written) {
      const size = this.#ring.getUint32(at, true);
      if (size === WRAP) {
        at = 0;
        continue;
      }
      const call = this.#ring.getInt32(at + 4, true);
      const values = this.#decode(at + 8);
      at += size;
      Atomics.store(this.#header, READ, at);
      answer(call, values);
    }
    Atomics.store(this.#header, READ, at);
  }

  /** size u32, call i32, count u32, then the values: a tag byte and its data each. */
  #encode(at: number, size: number, call: number, values: readonly GuestValue[]): void {
    const ring = this.#ring;
    ring.setUint32(at, size, true);
    ring.setInt32(at + 4, call, true);
    ring.setUint32(at + 8, values.length, true);
    let offset = at + 12;
    for (const value of values) offset = this.#encodeValue(offset, value);
  }

  #encodeValue(offset: number, value: GuestValue): number {
    const ring = this.#ring;
    if (typeof value === 'number') {
      ring.setUint8(offset, Tag.number);
      ring.setFloat64(offset + 1, value, true);
      return offset + 9;
    }
    if (typeof value === 'bigint') {
      ring.setUint8(offset, value < 0n ? Tag.signed64 : Tag.unsigned64);
      ring.setBigUint64(offset + 1, BigInt.asUintN(64, value), true);
      return offset + 9;
    }
    if (typeof value === 'string') {
      const length = this.#ringBytes.write(value, offset + 5, 'utf8');
      ring.setUint8(offset, Tag.string);
      ring.setUint32(offset + 1, length, true);
      return offset + 5 + length;
    }
    if (value instanceof Uint8Array) {
      this.#ringBytes.set(value, offset + 5);
      ring.setUint8(offset, Tag.bytes);
      ring.setUint32(offset + 1, value.length, true);
      return offset + 5 + value.length;
    }
    ring.setUint8(offset, value === null ? Tag.null : value === true ? Tag.true : Tag.false);
    return offset + 1;
  }

  #decode(at: number): GuestValue[] {
    const count = this.#ring.getUint32(at, true);
    const values: GuestValue[] = [];
    let offset = at + 4;
    for (let index = 0; index < count; index++) offset = this.#decodeValue(offset, values);
    return values;
  }

  #decodeValue(offset: number, values: GuestValue[]): number {
    const ring = this.#ring;
    const tag = ring.getUint8(offset);
    if (tag === Tag.number) {
      values.push(ring.getFloat64(offset + 1, true));
      return offset + 9;
    }
    if (tag === Tag.signed64 || tag === Tag.unsigned64) {
      values.push(tag === Tag.signed64 ? ring.getBigInt64(offset + 1, true) : ring.getBigUint64(offset + 1, true));
      return offset + 9;
    }
    if (tag === Tag.string || tag === Tag.bytes) {
      const start = offset + 5;
      const end = start + ring.getUint32(offset + 1, true);
      values.push(
        tag === Tag.string
          ? this.#ringBytes.toString('utf8', start, end)
          : new Uint8Array(this.#ringBytes.subarray(start, end)),
      );
      return end;
    }
    values.push(tag === Tag.null ? null : tag === Tag.true);
    return offset + 1;
  }
}

/** Bytes the answer takes in the ring, a multiple of 4; Infinity for values that the ring does not carry. */
function answerSize(values: readonly GuestValue[]): number {
  let size = 12;
  for (const value of values) {
    if (typeof value === 'number' || typeof value === 'bigint') size += 9;
    else if (typeof value === 'boolean' || value === null) size += 1;
    // three UTF-8 bytes at most for each UTF-16 unit
    else if (typeof value === 'string') size += 5 + value.length * 3;
    else if (value instanceof Uint8Array) size += 5 + value.length;
    else return Infinity;
  }
  return (size + 3) & ~3;
}
