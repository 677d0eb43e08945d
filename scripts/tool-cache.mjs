// Tools that are too heavy to be devDependencies live in a cache outside the repository, one folder a tool.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'node-red-wasm-function');

/**
 * A folder of the tool cache, made when missing. `make(folder)` fills a temporary folder that is moved into
 * place when it is done: what is found there is whole, also after an interrupted installation.
 * @returns {string} absolute path
 */
export function toolFolder(name, make) {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${String(process.pid)}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  try {
    make(draft);
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Packages from npm in a folder of their own.
 * @param {string} name folder in the cache
 * @param {string[]} packages as `binaryen@132.0.0`
 * @returns {string} the folder; its programs are in `node_modules/.bin`
 */
export function npmPackages(name, packages) {
  return toolFolder(name, (folder) => {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    run('npm', ['install', '--no-fund', '--no-audit', '--no-save', '--loglevel=error', ...packages], folder);
  });
}

/**
 * A program installed by cargo, unless the one on PATH has the version wanted.
 * It is built with low priority: what else runs on the machine goes on.
 * @param {{ program: string, crate: string, version: string, locked: boolean, flags?: string[] }} tool
 * @returns {string | undefined} the folder to put first on PATH; undefined when PATH is right already
 */
export function cargoProgram({ program, crate, version, locked, flags = [] }) {
  const found = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (found.status === 0 && found.stdout.trim().split(' ').at(-1) === version) return undefined;
  const folder = toolFolder(`${crate}-${version}`, (draft) => {
    console.log(`Installing ${crate} ${version} (a few minutes, once) …`);
    const args = ['install', crate, '--version', version, '--root', draft, ...(locked ? ['--locked'] : []), ...flags];
    if (process.platform === 'win32') run('cargo', args, dirname(draft));
    else run('nice', ['cargo', ...args], dirname(draft));
  });
  return join(folder, 'bin');
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (error !== undefined) throw new Error(`${command} could not be started (${error.message}); install it first.`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (exit code ${String(status)}).`);
}
