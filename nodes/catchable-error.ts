import { messageOf, WasmFunctionError, type ErrorCode } from '../host/errors';
import { fileNamed } from '../host/file-named';
import { printable } from '../host/one-line';
import { MqttError } from '../mqtt/errors';
import { PayloadError } from '../payload/format';
import { YomoError } from '../yomo/errors';

/**
 * An error as Catch nodes are to see it: they copy an Error's own `code`, `stack` and `cause`, and take its text
 * from `toString`, which would put the class's name before the sentence.
 */
class CatchableError extends Error {
  override toString(): string {
    return this.message;
  }
}

type CodedError = WasmFunctionError | MqttError | YomoError | PayloadError;

/** Codes of what is wrong with a module: flows have many, and most of these sentences do not name theirs. */
const ABOUT_MODULE: ReadonlySet<ErrorCode> = new Set(['module', 'abi', 'export']);

/**
 * What a node gives to `done` or `node.error`. What is catchable already stays as it is.
 * @param context what the node knows of its work, plain data; what the error itself says comes first
 */
export function toCatchable(error: unknown, context: object = {}): Error {
  if (error instanceof CatchableError) return error;
  if (isCoded(error)) return coded(error, context);
  const catchable = new CatchableError(messageOf(error));
  if (error instanceof Error && error.stack !== undefined) catchable.stack = error.stack;
  return catchable;
}

function isCoded(error: unknown): error is CodedError {
  return [WasmFunctionError, MqttError, YomoError, PayloadError].some((family) => error instanceof family);
}

/** `cause` is a plain object: Catch passes it on to whatever the flow makes of it. */
function coded(error: CodedError, context: object): Error {
  const { message, code, stack, cause } = error;
  const named = error instanceof WasmFunctionError && ABOUT_MODULE.has(error.code) ? fileNamed(error) : '';
  const details = { cause: { ...context, ...(cause as object | undefined) } };
  const catchable = new CatchableError(printable(`${named}${message}`), details);
  Object.assign(catchable, { code });
  if (stack !== undefined) catchable.stack = stack;
  return catchable;
}
