import { WasmFunctionError } from '../errors';
import { oneLine } from '../one-line';
import { acceptBytes, acceptText } from './accept-bytes';
import { acceptFloat, acceptInteger } from './accept-number';
import { acceptJson } from './accept-json';
import { count, describeValue } from './describe';
import { formatSignature } from './parse-signature';
import type { GuestValue, Parameter, Signature } from './signature';
import { Unacceptable } from './unacceptable';

/** Characters of what a value's own code threw that are repeated. */
const MAX_REASON = 300;
/** Characters of a function's name that an error shows. */
const SHOWN_NAME = 60;

/** How an error speaks of the call. */
export interface CallWording {
  /** The function's name. */
  readonly name?: string;
  /** The argument was written to try the function: there is no flow that could make another of it. */
  readonly isTrial?: boolean;
}

/**
 * Turns the value a message carries into arguments. One parameter takes the value itself, several take an
 * array by position, none takes anything. What a type accepts is listed in the documentation ("Values in").
 *
 * @returns one value a parameter, which shares nothing with the message and may be posted to another thread
 * @throws WasmFunctionError `arguments`, naming the parameter, its type and the value
 */
export function acceptArguments(input: unknown, signature: Signature, wording: CallWording = {}): GuestValue[] {
  const { parameters } = signature;
  const [first] = parameters;
  if (first === undefined) return [];
  if (parameters.length === 1) return [acceptParameter(() => input, first, { index: 0, signature, wording })];
  if (!isArray(input)) throw wrongCount(signature, wording, describeValue(input));
  const length = lengthOf(input);
  if (length === undefined) throw wrongCount(signature, wording, 'an array that cannot be read');
  if (length !== parameters.length) throw wrongCount(signature, wording, count(length, 'value'));
  return parameters.map((parameter, index) =>
    acceptParameter(() => input[index], parameter, { index, signature, wording }),
  );
}

function wrongCount(signature: Signature, wording: CallWording, given: string): WasmFunctionError {
  const wanted = String(signature.parameters.length);
  const remedy =
    wording.isTrial === true
      ? 'Choose JSON as its type and write them in brackets, such as [1, 2].'
      : 'Make such an array before this node.';
  return new WasmFunctionError(
    'arguments',
    `${formatCalled(signature, wording)} takes an array of ${wanted} values, one a parameter; got ${given}. ${remedy}`,
  );
}

/** `add (i32, i32) → i32`; without the name where that is not known. */
function formatCalled(signature: Signature, { name }: CallWording): string {
  return `${name === undefined ? '' : `${oneLine(name, SHOWN_NAME)} `}${formatSignature(signature)}`;
}

/** A revoked proxy throws already when asked whether it is an array. */
function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** A proxy may answer anything. */
function lengthOf(array: readonly unknown[]): number | undefined {
  try {
    const { length }: { length: unknown } = array;
    return typeof length === 'number' ? length : undefined;
  } catch {
    return undefined;
  }
}

/** Which argument of which call it is. */
interface Place {
  readonly index: number;
  readonly signature: Signature;
  readonly wording: CallWording;
}

/** `read` is part of what may fail: an element can be a getter that throws. */
function acceptParameter(read: () => unknown, parameter: Parameter, place: Place): GuestValue {
  let value: unknown;
  try {
    value = read();
    if (parameter.optional === true && (value === undefined || value === null)) return null;
    return acceptValue(value, parameter);
  } catch (error) {
    const { index, signature, wording } = place;
    const label = parameter.name === undefined ? `Parameter ${String(index + 1)}` : `Parameter "${parameter.name}"`;
    const subject = `${label} (${parameter.type}) of ${formatCalled(signature, wording)}`;
    if (error instanceof Unacceptable) {
      const another = isRounded(value)
        ? 'Write it as text, in JSON within quotes or else as a string: as a number it is rounded.'
        : 'Write another value, or choose another type for it.';
      const remedy = wording.isTrial === true ? `${another}` : 'Convert it before this node, or choose another input.';
      throw new WasmFunctionError(
        'arguments',
        `${subject} takes ${error.message}; got ${describeValue(value)}. ${remedy}`,
      );
    }
    throw new WasmFunctionError(
      'arguments',
      `${subject}: the value cannot be read (${reasonOf(error)}). Send a plain value.`,
    );
  }
}

/** An integer so large that the number is mostly not the one that was written. */
function isRounded(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** What a value's own code threw may be of any kind, and as hard to read as the value. */
function reasonOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.message === 'string') return thrown.message.slice(0, MAX_REASON);
  } catch {
    // then it is described as any other value
  }
  return describeValue(thrown);
}

function acceptValue(value: unknown, parameter: Parameter): GuestValue {
  switch (parameter.type) {
    case 'i32':
    case 'u32':
    case 'i64':
    case 'u64':
      return acceptInteger(value, parameter.type, parameter.eitherSign === true);
    case 'f32':
    case 'f64':
      return acceptFloat(value);
    case 'bool':
      return acceptBoolean(value);
    case 'string':
      return acceptText(value);
    case 'bytes':
      return acceptBytes(value);
    case 'json':
      return acceptJson(value);
  }
}

function acceptBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 0 || value === 1) return value === 1;
  throw new Unacceptable('true, false, 0 or 1');
}
