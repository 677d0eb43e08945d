/**
 * Reads what a flow has saved. The editor saves plain inputs as text and Node-RED fills in environment
 * variables as text, so numbers also come as decimal text.
 */
import { WasmFunctionError } from '../host/errors';

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
  /** Named in errors: `seconds`, `MiB`. */
  readonly unit?: string;
}

/**
 * @returns `fallback` where the value is blank
 * @throws WasmFunctionError `arguments`, naming the property, the value and what was expected
 */
export function readNumber(property: string, value: unknown, range: NumberRange, fallback: number): number {
  if (isBlank(value)) return fallback;
  const number = toNumber(value);
  const { least, most, whole = false, unit } = range;
  if (number >= least && number <= most && (!whole || Number.isInteger(number))) return number;
  const kind = whole ? 'a whole number' : 'a number';
  throw new WasmFunctionError(
    'arguments',
    `${property} is ${show(value)}; ${kind}${unit === undefined ? '' : ` of ${unit}`} from ${String(least)} to ` +
      `${String(most)} is needed. Correct it in the node's properties and deploy again.`,
  );
}

/** @throws WasmFunctionError `arguments` where the value is none of the choices */
export function readChoice<T extends string>(
  property: string,
  value: unknown,
  choices: readonly T[],
  fallback: NoInfer<T>,
): T {
  if (isBlank(value)) return fallback;
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new WasmFunctionError(
    'arguments',
    `${property} is ${show(value)}; one of ${choices.join(', ')} is needed. ` +
      `Correct it in the node's properties and deploy again.`,
  );
}

/** @throws WasmFunctionError `arguments` where the value is not text */
export function readText(property: string, value: unknown, fallback = ''): string {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new WasmFunctionError('arguments', `${property} is ${show(value)}; text is needed.`);
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : NaN;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
