import type { CallPlan } from '../abi/adapter';
import type { ErrorData } from '../errors';
import type { ModuleDescription } from '../module/description';
import type { GuestValue } from '../values/signature';

/** What the worker is started with. */
export interface WorkerStart {
  readonly board: SharedArrayBuffer;
}

/** One place where a node's calls run, one after the other, in one instance at a time. */
export interface LaneBinding {
  readonly lane: number;
  readonly module: WebAssembly.Module;
  readonly description: ModuleDescription;
  readonly plan: CallPlan;
  /** A new instance for each call. */
  readonly fresh: boolean;
  /** Bytes of linear memory the module may use. */
  readonly memoryCap: number;
}

/**
 * Calls are flattened into one array, since this is what every message of a flow costs: call number, lane,
 * epoch (another one than before asks for a new instance), count of arguments, the arguments.
 */
export type CallEntry = GuestValue;

export type ToWorker =
  | { readonly kind: 'bind'; readonly binding: LaneBinding }
  | { readonly kind: 'release'; readonly lane: number }
  | { readonly kind: 'calls'; readonly entries: readonly CallEntry[] };

export type FromWorker =
  | { readonly kind: 'ready' }
  /** The board has answers. */
  | { readonly kind: 'answers' }
  | { readonly kind: 'result'; readonly call: number; readonly values: readonly GuestValue[] }
  | { readonly kind: 'error'; readonly call: number; readonly error: ErrorData };
