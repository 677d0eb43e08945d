// Lines of the terminal: results in the form of the original example's sink, and text that comes from outside.

/** Characters of a result and of an error that are printed. */
export const RESULT_LENGTH = 200;
export const ERROR_LENGTH = 1000;

/**
 * A function's result as a line. A number is printed as Go's println does it: sign, one digit, six decimals, sign
 * and three digits of the exponent (481.1279 gives `+4.811279e+002`). Anything else is printed as it came, text
 * that looks like a number too.
 * @param {boolean} numeric whether the function returns a number
 */
export function formatResult(text, numeric) {
  const value = Number(text);
  if (!numeric || text.trim() === '' || Number.isNaN(value)) return printable(text, RESULT_LENGTH);
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa, exponent] = Math.abs(value).toExponential(6).split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '+';
  return `${sign}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(3, '0')}`;
}

/** One line without control characters: a message must not steer the terminal. */
export function printable(text, length) {
  const line = text.replaceAll(/\p{Cc}/gu, ' ');
  return line.length > length ? `${line.slice(0, length)} … (${String(text.length)} characters)` : line;
}
