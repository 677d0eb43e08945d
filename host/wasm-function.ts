import type { AbiName, Convention } from './abi/adapter';
import type { WasmFunctionError } from './errors';
import type { Inspection } from './inspection';
import type { Signature } from './values/signature';

/** What a node's configuration says, with blanks already replaced by settings and defaults. */
export interface FunctionOptions {
  /** Absolute path of the module. */
  readonly file: string;
  /** Blank for the only export that can be called. */
  readonly export: string;
  readonly abi: AbiName | 'auto';
  /** Blank for what the binary (or a `.d.ts` beside it) says. */
  readonly signature: string;
  readonly convention: Convention | 'auto';
  readonly result: ResultKind;
  /** Seconds a call may take from its start in the worker. */
  readonly timeout: number;
  /** MiB of linear memory. */
  readonly memory: number;
  readonly instance: 'shared' | 'fresh';
  readonly concurrency: number;
  readonly queue: number;
}

export const RESULT_KINDS = ['auto', 'number', 'string', 'buffer', 'json'] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

export type FunctionState =
  | { readonly kind: 'loading' }
  | {
      readonly kind: 'ready';
      readonly inspection: Inspection;
      readonly export: string;
      /** As `triple (f64) → f64`. */
      readonly signature: string;
      /** The same in parts, as values are taken by: text does not say of which integers both signs are taken. */
      readonly types: Signature;
      /** Why the file as it is now was refused, while the one before it goes on working. */
      readonly refused?: WasmFunctionError;
    }
  | { readonly kind: 'failed'; readonly error: WasmFunctionError };

export type CallResult =
  /** One result: the value. Several: an array of them. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** The function returns nothing: the message goes on as it was. */
  | { readonly kind: 'nothing' }
  /** A guest that emits: one value a message, none or many. */
  | { readonly kind: 'messages'; readonly values: readonly unknown[] };

/**
 * One configured function: it loads its file, takes over a changed one while calls in flight finish on the
 * old one, and answers every call with a result or a WasmFunctionError.
 */
export interface WasmFunction {
  readonly state: FunctionState;
  /** Called at each change of state, never from within a call to this object. */
  onState(listener: (state: FunctionState) => void): void;
  /** @throws WasmFunctionError (rejects), with file, export and signature as its cause */
  call(input: unknown): Promise<CallResult>;
  /** Calls made after this see a new instance. */
  reset(): void;
  /** Ends at once; calls that have not ended are refused with `closed`. */
  close(): Promise<void>;
}

/** What a node's configuration says about a module that is to be inspected; blank or absent is automatic. */
export interface InspectionChoice {
  readonly abi?: AbiName | 'auto';
  /** With it, blank or not, the inspection says whether that export can be called. */
  readonly export?: string;
  readonly signature?: string;
  readonly convention?: Convention | 'auto';
  /** MiB of linear memory. */
  readonly memory?: number;
}

/** A call that is tried needs no queue and keeps no state: the instance is its own and ends with it. */
export type TrialOptions = Omit<FunctionOptions, 'instance' | 'concurrency' | 'queue'>;

/** What came of a tried call. */
export type Trial =
  | {
      readonly kind: 'answered';
      readonly result: CallResult;
      /** As `triple (f64) → f64`. */
      readonly signature: string;
      /** Of the call, instantiation included, loading and the start of a thread not. */
      readonly milliseconds: number;
    }
  | {
      readonly kind: 'failed';
      readonly error: WasmFunctionError;
      /** Absent where it did not come to a call. */
      readonly milliseconds?: number;
    };

/** The wasm host of one process; everything it starts, it ends. */
export interface WasmHost {
  /**
   * @param signal ends the waiting at once, with `closed`
   * @throws WasmFunctionError `file` where there is no such regular file, or it is too large
   */
  inspectFile(file: string, choice?: InspectionChoice, signal?: AbortSignal): Promise<Inspection>;
  inspectBytes(bytes: Uint8Array, name: string, choice?: InspectionChoice, signal?: AbortSignal): Promise<Inspection>;
  open(options: FunctionOptions): WasmFunction;
  /**
   * Loads a module and calls it once, in a thread of its own that no open function uses.
   * @param signal ends the loading or the call at once; it is answered with `closed` then
   */
  try(options: TrialOptions, input: unknown, signal: AbortSignal): Promise<Trial>;
  close(): Promise<void>;
}
