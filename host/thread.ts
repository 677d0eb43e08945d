import type { Worker } from 'node:worker_threads';
import { messageOf, WasmFunctionError } from './errors';

/**
 * Runs what starts a worker thread. A machine at its limit of threads or memory refuses one by an exception at once,
 * and whoever starts threads in a timer or in the answer to an event has nobody to catch it.
 * @throws WasmFunctionError `closed`: another attempt may succeed
 */
export function startThread<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw notStartedError(error);
  }
}

/** No thread, so no call: nothing is wrong with the module or the message. */
export function notStartedError(reason: unknown): WasmFunctionError {
  return new WasmFunctionError(
    'closed',
    `No worker thread could be started (${messageOf(reason)}). Free memory on this machine, or lower wasmFunctionWorkers in settings.js.`,
  );
}

/**
 * Milliseconds after which a thread that was told to end holds up the end of the process. What can be interrupted ends
 * within some; an answer that says so is read at once, unless the main thread itself was held up.
 */
const EXIT_PATIENCE = 2000;

/** Threads that were told to end and have not yet, and when they were told. */
const ending = new Map<Worker, number>();
let isWatched = false;

/** Tells a thread to end. @returns resolves once it is gone, which may never be */
export async function endThread(thread: Worker): Promise<void> {
  if (!isWatched) process.once('exit', endProcess);
  isWatched = true;
  ending.set(thread, performance.now());
  await thread.terminate();
  ending.delete(thread);
}

/**
 * Node waits for its threads before it ends, without a limit: where one computes on though it was told to end, a service
 * manager that asks Node-RED to stop, or its user at a terminal, would wait in vain.
 */
function endProcess(): void {
  const now = performance.now();
  if ([...ending.values()].every((since) => now - since < EXIT_PATIENCE)) return;
  console.error(
    'A WebAssembly function does not let its thread end. Node-RED has stopped, and its process is ended by SIGKILL.',
  );
  process.kill(process.pid, 'SIGKILL');
}
