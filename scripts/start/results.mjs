// Prints what the flow publishes: results in the form of the original example's sink, and errors.
import { connect } from 'mqtt';
import { limitLines } from './error-lines.mjs';

/** Failed connections, half a second apart, before the terminal hears of them. */
const TRIES = 10;

/** Characters of a result and of an error that are printed. */
const RESULT_LENGTH = 200;
const ERROR_LENGTH = 1000;

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
function printable(text, length) {
  const line = text.replaceAll(/\p{Cc}/gu, ' ');
  return line.length > length ? `${line.slice(0, length)} … (${String(text.length)} characters)` : line;
}

/**
 * Subscribes to what the flow publishes at the broker, as any other program would.
 * @param {URL} broker
 * @param {{ results?: string, errors?: string, numeric: boolean }} flow the topics; whether results are numbers
 * @param {{ result: (line: string) => void, error: (line: string) => void }} print
 * @returns the client; `endAsync` closes it
 */
export function printResults(broker, { results, errors, numeric }, print) {
  const client = connect(broker.href, { connectTimeout: 5000, reconnectPeriod: 500 });
  // The broker begins a moment after the editor, and anew with a deploy that changes it: the library keeps trying.
  let told = 0;
  client.on('error', (error) => {
    if (told++ === TRIES) print.error(`The broker ${broker.host} does not answer (${error.message}); trying on …`);
  });
  const printError = limitLines((line) => print.error(`error: ${line}`));
  client.on('message', (topic, payload) => {
    const text = payload.toString('utf8');
    if (topic === results) print.result(formatResult(text, numeric));
    else printError(printable(text, ERROR_LENGTH));
  });
  const topics = [results, errors].filter((topic) => topic !== undefined);
  client.subscribe(topics, { qos: 1 });
  return client;
}
