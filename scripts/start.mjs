// `npm start`: from a fresh clone to a running flow with an embedded MQTT broker, its results in the terminal.
import { createRequire } from 'node:module';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './ensure-built.mjs';
import { install } from './install.mjs';
import { root } from './root.mjs';
import { flowFile, prepareUserDirectory, readFlow, setBrokerPort } from './start/flow.mjs';
import { isFree, startNodeRed, stopNodeRed, untilEditorAnswers } from './start/node-red.mjs';

const help = `Usage: npm start [-- [options] [FILE [EXPORT]]]

Starts Node-RED with the example flow and an embedded MQTT broker, and prints the results.

  FILE             a .wasm file to use instead of triple/pkg/triple_lib_bg.wasm
  EXPORT           which of its functions; may be left out when there is only one
  --port N         the editor's port (1880)
  --mqtt-port N    the port of the flow's MQTT broker (as in the flow; 1883 at first)
  --help           this text

The flow and the settings are kept in .node-red/, a flow file for each FILE and EXPORT.
Ctrl-C ends everything.`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { port: { type: 'string' }, 'mqtt-port': { type: 'string' }, help: { type: 'boolean' } },
  });
  if (positionals.length > 2)
    throw new Error(`Too many arguments: expected FILE and EXPORT, got ${positionals.join(' ')}.`);
  return {
    help: values.help === true,
    port: portNumber('--port', values.port) ?? 1880,
    mqttPort: portNumber('--mqtt-port', values['mqtt-port']),
    file: positionals[0] === undefined ? undefined : resolve(process.env.INIT_CWD ?? process.cwd(), positionals[0]),
    export: positionals[1],
  };
}

function portNumber(option, text) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw new Error(`${option} takes a number from 1 to 65535, not "${text}".`);
  return port;
}

/** @returns the module and export to call, as `inspect` shows them; `problem` says why there is none */
async function inspect(file, name) {
  const require = createRequire(import.meta.url);
  const { createWasmHost } = require('../dist/host/host.js');
  const { DEFAULT_LIMITS } = require('../dist/host/limits.js');
  const host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  try {
    const inspection = await host.inspectFile(file);
    if (inspection.refusal !== undefined) return { problem: inspection.refusal.message };
    const wanted = name ?? inspection.defaultExport;
    const found = inspection.exports.find((candidate) => candidate.name === wanted);
    if (found !== undefined) return { export: found.name, label: `${found.name} ${found.signature ?? found.type}` };
    const names = inspection.exports.map((candidate) => candidate.name).join(', ');
    return {
      problem:
        wanted === undefined
          ? `${file} has several functions; name one of them: ${names}.`
          : `${file} has no function "${wanted}" that can be called; it has ${names === '' ? 'none' : names}.`,
    };
  } catch (error) {
    return { problem: error.message };
  } finally {
    await host.close();
  }
}

function portInUse(port, option) {
  return new Error(
    `Port ${String(port)} is in use by another program: choose another with npm start -- ${option} ${String(port + 1)}`,
  );
}

/** @returns the flow's file name and what it says, with file and export checked where they were given */
async function prepareFlow(options) {
  prepareUserDirectory();
  let choice;
  if (options.file !== undefined) {
    const chosen = await inspect(options.file, options.export);
    if (chosen.problem !== undefined) throw new Error(chosen.problem);
    choice = { file: options.file, export: chosen.export };
  }
  const name = flowFile(choice);
  if (options.mqttPort !== undefined) setBrokerPort(name, options.mqttPort);
  return { name, ...readFlow(name) };
}

async function checkPorts(options, flow) {
  if (!(await isFree(options.port))) throw portInUse(options.port, '--port');
  if (!flow.embedded || flow.broker === undefined) return;
  const port = Number(flow.broker.port || 1883);
  if (!(await isFree(port))) throw portInUse(port, '--mqtt-port');
}

async function banner(options, flow) {
  const shown = (path) => (path.startsWith(root) ? relative(root, path) : path);
  const { label, problem } = flow.file === undefined ? {} : await inspect(flow.file, flow.export);
  const broker = flow.broker === undefined ? 'none' : `${flow.broker.protocol}//${flow.broker.host}`;
  return [
    '',
    `  editor    http://127.0.0.1:${String(options.port)}`,
    `  flow      .node-red/${flow.name}`,
    `  module    ${flow.file === undefined ? 'none' : shown(flow.file)}`,
    `  function  ${label ?? problem ?? 'none'}`,
    `  broker    ${broker}${flow.embedded ? ' (embedded)' : ''}`,
    `  results   ${flow.topic === undefined ? 'none: no mqtt-sink with a topic follows the wasm-function' : `topic ${flow.topic}`}`,
    '',
  ].join('\n');
}

async function run(options) {
  const flow = await prepareFlow(options);
  await checkPorts(options, flow);
  const text = await banner(options, flow);
  const child = startNodeRed(options.port, flow.name);
  let stopping = false;
  let client;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await client?.endAsync(true);
    await stopNodeRed(child);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
  // The terminal is gone, as with `npm start | head`: so are the results, and there is nothing left to do.
  process.stdout.on('error', () => void stop());
  child.on('exit', (code, signal) => {
    if (stopping) return;
    console.error(`Node-RED ended by itself (${String(code ?? signal)}).`);
    process.exit(1);
  });
  await untilEditorAnswers(child, `http://127.0.0.1:${String(options.port)}/`);
  if (stopping) return;
  console.log(text);
  if (flow.broker === undefined || flow.topic === undefined) return;
  const { printResults } = await import('./start/results.mjs');
  client = printResults(flow.broker, flow.topic, (line) => console.log(line));
}

try {
  const options = readArguments();
  if (options.help) console.log(help);
  else {
    install();
    ensureBuilt();
    await run(options);
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
