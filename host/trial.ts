import type { CallPlan } from './abi/adapter';
import { planCall } from './configured-function';
import { closedError, WasmFunctionError, type ErrorContext } from './errors';
import { WorkerExecutor, type WorkerExecutorOptions } from './execution/worker-executor';
import type { LoadedModule } from './module/loader-messages';
import { acceptArguments } from './values/accept';
import { formatSignature } from './values/parse-signature';
import { produceValue } from './values/produce';
import type { Trial, TrialOptions } from './wasm-function';

export interface TrialServices {
  /** MiB one call may return. */
  readonly maxOutput: number;
  readonly log: WorkerExecutorOptions['log'];
}

/** Calls that are tried before anything is deployed: each in a thread of its own that ends with it. */
export class Trials {
  readonly #running = new Set<WorkerExecutor>();
  #closed = false;

  constructor(private readonly services: TrialServices) {}

  /** @param signal ends the call at once */
  async run(
    load: () => Promise<LoadedModule>,
    options: TrialOptions,
    input: unknown,
    signal: AbortSignal,
  ): Promise<Trial> {
    const context: ErrorContext = { file: options.file, ...(options.export === '' ? {} : { export: options.export }) };
    try {
      return await this.#call(await load(), options, input, signal);
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw error;
      return { kind: 'failed', error: error.in(context) };
    }
  }

  /** Ends all calls. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running].map((executor) => executor.close()));
  }

  /** @throws WasmFunctionError where it does not come to a call */
  async #call(loaded: LoadedModule, options: TrialOptions, input: unknown, signal: AbortSignal): Promise<Trial> {
    const plan = planCall(loaded, options, this.services.maxOutput);
    if (loaded.core === undefined) throw new WasmFunctionError('module', 'The module was not compiled. Deploy again.');
    const signature = `${plan.export} ${formatSignature(plan.signature)}`;
    const args = accept(input, plan, signature);
    if (signal.aborted || this.#closed) throw closedError();
    const executor = new WorkerExecutor({ workers: 1, spare: false, log: this.services.log });
    const end = (): void => void executor.close();
    this.#running.add(executor);
    signal.addEventListener('abort', end, { once: true });
    try {
      await executor.warm();
      const { timeout, memory } = options;
      const only = { timeout, memory, instance: 'fresh', concurrency: 1, queue: 0 } as const;
      const execution = executor.open(loaded.core, plan, only);
      const started = performance.now();
      const called = execution.call(args).then((values) => produceValue(values, plan.signature, options.result));
      const outcome = await called.catch(asError);
      const milliseconds = performance.now() - started;
      if (!(outcome instanceof WasmFunctionError))
        return { kind: 'answered', result: outcome, signature, milliseconds };
      const error = outcome.in({ file: options.file, export: plan.export, signature });
      return { kind: 'failed', error, milliseconds };
    } finally {
      signal.removeEventListener('abort', end);
      this.#running.delete(executor);
      await executor.close();
    }
  }
}

function accept(input: unknown, plan: CallPlan, signature: string): ReturnType<typeof acceptArguments> {
  try {
    return acceptArguments(input, plan.signature, { name: plan.export, isTrial: true });
  } catch (error) {
    throw error instanceof WasmFunctionError ? error.in({ export: plan.export, signature }) : error;
  }
}

function asError(error: unknown): WasmFunctionError {
  if (error instanceof WasmFunctionError) return error;
  throw error;
}
