import type { ErrorCode, ErrorContext } from '../../host/errors';
import { WasmFunctionError } from '../../host/errors';

/**
 * An error as a flow sees it. Catch copies an Error's own `code`, `stack` and `cause`, and takes its text from
 * `toString`, which would put the class's name before the sentence.
 */
class FlowError extends Error {
  readonly code: ErrorCode;
  override readonly cause: ErrorContext;

  constructor(error: WasmFunctionError) {
    super(error.message);
    this.code = error.code;
    this.cause = { ...error.cause };
  }

  override toString(): string {
    return this.message;
  }
}

export function toFlowError(error: unknown): Error {
  if (error instanceof WasmFunctionError) return new FlowError(error);
  return error instanceof Error ? error : new Error(String(error));
}
