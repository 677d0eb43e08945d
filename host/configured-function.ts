import { findAbi } from './abi';
import type { CallPlan } from './abi/adapter';
import { listNames } from './abi/module-exports';
import { closedError, fromErrorData, queueError, toErrorData, WasmFunctionError } from './errors';
import type { Execution, Executor } from './execution/executor';
import type { InspectedCall, Inspection } from './inspection';
import type { LoadedModule } from './module/loader-messages';
import { planDeclared } from './module/declared-plan';
import { notTaken, type ModuleOutcome, type ModuleStore } from './module/module-store';
import { MIB } from './limits';
import { acceptArguments, type CallWording } from './values/accept';
import { formatSignature, parseSignature } from './values/parse-signature';
import { produceValue } from './values/produce';
import type { CallResult, FunctionOptions, FunctionState, WasmFunction } from './wasm-function';

/** A module's export, ready to be called. */
interface Active {
  readonly plan: CallPlan;
  readonly execution: Execution;
  readonly signature: string;
  readonly wording: CallWording;
  readonly fingerprint: string;
}

export interface FunctionServices {
  readonly store: ModuleStore;
  readonly executor: Executor;
  /** MiB one call may return. */
  readonly maxOutput: number;
}

/** What of a node's configuration decides how its export is called. */
export type PlannedOptions = Pick<FunctionOptions, 'export' | 'signature' | 'convention'>;

/** One node's function: follows its file, and calls the export that is current when the call is made. */
export class ConfiguredFunction implements WasmFunction {
  #state: FunctionState = { kind: 'loading' };
  #active: Active | undefined;
  #listeners: ((state: FunctionState) => void)[] = [];
  /** Executions of earlier contents that still finish their calls. */
  readonly #retiring = new Set<Execution>();
  /** What waits for the file to be loaded: calls, and resets between them. */
  #waiting: (() => void)[] = [];
  #callsWaiting = 0;
  #closed = false;
  readonly #unsubscribe: () => void;

  constructor(
    private readonly options: FunctionOptions,
    private readonly services: FunctionServices,
    private readonly onClose: () => void,
  ) {
    const { file, memory, abi } = options;
    this.#unsubscribe = services.store.subscribe({ file, memory, abi, export: options.export }, (outcome) => {
      this.#take(outcome);
    });
  }

  get state(): FunctionState {
    return this.#state;
  }

  onState(listener: (state: FunctionState) => void): void {
    this.#listeners.push(listener);
  }

  async call(input: unknown): Promise<CallResult> {
    if (this.#active === undefined && this.#state.kind === 'loading' && !this.#closed)
      return this.#callWhenLoaded(input);
    const active = this.#active;
    if (active === undefined || this.#closed) throw this.#unavailable();
    const { plan, execution } = active;
    try {
      const values = await execution.call(acceptArguments(input, plan.signature, active.wording));
      return produceValue(values, plan.signature, this.options.result);
    } catch (error) {
      throw this.#inContext(error, active);
    }
  }

  reset(): void {
    if (this.#active !== undefined) this.#active.execution.reset();
    // calls that came before it and wait are to be made before it
    else if (this.#waiting.length > 0) this.#waiting.push(() => this.#active?.execution.reset());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    this.#listeners = [];
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.#active !== undefined) this.#retiring.add(this.#active.execution);
    await Promise.all([...this.#retiring].map((execution) => execution.close()));
    this.onClose();
  }

  #callWhenLoaded(input: unknown): Promise<CallResult> {
    const { queue, concurrency } = this.options;
    // as many as there could be if the first of them ran already
    if (this.#callsWaiting >= queue + concurrency) return Promise.reject(this.#inContext(queueError(queue)));
    this.#callsWaiting += 1;
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        this.#callsWaiting -= 1;
        resolve(this.call(input));
      });
    });
  }

  /** Why there is no module to call. */
  #unavailable(): WasmFunctionError {
    return this.#inContext(this.#closed || this.#state.kind !== 'failed' ? closedError() : this.#state.error);
  }

  #inContext<E>(error: E, active?: Active): E | WasmFunctionError {
    if (!(error instanceof WasmFunctionError)) return error;
    const name = active?.plan.export ?? this.options.export;
    return error.in({
      file: this.options.file,
      ...(name === '' ? {} : { export: name }),
      ...(active === undefined ? {} : { signature: active.signature }),
    });
  }

  #take(outcome: ModuleOutcome): void {
    if (this.#closed) return;
    try {
      if (outcome.kind === 'failed') throw outcome.error;
      this.#activate(outcome.loaded);
    } catch (error) {
      this.#refuse(error instanceof WasmFunctionError ? error : notTaken(error));
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #activate(loaded: LoadedModule): void {
    if (this.#state.kind === 'ready' && this.#active?.fingerprint === loaded.fingerprint) {
      // the file is again what it was: nothing to take over, and nothing refused any more
      const { inspection, export: name, signature, types } = this.#state;
      this.#become({ kind: 'ready', inspection, export: name, signature, types });
      return;
    }
    const plan = planCall(loaded, this.options, this.services.maxOutput);
    if (loaded.core === undefined) throw new WasmFunctionError('module', 'The module was not compiled. Deploy again.');
    const { timeout, memory, instance, concurrency, queue } = this.options;
    const execution = this.services.executor.open(loaded.core, plan, { timeout, memory, instance, concurrency, queue });
    const before = this.#active;
    const signature = `${plan.export} ${formatSignature(plan.signature)}`;
    this.#active = {
      plan,
      execution,
      signature,
      wording: { name: plan.export },
      fingerprint: loaded.fingerprint,
    };
    if (before !== undefined) {
      const { execution: retired } = before;
      this.#retiring.add(retired);
      // never rejects
      void retired.drain().then(() => this.#retiring.delete(retired));
    }
    const { inspection } = loaded;
    this.#become({ kind: 'ready', inspection, export: plan.export, signature, types: plan.signature });
  }

  /** A file that is refused does not stop what works: the module before it goes on. */
  #refuse(given: WasmFunctionError): void {
    const error = given.in({ file: this.options.file });
    if (this.#state.kind === 'ready') this.#become({ ...this.#state, refused: whileItGoesOn(error) });
    else this.#become({ kind: 'failed', error });
  }

  #become(state: FunctionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** What is wrong with the file as it is now, and what that means for a node that works. */
function whileItGoesOn({ code, message, cause }: WasmFunctionError): WasmFunctionError {
  return new WasmFunctionError(
    code,
    `${message} The module loaded before is still used, until the node is deployed again or Node-RED restarts.`,
    cause,
  );
}

/**
 * Settles what a node's configuration leaves open by what the module says.
 * @param maxOutput MiB one call may return
 * @throws WasmFunctionError `module`, `abi`, `export`
 */
export function planCall(loaded: LoadedModule, options: PlannedOptions, maxOutput: number): CallPlan {
  const { inspection, core, declarations } = loaded;
  if (inspection.refusal !== undefined) throw fromErrorData(inspection.refusal);
  const caller = inspection.abi === undefined ? undefined : findAbi(inspection.abi)?.caller;
  if (caller === undefined || inspection.abi === undefined || core === undefined) {
    throw new WasmFunctionError(
      'abi',
      'The module is of no kind that can be called. Build it as a library that exports functions.',
    );
  }
  const name = options.export === '' ? inspection.defaultExport : options.export;
  if (name === undefined) throw noExportChosen(inspection.exports);
  const choice = { export: name, convention: options.convention };
  const plan =
    options.signature === ''
      ? (planDeclared(caller, core.description, choice, declarations.get(name)) ??
        caller.plan(core.description, choice))
      : caller.plan(core.description, { ...choice, signature: parseSignature(options.signature) });
  return { ...plan, abi: inspection.abi, maxOutput: maxOutput * MIB };
}

/** Whether it can be planned, for people to see before anything is called. @param maxOutput as of `planCall` */
export function inspectCall(loaded: LoadedModule, options: PlannedOptions, maxOutput: number): InspectedCall {
  try {
    const plan = planCall(loaded, options, maxOutput);
    return { kind: 'callable', export: plan.export, signature: formatSignature(plan.signature) };
  } catch (error) {
    if (!(error instanceof WasmFunctionError)) throw error;
    return { kind: 'refused', refusal: toErrorData(error) };
  }
}

function noExportChosen(offered: Inspection['exports']): WasmFunctionError {
  return new WasmFunctionError(
    'export',
    offered.length === 0
      ? 'The module exports no function that can be called. Export one, or choose another module.'
      : `The module has several functions, and none is named. Choose one of ${listNames(offered)}.`,
  );
}
