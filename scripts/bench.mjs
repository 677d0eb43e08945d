// Builds what is missing and runs the measurements; options go through, as in `npm run bench -- --short`.
import { spawn } from 'node:child_process';
import { bundle, bundleOptions } from './bundle.mjs';
import { ensureBuilt } from './ensure-built.mjs';
import { install } from './install.mjs';
import { root } from './root.mjs';

install();
ensureBuilt();
const [main] = await bundle(['bench/main.ts']);
const bench = spawn(process.execPath, [...bundleOptions, main, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
bench.on('exit', (code) => process.exit(code ?? 1));
