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
