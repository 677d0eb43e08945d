/** Which numbers are taken. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
  /** Named in errors: `seconds`, `MiB`. */
  readonly unit?: string;
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** @returns a number, or the one decimal text says; undefined where it is neither, or not in the range */
export function numberIn(range: NumberRange, value: unknown): number | undefined {
  const number = toNumber(value);
  const { least, most, whole = false } = range;
  return number >= least && number <= most && (!whole || Number.isInteger(number)) ? number : undefined;
}

/** As `a whole number from 1 to 1024`. */
export function describeRange({ least, most, whole = false, unit }: NumberRange): string {
  const kind = whole ? 'a whole number' : 'a number';
  const what = unit === undefined ? kind : `${kind} of ${unit}`;
  return `${what} from ${String(least)} to ${String(most)}`;
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : NaN;
}
