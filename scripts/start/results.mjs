// Prints what the flow publishes, in the form of the original example's sink.
import { connect } from 'mqtt';

/** Failed connections, half a second apart, before the terminal hears of them. */
const TRIES = 10;

/**
 * A number as Go's println prints it: sign, one digit, six decimals, sign and three digits of the exponent
 * (481.1279 gives `+4.811279e+002`). What is no number is printed as it came.
 */
export function formatResult(text) {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) return printable(text);
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa, exponent] = Math.abs(value).toExponential(6).split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '+';
  return `${sign}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(3, '0')}`;
}

/** One line without control characters: a message must not steer the terminal. */
function printable(text) {
  const line = text.replaceAll(/\p{Cc}/gu, ' ');
  return line.length > 200 ? `${line.slice(0, 200)} … (${String(text.length)} characters)` : line;
}

/**
 * Subscribes to the flow's result topic at the broker, as any other program would.
 * @param {URL} broker
 * @param {string} topic
 * @param {(line: string) => void} print
 * @returns the client; `endAsync` closes it
 */
export function printResults(broker, topic, print) {
  const client = connect(broker.href, { connectTimeout: 5000, reconnectPeriod: 500 });
  // The broker begins a moment after the editor, and anew with a deploy that changes it: the library keeps trying.
  let told = 0;
  client.on('error', (error) => {
    if (told++ === TRIES) print(`The broker ${broker.host} does not answer (${error.message}); trying on …`);
  });
  client.on('message', (_topic, payload) => print(formatResult(payload.toString('utf8'))));
  client.subscribe(topic, { qos: 1 });
  return client;
}
