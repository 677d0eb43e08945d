/** Functions of test guests, opened in an executor. */
import { findAbi } from '#dist/host/abi/index';
import type { CompiledModule, Execution, ExecutionOptions, Executor } from '#dist/host/execution/executor';
import { capLimits } from '#dist/host/module/cap-limits';
import { makeInterruptible } from '#dist/host/module/interruption';
import { parseModule } from '#dist/host/module/parse';
import { guestBytes } from '../../support/guests';

/** MiB. */
export const MEMORY = 4;
/** Iterations of busy's `work` that take long beside a message's way, and end. */
export const LONG = 300_000_000;

export async function compile(guest: string): Promise<CompiledModule> {
  return compileBytes(await guestBytes(guest));
}

export function compileBytes(bytes: Uint8Array): CompiledModule {
  const { tailCalls, ...description } = parseModule(bytes);
  const capped = capLimits(bytes, { memoryPages: MEMORY * 16, tableElements: 1000, referenceElements: 1000 });
  return {
    module: new WebAssembly.Module(makeInterruptible(capped, tailCalls) as Uint8Array<ArrayBuffer>),
    description,
  };
}

export async function openGuest(
  executor: Executor,
  guest: string,
  name: string,
  options: Partial<ExecutionOptions> = {},
): Promise<Execution> {
  return openCompiled(executor, await compile(guest), name, options);
}

export function openCompiled(
  executor: Executor,
  compiled: CompiledModule,
  name: string,
  options: Partial<ExecutionOptions> = {},
): Execution {
  const plan = findAbi('numeric')!.caller!.plan(compiled.description, { export: name, convention: 'auto' });
  return executor.open(
    compiled,
    { ...plan, abi: 'numeric', maxOutput: 1_000_000 },
    { memory: MEMORY, timeout: 20, instance: 'shared', concurrency: 1, queue: 1000, ...options },
  );
}
