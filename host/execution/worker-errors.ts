/** What calls are told of their worker. */
import { messageOf, WasmFunctionError } from '../errors';

/** @param seconds the call might have taken */
export function timeoutError(seconds: number): WasmFunctionError {
  return new WasmFunctionError(
    'timeout',
    `The function did not end within ${String(seconds)} s and was stopped. ` +
      'Give it less to do, or raise the time-out if it needs longer.',
  );
}

/**
 * Of calls that are not begun, since earlier ones of the module that have been stopped still run: the engine asks whether
 * a thread is to end in loops and at calls only, and a guest can do without either for minutes. It is no `timeout`: they
 * can be called later.
 */
export function unstoppableError(): WasmFunctionError {
  return new WasmFunctionError(
    'closed',
    'Calls of this module that ran out of time cannot be stopped and go on computing, so no more are begun until one ' +
      'has ended. Restart Node-RED to be rid of them, and use another module.',
  );
}

/** The error of a call whose worker's thread ended by itself. It is the call's fault, so it is no `closed`. */
export function diedError(reason: Error): WasmFunctionError {
  return (reason as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new WasmFunctionError(
        'memory',
        'The call filled the memory of its worker outside the linear memory: with objects of the function, or with large values. ' +
          'Have the function keep and return less, or send less at once.',
      )
    : new WasmFunctionError(
        'result',
        `The function's worker ended before it had answered (${reason.message}). Return less at once, or look at the log of Node-RED.`,
      );
}

/** Of arguments that no worker can be given. */
export function notHandedOverError(error: unknown): WasmFunctionError {
  return new WasmFunctionError(
    'arguments',
    `The arguments could not be handed over (${messageOf(error)}). Send less at once.`,
  );
}
