import type { CallPlan } from '../abi/adapter';
import type { ErrorData } from '../errors';
import type { GuestValue } from '../values/signature';

/** What the worker is started with. */
export interface WorkerStart {
  readonly board: SharedArrayBuffer;
}

/** One place where a node's calls run, one after the other, in one instance at a time. */
export interface LaneBinding {
  readonly lane: number;
  readonly module: WebAssembly.Module;
  /** Its `ModuleDescription` as `v8.serialize` writes it: shared, since copying a long one holds up the main thread. */
  readonly description: SharedArrayBuffer;
  readonly plan: CallPlan;
  /** A new instance for each call. */
  readonly fresh: boolean;
  /** Bytes of linear memory the module may use. */
  readonly memoryCap: number;
}

export type ToWorker =
  | { readonly kind: 'bind'; readonly binding: LaneBinding }
  | { readonly kind: 'release'; readonly lane: number }
  /** The board has calls. */
  | { readonly kind: 'calls' }
  /** Arguments that the board does not carry; sent before the call's record is written. */
  | { readonly kind: 'arguments'; readonly call: number; readonly args: readonly GuestValue[] };

export type FromWorker =
  | { readonly kind: 'ready' }
  /** The board has answers. */
  | { readonly kind: 'answers' }
  /** An answer that the board does not carry. */
  | { readonly kind: 'result'; readonly call: number; readonly values: readonly GuestValue[] }
  | { readonly kind: 'error'; readonly call: number; readonly error: ErrorData };
