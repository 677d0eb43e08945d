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

/**
 * What a node gives to `done` or `node.error`.
 * @param context what the node knows of its work; what the error itself says comes first
 */
export function toCatchable(error: unknown, context: ErrorContext = {}): Error {
  if (error instanceof WasmFunctionError) return coded(error, { ...context, ...error.cause });
  if (error instanceof MqttError) return coded(error, { ...error.cause });
  const catchable = new CatchableError(messageOf(error));
  if (error instanceof Error && error.stack !== undefined) catchable.stack = error.stack;
  return catchable;
}

/** `cause` is a plain object: Catch passes it on to whatever the flow makes of it. */
function coded({ message, code, stack }: WasmFunctionError | MqttError, cause: object): Error {
  const catchable = Object.assign(new CatchableError(message, { cause }), { code });
  if (stack !== undefined) catchable.stack = stack;
  return catchable;
}
