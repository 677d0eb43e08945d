/**
 * The one error family of the wasm host. Every failure of a module, a call or a value is a
 * `WasmFunctionError`; its code is part of the public contract (`msg.error.code`).
 */
export const ERROR_CODES = [
  'file',
  'module',
  'abi',
  'export',
  'arguments',
  'result',
  'trap',
  'timeout',
  'memory',
  'exit',
  'guest',
  'queue',
  'permission',
  'closed',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What was being called when it failed, and what the guest itself said. Plain data: it crosses threads. */
export interface ErrorContext {
  readonly file?: string;
  readonly export?: string;
  readonly signature?: string;
  /** The guest's own words: a Rust panic, an AssemblyScript abort, a thrown string. */
  readonly guest?: string;
}

export class WasmFunctionError extends Error {
  readonly code: ErrorCode;
  override readonly cause: ErrorContext;

  /**
   * @param message one sentence or two: what was wrong, what was expected, what to do
   */
  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message);
    this.name = 'WasmFunctionError';
    this.code = code;
    this.cause = context;
  }

  /** The same error with more context; what is already known stays. */
  in(context: ErrorContext): WasmFunctionError {
    const error = new WasmFunctionError(this.code, this.message, { ...context, ...this.cause });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }
}

/** An error as it crosses from a worker: `postMessage` keeps no code of an Error. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly context: ErrorContext;
}

export function toErrorData(error: WasmFunctionError): ErrorData {
  return { code: error.code, message: error.message, context: error.cause };
}

export function fromErrorData(data: ErrorData): WasmFunctionError {
  return new WasmFunctionError(data.code, data.message, data.context);
}

/** The words of whatever was thrown, without the name of its class before them. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The node, or the whole host, ended before the call had. */
export function closedError(): WasmFunctionError {
  return new WasmFunctionError(
    'closed',
    'The node was closed or deployed anew before the call had ended. Send the message again.',
  );
}

/** @param waiting calls or messages that wait already, which is the limit */
export function queueError(waiting: number): WasmFunctionError {
  return new WasmFunctionError(
    'queue',
    `${String(waiting)} calls are waiting already, which is the limit; this one was refused. ` +
      'Send less, make the function faster, or raise the queue limit or the concurrency.',
  );
}
