// The zipper of `npm start -- --yomo`: asked before anything starts, and then listened to as any other program would.
import { createRequire } from 'node:module';
import { limitLines } from './error-lines.mjs';
import { portNumber } from './ports.mjs';
import { ERROR_LENGTH, formatResult, printable, RESULT_LENGTH } from './result-lines.mjs';

/** The environment variable with the zipper's credential: a secret on the command line is everybody's to read. */
export const CREDENTIAL = 'YOMO_CREDENTIAL';

/** Errors that say by themselves what to do: nothing about the address or the zipper would be added to them. */
const LIBRARY = 'transport';

/** Required when it is needed: this script is loaded before the build. */
function built(path) {
  return createRequire(import.meta.url)(`../../dist/${path}.js`);
}

/**
 * @param {string | undefined} text as `localhost:9000` or `[::1]:9000`
 * @returns {{ host: string, port: number } | undefined} undefined where the option was not given
 */
export function zipperAddress(option, text) {
  if (text === undefined) return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^\]\s]+)\]|([^:[\]\s/@]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined)
    throw new Error(`${option} takes a zipper as host:port, localhost:9000 for one, not "${text}".`);
  return { host, port: portNumber(`The port of ${option}`, digits) };
}

/** As it is typed. */
export function zipperText({ host, port }) {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/**
 * Connects as a stream function that observes what a flow writes.
 * @param {{ host: string, port: number, verify: boolean }} zipper
 * @param {{ results?: number, errors?: number, others: number[] }} flow the tags
 * @returns the client; `close` ends it
 * @throws Error that says why there is no connection, and what to do
 */
export async function openZipper(zipper, { results, errors, others }) {
  const { YomoClient } = built('yomo/client');
  const credential = process.env[CREDENTIAL] ?? '';
  const observe = [results, errors, ...others].filter((tag) => tag !== undefined);
  const client = new YomoClient(
    { ...zipper, credential },
    { name: 'npm-start', kind: 'function', observe, target: '', buffer: 0 },
  );
  const state = await new Promise((resolve) => {
    client.onState((next) => {
      if (next.kind !== 'connecting') resolve(next);
    });
    client.open();
  });
  if (state.kind === 'connected') return client;
  await client.close();
  throw new Error(failureText(zipperText(zipper), state, credential));
}

/** The client's own sentence, and what can be done about it on the command line. */
function failureText(address, { kind, code, reason }, credential) {
  if (kind === 'waiting') {
    return `${reason} npm start -- --yomo ${address} needs a zipper of YoMo v1.17.5 to v1.22.3 there; docs/yomo.md says how to run one.`;
  }
  if (code === LIBRARY) return reason;
  const given = credential === '' ? 'none is given' : 'the one given is not taken';
  return `${reason} npm start takes the credential from the environment variable ${CREDENTIAL}, as token:SECRET; ${given}.`;
}

/**
 * Prints what the flow writes to the zipper: results, errors, and text under other tags.
 * @param client with `onFrame` and `onState` of the one that `openZipper` gave
 * @param {{ results?: number, errors?: number, numeric: boolean }} flow the tags; whether results are numbers
 * @param {{ result: (line: string) => void, error: (line: string) => void }} print
 */
export function printFrames(client, { results, errors, numeric }, print) {
  const printError = limitLines((line) => print.error(`error: ${line}`));
  client.onFrame(({ tag, payload }) => {
    const text = Buffer.from(payload).toString('utf8');
    if (tag === results) print.result(formatResult(text, numeric));
    else if (tag === errors) printError(printable(text, ERROR_LENGTH));
    else print.result(printable(text, RESULT_LENGTH));
  });
  let isLost = false;
  client.onState((state) => {
    if (state.kind === 'connected' && isLost) print.error('The zipper is back.');
    if (state.kind === 'waiting' && !isLost) print.error(`${state.reason} Trying on …`);
    if (state.kind === 'rejected') print.error(state.reason);
    if (state.kind !== 'connecting') isLost = state.kind === 'waiting';
  });
}
