import { describeRange, numberIn, type NumberRange } from '../host/number-range';

export type { NumberRange };

/**
 * Reads what a flow has saved. The editor saves plain inputs as text, Node-RED fills in environment variables as
 * text, and a flow may be written by hand: so numbers also come as decimal text, and booleans as text.
 */

/** A saved property that cannot be understood: names it, shows the value and says what was expected. */
export class SavedValueError extends Error {
  /** The value in a few words, for those who write a sentence of their own. */
  readonly shown: string;

  constructor(
    property: string,
    value: unknown,
    readonly expected: string,
  ) {
    const shown = show(value);
    super(
      `The property "${property}" is ${shown}: expected ${expected}. ` +
        "Correct it in the node's properties and deploy again.",
    );
    this.name = 'SavedValueError';
    this.shown = shown;
  }
}

/**
 * @returns `fallback` where the value is blank
 * @throws SavedValueError
 */
export function readNumber(property: string, value: unknown, range: NumberRange, fallback: number): number {
  if (isBlank(value)) return fallback;
  const number = numberIn(range, value);
  if (number !== undefined) return number;
  throw new SavedValueError(property, value, describeRange(range));
}

/**
 * @returns `fallback` where the value is blank
 * @throws SavedValueError where it is no boolean: one that is misread might leave out what makes a connection safe
 */
export function readBoolean(property: string, value: unknown, fallback: boolean): boolean {
  if (isBlank(value)) return fallback;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new SavedValueError(property, value, 'true or false');
}

/** @throws SavedValueError where the value is none of the choices */
export function readChoice<T extends string>(
  property: string,
  value: unknown,
  choices: readonly T[],
  fallback: NoInfer<T>,
): T {
  if (isBlank(value)) return fallback;
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new SavedValueError(property, value, `one of ${choices.join(', ')}`);
}

/** @throws SavedValueError where the value is not text */
export function readText(property: string, value: unknown, fallback = ''): string {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new SavedValueError(property, value, 'text');
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : named(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** An object may have a `toString` that is no function. */
function named(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
