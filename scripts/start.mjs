// `npm start`: from a fresh clone to a running flow with an embedded MQTT broker or over a YoMo zipper, its results in the
// terminal.
import { join, relative, resolve, sep } from 'node:path';
import { readCommandLine } from './command-line.mjs';
import { ensureBuilt } from './ensure-built.mjs';
import { install } from './install.mjs';
import { root } from './root.mjs';
import { openFlow, prepareUserDirectory, saveFlow, sendWholeNumbers, setFunction } from './start/flow.mjs';
import { checkConvention, describeFunction, locateModule, onlyExport } from './start/module.mjs';
import { mqttBridge } from './start/mqtt-bridge.mjs';
import { startNodeRed, stopNodeRed, untilEditorAnswers } from './start/node-red.mjs';
import { checkPort, portNumber } from './start/ports.mjs';
import { toolBridge } from './start/tool-bridge.mjs';
import { yomoBridge } from './start/yomo-bridge.mjs';
import { checkListener, protocolOf, zipperAddress } from './start/zipper.mjs';

const help = `Usage: npm start [-- [options] [FILE [EXPORT]]]

Starts Node-RED with the example flow and an embedded MQTT broker, and prints the results and errors.

  FILE               a .wasm file to use instead of triple/pkg/triple_lib_bg.wasm
  EXPORT             which of its functions; may be left out when there is only one
  --signature TEXT   what the file cannot tell, as "(string) -> string"
  --convention NAME  how bytes come back, as "packed"
  --port N           the editor's port (1880)
  --mqtt-port N      the port of the flow's MQTT broker (as in the flow; 1883 at first)
  --yomo HOST:PORT   runs the flow over a YoMo zipper instead, which must be there already: as a
                     stream function, or as a tool where it is a zipper of YoMo 2; a credential is
                     taken from the environment: YOMO_CREDENTIAL=token:SECRET, or SECRET for YoMo 2
  --user-dir DIR     where flows and settings are kept (.node-red)
  --help             this text

There is a flow file for each FILE and EXPORT; it is made once and then yours. Options that are given are
written into it. Ctrl-C ends everything.`;

function readArguments() {
  const config = {
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      'mqtt-port': { type: 'string' },
      yomo: { type: 'string' },
      'user-dir': { type: 'string' },
      signature: { type: 'string' },
      convention: { type: 'string' },
      help: { type: 'boolean' },
    },
  };
  const { values, positionals } = readCommandLine('npm start --', config, {
    port: 'a number from 1 to 65535',
    'mqtt-port': 'a number from 1 to 65535',
    yomo: 'a zipper as host:port, localhost:9000 for one',
  });
  if (positionals.length > 2)
    throw new Error(`Too many arguments: expected FILE and EXPORT, got ${positionals.join(' ')}.`);
  if (values.yomo !== undefined && values['mqtt-port'] !== undefined)
    throw new Error('With --yomo there is no MQTT broker in the flow: leave --mqtt-port out.');
  // npm runs scripts in the repository: paths are meant from where the user is.
  const folder = process.env.INIT_CWD ?? process.cwd();
  return {
    help: values.help === true,
    port: portNumber('--port', values.port) ?? 1880,
    mqttPort: portNumber('--mqtt-port', values['mqtt-port']),
    zipper: zipperAddress('--yomo', values.yomo),
    file: positionals[0] === undefined ? undefined : resolve(folder, positionals[0]),
    export: positionals[1],
    properties: { signature: values.signature, convention: values.convention },
    userDirectory: values['user-dir'] === undefined ? join(root, '.node-red') : resolve(folder, values['user-dir']),
  };
}

async function bridgeOf({ mqttPort, zipper }) {
  if (zipper === undefined) return mqttBridge({ mqttPort });
  return (await protocolOf(zipper)) === 'v1' ? yomoBridge(zipper) : toolBridge(zipper);
}

/**
 * The flow with what the command line asks for; nothing is written where that cannot work.
 * @returns its path, what `summarize` of its bridge says of it, and its function: what `describeFunction` says, or the
 *   `problem`
 */
async function prepareFlow(options) {
  const { bridge, file, properties, userDirectory } = options;
  checkConvention(properties.convention);
  const choice = file === undefined ? undefined : { file, export: options.export ?? (await onlyExport(file)) };
  const flow = openFlow(userDirectory, choice, bridge.example);
  setFunction(flow, properties);
  bridge.configure(flow);
  const summary = bridge.summarize(flow);
  const described = await describe(summary.function, userDirectory);
  const asked = choice !== undefined || Object.values(properties).some((value) => value !== undefined);
  if (asked && described.problem !== undefined) throw new Error(described.problem);
  await checkPort(options.port, '--port');
  await bridge.check(summary);
  if (flow.isNew && described.wholeOnly) sendWholeNumbers(flow);
  prepareUserDirectory(userDirectory);
  saveFlow(flow);
  bridge.save(flow);
  return { path: flow.path, ...bridge.summarize(flow), ...described };
}

/** A flow whose function cannot be called is run all the same: the editor is where it is mended. */
async function describe(node, userDirectory) {
  if (node === undefined) return { numeric: false };
  try {
    const file = await locateModule(node.file, userDirectory);
    return { file, ...(await describeFunction(file, node)) };
  } catch (error) {
    return { file: node.file, numeric: false, problem: error.message };
  }
}

function banner(options, flow) {
  const shown = (path) => (path.startsWith(root + sep) ? relative(root, path) : path);
  const form = flow.numeric ? ', as the original example prints them: +2.600000e+002 is 260' : '';
  const { peer, results, errors, errorSink } = options.bridge.banner(flow, form);
  const lines = [
    ['editor', `http://127.0.0.1:${String(options.port)}`],
    ['flow', shown(flow.path)],
    ['module', flow.file === undefined ? 'none' : shown(flow.file)],
    ['function', flow.label ?? flow.problem ?? 'none'],
    peer,
    ['results', results],
    ['errors', errors ?? whereErrorsStay(flow, errorSink)],
  ];
  if (flow.wholeOnly && flow.sendsWhole) {
    lines.push(['sensor', 'whole numbers, since the function takes no fractions']);
  } else if (flow.misfit !== undefined && flow.takesReading) {
    const remedy = "Change the wasm-function's Input in the editor, or call another function.";
    lines.push(['warning', `the sensor sends one number a message. ${flow.misfit} ${remedy}`]);
  }
  return ['', ...lines.map(([label, text]) => `  ${label.padEnd(10)}${text}`), ''].join('\n');
}

function whereErrorsStay({ catches }, errorSink) {
  return catches ? `in the editor only: no ${errorSink} follows the Catch node` : "in Node-RED's log, here";
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
  const { bridge } = options;
  const child = startNodeRed(options.port, flow.path);
  // Whatever ends this process ends Node-RED with it.
  process.on('exit', () => child.kill());
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await bridge.close();
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
  console.log(banner(options, flow));
  await bridge.listen(flow, {
    result: (line) => console.log(line),
    error: (line) => console.error(line),
  });
}

try {
  const options = readArguments();
  if (options.help) console.log(help);
  else {
    // Both may take a minute, for nothing where there is no zipper.
    if (options.zipper !== undefined) await checkListener(options.zipper);
    install();
    ensureBuilt();
    await run({ ...options, bridge: await bridgeOf(options) });
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
