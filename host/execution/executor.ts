import type { CallPlan } from '../abi/adapter';
import type { ModuleDescription } from '../module/description';
import type { GuestValue } from '../values/signature';

/** A module ready to run: compiled once per content and memory cap, shared by all that use it. */
export interface CompiledModule {
  readonly module: WebAssembly.Module;
  readonly description: ModuleDescription;
}

export interface ExecutionOptions {
  /** MiB of linear memory an instance may use; the module was compiled for it. */
  readonly memory: number;
  /** Seconds a call may take from its start in the worker. */
  readonly timeout: number;
  /** `shared`: state lives on between calls; `fresh`: each call gets a new instance. */
  readonly instance: 'shared' | 'fresh';
  /** Instances that may work at once. */
  readonly concurrency: number;
  /** Calls waiting at most. */
  readonly queue: number;
}

/**
 * Where the calls of one node run. Callers cannot tell one executor from another: calls start in the
 * order they were made, a call ends in its values or a WasmFunctionError, and a call that does not end
 * by itself is ended by its deadline.
 */
export interface Execution {
  /**
   * @returns one value a result of the plan's signature
   * @throws WasmFunctionError (rejects) `queue`, `timeout`, `trap`, `memory`, `guest`, `abi`, `closed` …
   */
  call(args: readonly GuestValue[]): Promise<readonly GuestValue[]>;
  /** Calls made after this see a new instance. */
  reset(): void;
  /** Waits for the calls made so far, then gives everything back. Never rejects, as `close`. */
  drain(): Promise<void>;
  /**
   * Gives everything back at once; calls that have not ended are refused with `closed`. Never rejects: a thread that does
   * not end is not waited for any longer.
   */
  close(): Promise<void>;
}

export interface Executor {
  open(module: CompiledModule, plan: CallPlan, options: ExecutionOptions): Execution;
  /** Ends every worker. */
  close(): Promise<void>;
}
