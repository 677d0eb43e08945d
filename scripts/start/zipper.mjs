// The zipper of `npm start -- --yomo`: asked before anything starts, and then listened to, or spoken to, as any other program
// would.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
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

/** Milliseconds in which a system says that nothing listens on a port of it; a zipper says nothing to a lone byte. */
const REFUSED_WITHIN = 250;

/**
 * Needs no package and nothing built. A system that is silent about its ports may have a zipper: then that is seen later.
 * @param {{ host: string, port: number }} address
 * @throws Error where no zipper can be there
 */
export async function checkListener(address) {
  const { host, port } = address;
  const found = await lookup(host, { all: true }).catch(({ code }) => {
    const reason = `The host of the zipper has no address (${code}). Check its name.`;
    throw new Error(neededText(zipperText(address), reason));
  });
  const refused = await Promise.all(found.map((each) => isRefused(each.address, port)));
  if (refused.includes(false)) return;
  const reason = `Nothing listens on UDP port ${String(port)} of ${host}.`;
  throw new Error(neededText(zipperText(address), reason));
}

function isRefused(address, port) {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, REFUSED_WITHIN, false);
    socket.on('error', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.connect(port, address, () => socket.send(Buffer.alloc(1)));
  }).finally(() => socket.close());
}

/**
 * Which protocol a zipper speaks: it takes only connections that ask for that.
 * @param {{ host: string, port: number }} address
 * @returns {Promise<'v1' | 'v2'>}
 * @throws Error that says why there is no connection, and what to do
 */
export async function protocolOf(address) {
  const { ALPN, ALPN_V2, CLOSE_CODE, IDLE_TIMEOUT } = built('yomo/limits');
  const { quicTransport } = built('yomo/quic-transport');
  const both = new AbortController();
  const dial = async (protocol, alpn) => {
    const options = { alpn, verify: false, idleTimeout: IDLE_TIMEOUT };
    const connection = await quicTransport.dial(address.host, address.port, options, both.signal);
    await connection.close(CLOSE_CODE, '');
    return protocol;
  };
  try {
    return await Promise.any([dial('v1', ALPN), dial('v2', ALPN_V2)]);
  } catch (error) {
    // Both say the same.
    const [{ code, message }] = error.errors;
    throw new Error(code === LIBRARY ? message : neededText(zipperText(address), message), { cause: error });
  } finally {
    both.abort();
  }
}

/**
 * Connects as a stream function that observes what a flow writes.
 * @param {{ host: string, port: number, verify: boolean }} zipper
 * @param {{ results?: number, errors?: number, others: number[] }} flow the tags
 * @returns the client; `close` ends it
 * @throws Error that says why there is no connection, and what to do
 */
export function openZipper(zipper, { results, errors, others }) {
  const { YomoClient } = built('yomo/client');
  const observe = [results, errors, ...others].filter((tag) => tag !== undefined);
  const options = { name: 'npm-start', kind: 'function', observe, target: '', buffer: 0 };
  return untilConnected(new YomoClient(zipper, options), zipper, 'token:SECRET');
}

/**
 * Connects as a client of protocol v2 that calls tools.
 * @param {{ host: string, port: number, verify: boolean }} zipper
 * @returns the client; `close` ends it
 * @throws Error that says why there is no connection, and what to do
 */
export function openCaller(zipper) {
  const { ToolClient } = built('yomo/v2/client');
  // Another one of the same name would take its place.
  const options = { name: `npm-start-${String(process.pid)}`, buffer: 0 };
  return untilConnected(new ToolClient(zipper, options), zipper, 'SECRET');
}

/** @param {string} form of a credential */
async function untilConnected(client, zipper, form) {
  const state = await new Promise((resolve) => {
    client.onState((next) => {
      if (next.kind !== 'connecting') resolve(next);
    });
    client.open();
  });
  if (state.kind === 'connected') return client;
  await client.close();
  throw new Error(failureText(zipper, state, form));
}

/** The client's own sentence, and what can be done about it on the command line. */
function failureText(zipper, { kind, code, reason }, form) {
  if (kind === 'waiting') return neededText(zipperText(zipper), reason);
  if (code === LIBRARY) return reason;
  const given = (zipper.credential ?? '') === '' ? 'none is given' : 'the one given is not taken';
  return `${reason} npm start takes the credential from the environment variable ${CREDENTIAL}, as ${form}; ${given}.`;
}

function neededText(address, reason) {
  return `${reason} npm start -- --yomo ${address} needs a zipper of YoMo 2, or v1.17.5 to v1.22.3, there; docs/yomo.md says how to run one.`;
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
  printReturns(client, print);
}

/** Tells when the zipper comes back; that it goes, and why, is said by Node-RED's log in the same terminal. */
export function printReturns(client, print) {
  let isLost = false;
  client.onState((state) => {
    if (state.kind === 'connected' && isLost) print.error('The zipper is back.');
    if (state.kind === 'rejected') print.error(state.reason);
    if (state.kind !== 'connecting') isLost = state.kind === 'waiting';
  });
}
