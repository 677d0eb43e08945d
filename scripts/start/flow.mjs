// The flow that `npm start` runs: a file in the user directory, made from the example once and then the user's.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../root.mjs';

/** What the example's wasm-function takes of a message: one number of the simulated sensor. */
const READING = 'payload.noise';
/** How the example's sensor makes its number, and how it makes one for a function that takes integers only. */
const FRACTIONS = 'Math.fround(Math.random() * 200)';
const WHOLE_NUMBERS = 'Math.floor(Math.random() * 201)';

/** Makes a user directory ready for Node-RED; what is there already stays. */
export function prepareUserDirectory(directory) {
  mkdirSync(directory, { recursive: true });
  const settings = join(directory, 'settings.js');
  if (existsSync(settings)) return;
  const template = readFileSync(join(root, 'scripts', 'start', 'settings.cjs'), 'utf8');
  writeFileSync(settings, template.replace("'generated'", `'${randomBytes(32).toString('hex')}'`), { mode: 0o600 });
}

/**
 * The flow for a module and export, or the example's own where none is given. One that has a file is read from
 * there: it holds what the user made of it. Nothing is written before `saveFlow`.
 * @param {string} directory the user directory
 * @param {{ file: string, export: string } | undefined} choice `file` is an absolute path
 * @param {{ file: string, name: string }} example its file in `examples/`, and what the user's files are called after
 * @returns {{ path: string, nodes: object[], isNew: boolean, changed: boolean }}
 */
export function openFlow(directory, choice, example = { file: 'flows.json', name: 'flows' }) {
  const path = join(directory, choice === undefined ? `${example.name}.json` : nameFor(example.name, choice));
  if (existsSync(path)) return { path, nodes: readNodes(path), isNew: false, changed: false };
  const nodes = readNodes(join(root, 'examples', example.file));
  if (choice !== undefined) Object.assign(find(nodes, 'wasm-function'), { ...choice, name: choice.export });
  return { path, nodes, isNew: true, changed: true };
}

/** Readable, and its own for each path and export: two modules of one name in two folders do not share a flow. */
function nameFor(prefix, { file, export: name }) {
  const hash = createHash('sha256').update(`${file}\0${name}`).digest('hex').slice(0, 8);
  const words = `${basename(file, '.wasm')}-${name}`.replaceAll(/[^\w-]+/g, '-').slice(0, 60);
  return `${prefix}-${words}-${hash}.json`;
}

/** @param flow as `openFlow` gave it; written only where it is new or was changed */
export function saveFlow(flow) {
  if (!flow.changed) return;
  writeFileSync(flow.path, `${JSON.stringify(flow.nodes, null, 4)}\n`);
  flow.changed = false;
}

/**
 * Sets properties of the flow's wasm-function; those that are undefined stay as they are.
 * @param {{ signature?: string, convention?: string }} properties
 */
export function setFunction(flow, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const node = find(flow.nodes, 'wasm-function');
    if (node === undefined) throw new Error(`${flow.path} has no wasm-function node that --${name} could change.`);
    if (node[name] === value) continue;
    node[name] = value;
    flow.changed = true;
  }
}

/** Has the sensor of a flow that is being made send what a function over integers takes. */
export function sendWholeNumbers(flow) {
  for (const node of flow.nodes) if (node.type === 'function') node.func = node.func.replace(FRACTIONS, WHOLE_NUMBERS);
}

/** Sets another port in the flow's MQTT connection. */
export function setBrokerPort(flow, port) {
  const connection = find(flow.nodes, 'mqtt-connection');
  if (connection === undefined) {
    throw new Error(`${flow.path} has no mqtt-connection node that --mqtt-port could change.`);
  }
  const url = new URL(connection.url);
  if (Number(url.port) === port) return;
  url.port = String(port);
  connection.url = url.href.replace(/\/$/, '');
  flow.changed = true;
}

/**
 * What the terminal has to know of a flow. The user may have changed it, so each part may be missing.
 * `catches` says whether errors of nodes are kept from Node-RED's log; `errors` is the topic they are published to;
 * `takesReading` whether the function is still given the sensor's number, `sendsWhole` whether that is a whole one.
 * @returns {{ function?: object, takesReading: boolean, sendsWhole: boolean, broker?: URL, embedded: boolean, results?: string,
 *   catches: boolean, errors?: string }} `function` as the node saves it
 */
export function summarize({ nodes }) {
  const connection = find(nodes, 'mqtt-connection');
  const { behindFunction, behindCatches, ...parts } = summarizeParts(nodes);
  return {
    ...parts,
    broker: connection === undefined || !URL.canParse(connection.url) ? undefined : new URL(connection.url),
    embedded: connection?.embedded === true,
    results: sinkTopic(behindFunction),
    errors: sinkTopic(behindCatches),
  };
}

/**
 * The parts of a flow that are the same whatever brings messages in and out. `behindFunction` are the nodes next to its
 * function, `behindCatches` all behind its Catch nodes, nearest first.
 */
export function summarizeParts(nodes) {
  const wasmFunction = find(nodes, 'wasm-function');
  const catches = nodes.filter((node) => node.type === 'catch');
  return {
    function: wasmFunction?.fileType === 'str' && wasmFunction.file !== '' ? wasmFunction : undefined,
    takesReading: wasmFunction?.inputType === 'msg' && wasmFunction.input === READING,
    sendsWhole: nodes.some(({ func }) => typeof func === 'string' && func.includes(WHOLE_NUMBERS)),
    catches: catches.length > 0,
    behindFunction: next(nodes, wasmFunction),
    behindCatches: catches.flatMap((node) => following(nodes, node)),
  };
}

function sinkTopic(nodes) {
  return nodes.find((node) => node.type === 'mqtt-sink' && node.topic)?.topic;
}

function next(nodes, node) {
  const targets = node?.wires?.flat() ?? [];
  return nodes.filter(({ id }) => targets.includes(id));
}

/** All nodes behind a node, nearest first. */
export function following(nodes, node) {
  const found = new Set(next(nodes, node));
  for (const each of found) for (const target of next(nodes, each)) found.add(target);
  return [...found];
}

/** The first of a type. */
export function find(nodes, type) {
  return nodes.find((node) => node.type === type);
}

function readNodes(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} cannot be read as a flow (${error.message}); mend it, or remove it to begin anew.`, {
      cause: error,
    });
  }
}
