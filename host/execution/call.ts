import type { WasmFunctionError } from '../errors';
import type { GuestValue } from '../values/signature';
import type { Lane, LaneOwner } from './lane';

/** One call on its way: waiting in its execution, or posted to a worker. */
export interface Call {
  readonly owner: LaneOwner;
  readonly args: readonly GuestValue[];
  /** Calls of another epoch than the one before get a new instance. */
  readonly epoch: number;
  readonly resolve: (values: readonly GuestValue[]) => void;
  readonly reject: (error: WasmFunctionError) => void;
  /** Where it was posted last. */
  lane: Lane | undefined;
  /** Its number in that worker. */
  number: number;
}

/** First in, first out, with a way back to the front for calls that a worker did not get to. */
export class CallQueue {
  #calls: Call[] = [];
  #head = 0;

  get length(): number {
    return this.#calls.length - this.#head;
  }

  push(call: Call): void {
    this.#calls.push(call);
  }

  shift(): Call | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 512 && this.#head * 2 > this.#calls.length) {
      this.#calls = this.#calls.slice(this.#head);
      this.#head = 0;
    }
    return call;
  }

  putBack(calls: readonly Call[]): void {
    this.#calls = [...calls, ...this.#calls.slice(this.#head)];
    this.#head = 0;
  }

  takeAll(): Call[] {
    const calls = this.#calls.slice(this.#head);
    this.#calls = [];
    this.#head = 0;
    return calls;
  }
}
