import type { ErrorCode } from '../host/errors';
import { fileNamed } from '../host/file-named';
import { messageOf, WasmFunctionError, type ErrorContext } from '../host/errors';
import { MqttError } from '../mqtt/errors';

/**
 * An error as Catch nodes are to see it: they copy an Error's own `code`, `stack` and `cause`, and take its text
 * from `toString`, which would put the class's name before the sentence.
 */
class CatchableError extends Error {
  override toString(): string {
    return this.message;
  }
}

/** Codes of what is wrong with a module: flows have many, and most of these sentences do not name theirs. */
const ABOUT_MODULE: ReadonlySet<ErrorCode> = new Set(['module', 'abi', 'export']);

/**
 * What a node gives to `done` or `node.error`.
 * @param context what the node knows of its work; what the error itself says comes first
 */
export function toCatchable(error: unknown, context: ErrorContext = {}): Error {
  if (error instanceof WasmFunctionError) {
    const named = ABOUT_MODULE.has(error.code) ? fileNamed(error) : '';
    return coded(error, { ...context, ...error.cause }, named);
  }
  if (error instanceof MqttError) return coded(error, { ...error.cause });
  const catchable = new CatchableError(messageOf(error));
  if (error instanceof Error && error.stack !== undefined) catchable.stack = error.stack;
  return catchable;
}

/**
 * `cause` is a plain object: Catch passes it on to whatever the flow makes of it.
 * @param named goes before the text
 */
function coded({ message, code, stack }: WasmFunctionError | MqttError, cause: object, named = ''): Error {
  const catchable = Object.assign(new CatchableError(`${named}${message}`, { cause }), { code });
  if (stack !== undefined) catchable.stack = stack;
  return catchable;
}
