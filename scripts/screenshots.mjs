// Makes the pictures of docs/images/ from a real Node-RED in a real browser. `--check` makes them beside and compares;
// `npm run screenshots -- flow dialog` makes those whose names contain one of the words.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundle, bundleOptions } from './bundle.mjs';
import { ensureBuilt } from './ensure-built.mjs';
import { install } from './install.mjs';
import { newest, pairEnvironment } from './node-red-pairs.mjs';
import { root } from './root.mjs';

install();
ensureBuilt();
const [main] = await bundle(['scripts/screenshots/main.ts']);

/** The pictures of one theme; Node-RED has a dark one from version 5 on. */
async function make(theme, { node, env }) {
  const args = [...bundleOptions, main, theme, ...process.argv.slice(2)];
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = await once(child, 'exit');
  if (code !== 0) process.exitCode = 1;
}

await make('light', { node: process.execPath, env: {} });
let pair;
try {
  pair = pairEnvironment(newest);
} catch (error) {
  console.log(`skipped: the dark pictures (${error.message})`);
}
if (pair !== undefined) await make('dark', pair);
