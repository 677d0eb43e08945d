/**
 * Saved properties of the MQTT nodes as values. The editor saves plain inputs as text and a flow may be written by
 * hand, so numbers are read as numbers or decimal text and booleans as booleans or text.
 */

export function readText(value: unknown, preset = ''): string {
  return typeof value === 'string' ? value.trim() : preset;
}

/** @throws Error with a sentence where `value` is given and is no integer within the bounds */
export function readInteger(value: unknown, name: string, preset: number, least: number, most: number): number {
  if (isBlank(value)) return preset;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(
    `The property "${name}" is ${JSON.stringify(value)}: expected a whole number from ${String(least)} to ${String(most)}.`,
  );
}

/** Seconds, fractions allowed. @throws Error with a sentence where `value` is given and is no positive number */
export function readSeconds(value: unknown, name: string, preset: number): number {
  if (isBlank(value)) return preset;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  if (Number.isFinite(number) && number > 0) return number;
  throw new Error(`The property "${name}" is ${JSON.stringify(value)}: expected seconds, more than 0.`);
}

export function readBoolean(value: unknown, preset: boolean): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return preset;
}

/** @throws Error with a sentence where `value` is given and is none of `choices` */
export function readChoice<T extends string>(value: unknown, name: string, choices: readonly [T, ...T[]]): T {
  if (isBlank(value)) return choices[0];
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw new Error(`The property "${name}" is ${JSON.stringify(value)}: expected one of ${choices.join(', ')}.`);
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}
