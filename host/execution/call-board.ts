import { RING_BYTES, RING_STATE_WORDS, ValueRing } from './value-ring';

/**
 * Memory shared by the main thread and one worker: a claim word for each call in the worker, which call is
 * running since when, a ring of calls and a ring of answers.
 *
 * A call's claim changes only by compare-and-exchange, so exactly one side wins: the worker that starts or
 * finishes it, or the main thread that takes it back or condemns it. That is what makes it safe to kill a
 * worker: whatever has finished left its answer here before the next call could start, and whatever has
 * not started can be given to another worker.
 */
export const Claim = { waiting: 0, running: 1, done: 2, takenBack: 3, condemned: 4 } as const;

/** Calls one worker may hold at once. A call's place is its number modulo this. */
export const BOARD_CALLS = 1024;

/**
 * Numbers of calls stay below this. A claim word holds the call's number beside its state (3 bits), since a place is
 * used again while the worker has yet to come across the record of a call that was taken back.
 */
export const CALL_NUMBERS = 2 ** 28;

const RUNNING = 0;
const CALLS_TOLD = 1;
const ANSWERS_TOLD = 2;
const CALL_RING = 4;
const ANSWER_RING = CALL_RING + RING_STATE_WORDS;
const STATE_WORDS = ANSWER_RING + RING_STATE_WORDS;
const NONE = -1;

const STARTED_OFFSET = STATE_WORDS * 4;
const CLAIMS_OFFSET = STARTED_OFFSET + 8;
const CALLS_OFFSET = CLAIMS_OFFSET + BOARD_CALLS * 4;
const ANSWERS_OFFSET = CALLS_OFFSET + RING_BYTES;
const BOARD_BYTES = ANSWERS_OFFSET + RING_BYTES;

/** Milliseconds on a clock that all threads of the process share and that never jumps. */
export function monotonicClock(): () => number {
  const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return () => performance.now() + offset;
}

export class CallBoard {
  /** From the main thread to the worker. */
  readonly calls: ValueRing;
  /** From the worker to the main thread. */
  readonly answers: ValueRing;
  readonly #state: Int32Array;
  readonly #started: Float64Array;
  readonly #claims: Int32Array;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(BOARD_BYTES)) {
    this.#state = new Int32Array(memory, 0, STATE_WORDS);
    this.#started = new Float64Array(memory, STARTED_OFFSET, 1);
    this.#claims = new Int32Array(memory, CLAIMS_OFFSET, BOARD_CALLS);
    this.calls = new ValueRing(memory, CALL_RING * 4, CALLS_OFFSET);
    this.answers = new ValueRing(memory, ANSWER_RING * 4, ANSWERS_OFFSET);
  }

  // ——— claims ———

  /** Main thread: before the call is posted. */
  announce(call: number): void {
    Atomics.store(this.#claims, call % BOARD_CALLS, claimWord(call, Claim.waiting));
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
    Atomics.store(this.#state, RUNNING, call + 1);
    return true;
  }

  /** Worker. @returns false for a call that was condemned: the worker must not go on */
  finish(call: number): boolean {
    return this.#change(call, Claim.running, Claim.done);
  }

  /** Worker: nothing is running any more. */
  rest(): void {
    Atomics.store(this.#state, RUNNING, 0);
  }

  /** Main thread: the call that runs now and when it started. */
  running(): { readonly call: number; readonly since: number } | undefined {
    const call = Atomics.load(this.#state, RUNNING) - 1;
    if (call === NONE || Atomics.load(this.#claims, call % BOARD_CALLS) !== claimWord(call, Claim.running))
      return undefined;
    return { call, since: this.#started[0] ?? 0 };
  }

  #change(call: number, from: number, to: number): boolean {
    const expected = claimWord(call, from);
    return Atomics.compareExchange(this.#claims, call % BOARD_CALLS, expected, claimWord(call, to)) === expected;
  }

  // ——— waking the other side: once for as many records as there are ———

  /** Main thread, after writing calls. @returns whether the worker has to be woken */
  tellCalls(): boolean {
    return Atomics.exchange(this.#state, CALLS_TOLD, 1) === 0;
  }

  /** Worker, before reading calls: what is written from here on wakes it again. */
  hearCalls(): void {
    Atomics.store(this.#state, CALLS_TOLD, 0);
  }

  /** Worker, after writing an answer. @returns whether the main thread has to be woken */
  tellAnswers(): boolean {
    return Atomics.exchange(this.#state, ANSWERS_TOLD, 1) === 0;
  }

  /** Main thread, before reading answers. */
  hearAnswers(): void {
    Atomics.store(this.#state, ANSWERS_TOLD, 0);
  }
}

function claimWord(call: number, state: number): number {
  return call * 8 + state;
}
