// Prints what the flow publishes, as any other program at the broker would see it.
import { connect } from 'mqtt';
import { limitLines } from './error-lines.mjs';
import { ERROR_LENGTH, formatResult, printable } from './result-lines.mjs';

/** Failed connections, half a second apart, before the terminal hears of them. */
const TRIES = 10;

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
