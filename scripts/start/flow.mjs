// The flow that `npm start` runs: a file in the user directory, made from the example once and then the user's.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { root } from '../root.mjs';

/** Makes a user directory ready for Node-RED; what is there already stays. */
export function prepareUserDirectory(directory) {
  mkdirSync(directory, { recursive: true });
  const settings = join(directory, 'settings.js');
  if (existsSync(settings)) return;
  const template = readFileSync(join(root, 'scripts', 'start', 'settings.cjs'), 'utf8');
  writeFileSync(settings, template.replace("'generated'", `'${randomBytes(32).toString('hex')}'`), { mode: 0o600 });
}

/**
 * The flow file for a module and export, or for the example's own where none is given. An existing file is kept:
 * it holds what the user made of it.
 * @param {string} directory the user directory
 * @param {{ file: string, export: string } | undefined} choice `file` is an absolute path
 * @returns {string} absolute path
 */
export function flowFile(directory, choice) {
  const path = join(directory, choice === undefined ? 'flows.json' : nameFor(choice));
  if (!existsSync(path)) {
    const flows = readFlows(join(root, 'examples', 'flows.json'));
    if (choice !== undefined) Object.assign(find(flows, 'wasm-function'), { ...choice, name: choice.export });
    writeFlows(path, flows);
  }
  return path;
}

/** Readable, and its own for each path and export: two modules of one name in two folders do not share a flow. */
function nameFor({ file, export: name }) {
  const hash = createHash('sha256').update(`${file}\0${name}`).digest('hex').slice(0, 8);
  const words = `${basename(file, '.wasm')}-${name}`.replaceAll(/[^\w-]+/g, '-').slice(0, 60);
  return `flows-${words}-${hash}.json`;
}

/** Writes another port into the flow's MQTT connection; without one the flow's own stays. */
export function setBrokerPort(path, port) {
  const flows = readFlows(path);
  const connection = find(flows, 'mqtt-connection');
  if (connection === undefined) throw new Error(`${path} has no mqtt-connection node that --mqtt-port could change.`);
  const url = new URL(connection.url);
  if (Number(url.port) === port) return;
  url.port = String(port);
  connection.url = url.href.replace(/\/$/, '');
  writeFlows(path, flows);
}

/**
 * What the terminal has to know of a flow. The user may have changed it, so each part may be missing.
 * @returns {{ file?: string, export?: string, broker?: URL, embedded: boolean, topic?: string }}
 */
export function readFlow(path) {
  const flows = readFlows(path);
  const wasmFunction = find(flows, 'wasm-function');
  const connection = find(flows, 'mqtt-connection');
  const next = wasmFunction?.wires?.flat() ?? [];
  const sink = flows.find((node) => node.type === 'mqtt-sink' && next.includes(node.id));
  return {
    file:
      wasmFunction?.fileType === 'str' && wasmFunction.file !== ''
        ? modulePath(wasmFunction.file, dirname(path))
        : undefined,
    export: wasmFunction?.export || undefined,
    broker: connection === undefined || !URL.canParse(connection.url) ? undefined : new URL(connection.url),
    embedded: connection?.embedded === true,
    topic: sink?.topic || undefined,
  };
}

/** A relative path is looked for as the node does it: in the user directory, its wasm/ folder, the package. */
function modulePath(file, directory) {
  const folders = [directory, join(directory, 'wasm'), root];
  return folders.map((folder) => resolve(folder, file)).find((path) => existsSync(path)) ?? resolve(root, file);
}

function find(flows, type) {
  return flows.find((node) => node.type === type);
}

function readFlows(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} cannot be read as a flow (${error.message}); mend it, or remove it to begin anew.`, {
      cause: error,
    });
  }
}

function writeFlows(path, flows) {
  writeFileSync(path, `${JSON.stringify(flows, null, 4)}\n`);
}
