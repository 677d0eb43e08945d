// `npm run dev`: Node-RED with the package; each change of a source builds and restarts it, at the same address.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandLine } from './command-line.mjs';
import { build, ensureBuilt, isBuilt, sourceFolders } from './ensure-built.mjs';
import { install } from './install.mjs';
import { root } from './root.mjs';
import { openFlow, prepareUserDirectory, saveFlow } from './start/flow.mjs';
import { startNodeRed, stopNodeRed, untilEditorAnswers } from './start/node-red.mjs';
import { checkPort, portNumber } from './start/ports.mjs';

/** Editors save in several steps; what comes within this time is one change. Milliseconds. */
const PAUSE = 200;

async function run(port) {
  install();
  ensureBuilt();
  await checkPort(port, '--port', 'npm run dev');
  const userDirectory = join(root, '.node-red');
  prepareUserDirectory(userDirectory);
  const flow = openFlow(userDirectory, undefined);
  saveFlow(flow);
  const url = `http://127.0.0.1:${port}/`;
  let child = startNodeRed(port, flow.path);
  let changed = () => undefined;
  const watchers = sourceFolders.map((folder) => watch(join(root, folder), { recursive: true }, () => changed()));
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    for (const watcher of watchers) watcher.close();
    await stopNodeRed(child);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop());
  while (!stopping) {
    const change = new Promise((resolve) => (changed = resolve));
    await untilEditorAnswers(child, url);
    console.log(`${url} – waiting for changes`);
    if (isBuilt()) await change;
    await sleep(PAUSE);
    if (stopping || isBuilt()) continue;
    console.log('Building …');
    if (!build()) {
      // What runs goes on; the next change is another chance.
      await new Promise((resolve) => (changed = resolve));
      continue;
    }
    await stopNodeRed(child);
    if (!stopping) child = startNodeRed(port, flow.path);
  }
}

try {
  const { values } = readCommandLine('npm run dev --', {
    options: { port: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help === true) console.log("Usage: npm run dev [-- --port N]\n\n  --port N    the editor's port (1880)");
  else await run(portNumber('--port', values.port) ?? 1880);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
