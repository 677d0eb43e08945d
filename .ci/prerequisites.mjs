// What the steps after `npm test` need from the machine, installed by name where it is missing.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/root.mjs';

const packages = {
  /** Tests that find these run more. */
  tests: ['chromium', 'fonts-liberation', 'fonts-dejavu-core', 'mosquitto'],
  c: ['clang', 'lld', 'wasi-libc', 'libclang-rt-14-dev-wasm32'],
};
const targets = ['wasm32-unknown-unknown', 'wasm32-wasip1'];

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return { ok: status === 0, output: stdout ?? '', said: (error?.message ?? stderr ?? '').trim().split('\n').at(-1) };
}

function missingPackages(names) {
  return names.filter((name) => !run('dpkg-query', ['-W', '-f', '${Status}', name]).output.endsWith(' installed'));
}

/** @returns {{ changed: boolean, missing?: string }} `missing`: what could not be installed, and why */
function installPackages(names) {
  const missing = missingPackages(names);
  if (missing.length === 0) return { changed: false };
  const without = `without ${missing.join(', ')}`;
  if (!run('apt-get', ['--version']).ok)
    return { changed: false, missing: `${without}: no apt-get here to install it` };
  if (process.getuid?.() !== 0) return { changed: false, missing: `${without}: only root can install it` };
  console.log(`… installing ${missing.join(', ')}`);
  run('apt-get', ['update']);
  const { ok, said } = run('apt-get', ['install', '-y', '--no-install-recommends', ...missing]);
  return ok ? { changed: true } : { changed: false, missing: `${without}: apt-get failed (${said})` };
}

/** @returns {string | undefined} why there is no pinned Rust */
function installRust() {
  const file = readFileSync(join(root, 'triple', 'rust-toolchain.toml'), 'utf8');
  const toolchain = /^channel = "(.+)"$/m.exec(file)?.[1];
  const installed = run('rustup', ['target', 'list', '--installed', '--toolchain', toolchain]);
  if (installed.ok && targets.every((target) => installed.output.split('\n').includes(target))) return undefined;
  if (!run('rustup', ['--version']).ok) return `without Rust ${toolchain}: no rustup here to install it`;
  console.log(`… installing Rust ${toolchain} for ${targets.join(' and ')}`);
  const wanted = targets.flatMap((target) => ['--target', target]);
  const args = ['toolchain', 'install', toolchain, '--profile', 'minimal', '--no-self-update', ...wanted];
  const { ok, said } = run('rustup', args);
  return ok ? undefined : `without Rust ${toolchain}: rustup failed (${said})`;
}

/** @returns {string | undefined} why the tools of triple/ are not there */
function installTripleTools() {
  const { ok, said } = run(process.execPath, [join(root, 'scripts', 'build-triple.mjs'), '--tools']);
  return ok ? undefined : `without its tools: ${said}`;
}

/**
 * @returns {{ testsGained: boolean, triple?: string, guests?: string, tests?: string }}
 *   `testsGained`: programs were installed that tests skip without; the others say why a step cannot run, or runs less
 */
export function installPrerequisites() {
  const forTests = installPackages(packages.tests);
  const forC = installPackages(packages.c);
  const rust = installRust();
  return {
    testsGained: forTests.changed,
    tests: forTests.missing,
    triple: rust ?? installTripleTools(),
    guests: rust ?? forC.missing,
  };
}
