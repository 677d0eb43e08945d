import { ConfiguredFunction, inspectCall } from './configured-function';
import { WorkerExecutor } from './execution/worker-executor';
import type { Inspection } from './inspection';
import { memoryCap, MIB, PAGE_SIZE, type HostLimits } from './limits';
import type { LoadedModule, ModuleSource } from './module/loader-messages';
import { ModuleLoader } from './module/module-loader';
import { ModuleStore } from './module/module-store';
import { Trials } from './trial';
import type { FunctionOptions, InspectionChoice, WasmFunction, WasmHost } from './wasm-function';

export interface HostLog {
  warn(text: string): void;
}

export interface HostOptions {
  /** Whether to keep an idle worker warm (default true); a program that makes one call needs none. */
  readonly spare?: boolean;
}

/** The wasm host: everything that is started for a module or a call is started, shared and ended here. */
export function createWasmHost(limits: HostLimits, log: HostLog, options: HostOptions = {}): WasmHost {
  const loader = new ModuleLoader();
  const store = new ModuleStore(loader, limits.maxFileSize);
  const executor = new WorkerExecutor({ workers: limits.workers, spare: options.spare ?? true, log });
  const functions = new Set<WasmFunction>();
  // a module that somebody looks at may be made to load slowly; what open functions need does not wait for it
  const looking = new ModuleLoader();
  const trials = new Trials({ maxOutput: limits.maxOutput, log });

  function look(source: ModuleSource, choice: InspectionChoice, signal?: AbortSignal): Promise<LoadedModule> {
    const request = {
      source,
      maxFileSize: limits.maxFileSize * MIB,
      memoryPages: memoryCap(choice.memory ?? limits.memory) / PAGE_SIZE,
      abi: choice.abi ?? 'auto',
      export: choice.export ?? '',
    } as const;
    return looking.load(request, signal);
  }

  async function inspect(
    source: ModuleSource,
    choice: InspectionChoice = {},
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const loaded = await look(source, choice, signal);
    const { inspection } = loaded;
    if (choice.export === undefined || inspection.refusal !== undefined) return inspection;
    const { export: name, signature = '', convention = 'auto' } = choice;
    return { ...inspection, call: inspectCall(loaded, { export: name, signature, convention }, limits.maxOutput) };
  }

  return {
    inspectFile: (file, choice, signal) => inspect({ kind: 'file', file }, choice, signal),
    inspectBytes: (bytes, name, choice, signal) => inspect({ kind: 'bytes', bytes, name }, choice, signal),
    try: (asked, input, signal) =>
      trials.run(() => look({ kind: 'file', file: asked.file }, asked, signal), asked, input, signal),
    open(functionOptions: FunctionOptions) {
      const opened = new ConfiguredFunction(functionOptions, { store, executor, maxOutput: limits.maxOutput }, () =>
        functions.delete(opened),
      );
      functions.add(opened);
      return opened;
    },
    async close() {
      await Promise.all([...functions].map((each) => each.close()));
      await Promise.all([executor.close(), trials.close(), loader.close(), looking.close()]);
    },
  };
}
