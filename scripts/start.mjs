// `npm start`: from a fresh clone to a running flow with an embedded MQTT broker, its results in the terminal.
import { join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './ensure-built.mjs';
import { install } from './install.mjs';
import { root } from './root.mjs';
import { flowFile, prepareUserDirectory, readFlow, setBrokerPort } from './start/flow.mjs';
import { inspect } from './start/module.mjs';
import { startNodeRed, stopNodeRed, untilEditorAnswers } from './start/node-red.mjs';
import { checkPort, portNumber } from './start/ports.mjs';

const help = `Usage: npm start [-- [options] [FILE [EXPORT]]]

Starts Node-RED with the example flow and an embedded MQTT broker, and prints the results.

  FILE             a .wasm file to use instead of triple/pkg/triple_lib_bg.wasm
  EXPORT           which of its functions; may be left out when there is only one
  --port N         the editor's port (1880)
  --mqtt-port N    the port of the flow's MQTT broker (as in the flow; 1883 at first)
  --user-dir DIR   where flows and settings are kept (.node-red)
  --help           this text

There is a flow file for each FILE and EXPORT; it is made once and then yours.
Ctrl-C ends everything.`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      'mqtt-port': { type: 'string' },
      'user-dir': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (positionals.length > 2)
    throw new Error(`Too many arguments: expected FILE and EXPORT, got ${positionals.join(' ')}.`);
  // npm runs scripts in the repository: paths are meant from where the user is.
  const folder = process.env.INIT_CWD ?? process.cwd();
  return {
    help: values.help === true,
    port: portNumber('--port', values.port) ?? 1880,
    mqttPort: portNumber('--mqtt-port', values['mqtt-port']),
    file: positionals[0] === undefined ? undefined : resolve(folder, positionals[0]),
    export: positionals[1],
    userDirectory: values['user-dir'] === undefined ? join(root, '.node-red') : resolve(folder, values['user-dir']),
  };
}

/** @returns the flow's path and what it says, with file and export checked where they were given */
async function prepareFlow(options) {
  let choice;
  if (options.file !== undefined) {
    const chosen = await inspect(options.file, options.export);
    if (chosen.problem !== undefined) throw new Error(chosen.problem);
    choice = { file: options.file, export: chosen.export };
  }
  prepareUserDirectory(options.userDirectory);
  const path = flowFile(options.userDirectory, choice);
  if (options.mqttPort !== undefined) setBrokerPort(path, options.mqttPort);
  return { path, ...readFlow(path) };
}

async function checkPorts(options, flow) {
  await checkPort(options.port, 'npm start -- --port');
  if (flow.embedded && flow.broker !== undefined) {
    await checkPort(Number(flow.broker.port || 1883), 'npm start -- --mqtt-port');
  }
}

async function banner(options, flow) {
  const shown = (path) => (path.startsWith(root + sep) ? relative(root, path) : path);
  const { label, problem } = flow.file === undefined ? {} : await inspect(flow.file, flow.export);
  const broker = flow.broker === undefined ? 'none' : `${flow.broker.protocol}//${flow.broker.host}`;
  return [
    '',
    `  editor    http://127.0.0.1:${String(options.port)}`,
    `  flow      ${shown(flow.path)}`,
    `  module    ${flow.file === undefined ? 'none' : shown(flow.file)}`,
    `  function  ${label ?? problem ?? 'none'}`,
    `  broker    ${broker}${flow.embedded ? ' (embedded)' : ''}`,
    `  results   ${flow.topic === undefined ? 'none: no mqtt-sink with a topic follows the wasm-function' : `topic ${flow.topic}`}`,
    '',
  ].join('\n');
}

/** npm's shell passes no signal on: when it is ended, this process would stay behind with the ports. */
function whenOrphaned(stop) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    void stop();
  }, 500);
  watch.unref();
}

async function run(options) {
  const flow = await prepareFlow(options);
  await checkPorts(options, flow);
  const text = await banner(options, flow);
  const child = startNodeRed(options.port, flow.path);
  // Whatever ends this process ends Node-RED with it.
  process.on('exit', () => child.kill());
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
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(stop);
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
