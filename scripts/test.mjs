// Runs the tests: all, or those whose path contains one of the arguments. `--long` runs the long forms.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from './root.mjs';

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith('--'));
const options = args.filter((arg) => arg.startsWith('--') && arg !== '--long');

const files = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.split(sep).join('/').includes(filter)))
  .sort();

if (files.length === 0) {
  console.error(
    `No test file under test/ contains ${filters.map((filter) => `"${filter}"`).join(' or ')} in its path.`,
  );
  process.exit(1);
}

const runner = spawn(
  process.execPath,
  ['--import', 'tsx', '--test', '--test-concurrency=2', '--test-timeout=120000', ...options, ...files],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...(args.includes('--long') ? { TEST_LONG: '1' } : {}) },
  },
);
runner.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
