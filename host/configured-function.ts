import { findAbi } from './abi';
import type { CallPlan } from './abi/adapter';
import { quoted } from './abi/refused';
import { closedError, fromErrorData, queueError, WasmFunctionError } from './errors';
import type { Execution, Executor } from './execution/executor';
import type { LoadedModule } from './module/loader-messages';
import { planDeclared } from './module/declared-plan';
import type { ModuleOutcome, ModuleStore } from './module/module-store';
import { MIB } from './limits';
import { acceptArguments } from './values/accept';
import { formatSignature, parseSignature } from './values/parse-signature';
import { produceValue } from './values/produce';
import type { CallResult, FunctionOptions, FunctionState, WasmFunction } from './wasm-function';

/** A module's export, ready to be called. */
interface Active {
  readonly plan: CallPlan;
  readonly execution: Execution;
  readonly signature: string;
  readonly fingerprint: string;
}

export interface FunctionServices {
  readonly store: ModuleStore;
  readonly executor: Executor;
  /** MiB one call may return. */
  readonly maxOutput: number;
}

/** One node's function: follows its file, and calls the export that is current when the call is made. */
export class ConfiguredFunction implements WasmFunction {
  #state: FunctionState = { kind: 'loading' };
  #active: Active | undefined;
  #listeners: ((state: FunctionState) => void)[] = [];
  /** Executions of earlier contents that still finish their calls. */
  readonly #retiring = new Set<Execution>();
  /** Calls that wait for the file to be loaded. */
  #waiting: (() => void)[] = [];
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
    const active = this.#active ?? (await this.#whenLoaded());
    const { plan, execution } = active;
    try {
      const values = await execution.call(acceptArguments(input, plan.signature));
      return produceValue(values, plan.signature, this.options.result);
    } catch (error) {
      throw this.#inContext(error, active);
    }
  }

  reset(): void {
    this.#active?.execution.reset();
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

  async #whenLoaded(): Promise<Active> {
    if (this.#state.kind === 'loading' && !this.#closed) {
      if (this.#waiting.length >= this.options.queue) {
        throw this.#inContext(queueError(this.#waiting.length));
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#closed) throw this.#inContext(closedError());
    if (this.#active !== undefined) return this.#active;
    throw this.#state.kind === 'failed' ? this.#inContext(this.#state.error) : closedError();
  }

  #inContext(error: unknown, active?: Active): unknown {
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
      this.#refuse(error instanceof WasmFunctionError ? error : new WasmFunctionError('module', String(error)));
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #activate(loaded: LoadedModule): void {
    if (this.#state.kind === 'ready' && this.#active?.fingerprint === loaded.fingerprint) {
      // the file is again what it was: nothing to take over, and nothing refused any more
      const { inspection, export: name, signature } = this.#state;
      this.#become({ kind: 'ready', inspection, export: name, signature });
      return;
    }
    const plan = planCall(loaded, this.options, this.services.maxOutput);
    if (loaded.core === undefined) throw new WasmFunctionError('module', 'The module was not compiled.');
    const { timeout, memory, instance, concurrency, queue } = this.options;
    const execution = this.services.executor.open(loaded.core, plan, { timeout, memory, instance, concurrency, queue });
    const before = this.#active;
    const signature = `${plan.export} ${formatSignature(plan.signature)}`;
    this.#active = { plan, execution, signature, fingerprint: loaded.fingerprint };
    if (before !== undefined) {
      const { execution: retired } = before;
      this.#retiring.add(retired);
      void retired.drain().then(() => this.#retiring.delete(retired));
    }
    this.#become({ kind: 'ready', inspection: loaded.inspection, export: plan.export, signature });
  }

  /** A file that is refused does not stop what works: the module before it goes on. */
  #refuse(error: WasmFunctionError): void {
    if (this.#state.kind === 'ready') this.#become({ ...this.#state, refused: error });
    else this.#become({ kind: 'failed', error });
  }

  #become(state: FunctionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** Settles what a node's configuration leaves open by what the module says. */
function planCall(loaded: LoadedModule, options: FunctionOptions, maxOutput: number): CallPlan {
  const { inspection, core, declarations } = loaded;
  if (inspection.refusal !== undefined) throw fromErrorData(inspection.refusal);
  const caller = inspection.abi === undefined ? undefined : findAbi(inspection.abi)?.caller;
  if (caller === undefined || inspection.abi === undefined || core === undefined) {
    throw new WasmFunctionError('abi', 'The module is of no kind that can be called.');
  }
  const name = options.export === '' ? inspection.defaultExport : options.export;
  if (name === undefined) throw noExportChosen(inspection.exports.map((each) => each.name));
  const choice = { export: name, convention: options.convention };
  const plan =
    options.signature === ''
      ? (planDeclared(caller, core.description, choice, declarations.get(name)) ??
        caller.plan(core.description, choice))
      : caller.plan(core.description, { ...choice, signature: parseSignature(options.signature) });
  return { ...plan, abi: inspection.abi, maxOutput: maxOutput * MIB };
}

function noExportChosen(names: readonly string[]): WasmFunctionError {
  const shown = names.slice(0, 10).map(quoted).join(', ') + (names.length > 10 ? ', …' : '');
  return new WasmFunctionError(
    'export',
    names.length === 0
      ? 'The module exports no function that can be called.'
      : `Choose which export to call: the module has ${shown}.`,
  );
}
