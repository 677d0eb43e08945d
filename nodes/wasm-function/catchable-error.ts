import type { ErrorCode, ErrorContext } from '../../host/errors';
import { WasmFunctionError } from '../../host/errors';

/**
 * An error as Catch nodes are to see it: they copy an Error's own `code`, `stack` and `cause`, and take its text
 * from `toString`, which would put the class's name before the sentence.
 */
class CatchableError extends Error {
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

export function toCatchable(error: unknown): Error {
  if (error instanceof WasmFunctionError) return new CatchableError(error);
  return error instanceof Error ? error : new Error(String(error));
}
