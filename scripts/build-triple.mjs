// Builds triple/pkg with pinned tools. `--check` builds in a temporary copy instead and compares with what is
// committed; `--tools` only installs the tools.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { root } from './root.mjs';
import { cargoProgram, npmPackages } from './tool-cache.mjs';

const crate = join(root, 'triple');
/** What is committed of wasm-pack's output: the module and its types. The JavaScript glue is what the host replaces. */
const committed = ['triple_lib_bg.wasm', 'triple_lib.d.ts'];

function pinned(file, pattern) {
  const match = pattern.exec(readFileSync(join(crate, file), 'utf8'));
  if (match?.[1] === undefined) throw new Error(`triple/${file} pins no version (expected ${String(pattern)}).`);
  return match[1];
}

/** PATH with the tools of the right versions first. */
function toolPath() {
  const bindgen = pinned('Cargo.toml', /^wasm-bindgen = "=(.+)"$/m);
  const folders = [
    cargoProgram({ program: 'wasm-pack', crate: 'wasm-pack', version: '0.15.1', locked: true }),
    cargoProgram({ program: 'wasm-bindgen', crate: 'wasm-bindgen-cli', version: bindgen, locked: false }),
    join(npmPackages('binaryen-132.0.0', ['binaryen@132.0.0']), 'node_modules', '.bin'),
  ];
  return [...folders.filter((folder) => folder !== undefined), process.env.PATH].join(delimiter);
}

function build(folder) {
  const { status, error } = spawnSync(
    'wasm-pack',
    [
      'build',
      folder,
      '--target',
      'nodejs',
      '--mode',
      'no-install',
      '--no-gitignore',
      '--out-dir',
      'target/pkg',
      '--',
      '--locked',
    ],
    { stdio: 'inherit', env: { ...process.env, PATH: toolPath() } },
  );
  if (error !== undefined) throw error;
  if (status !== 0) {
    const toolchain = pinned('rust-toolchain.toml', /^channel = "(.+)"$/m);
    throw new Error(
      `wasm-pack failed (exit code ${String(status)}). It needs Rust ${toolchain}: ` +
        `rustup toolchain install ${toolchain} --profile minimal --target wasm32-unknown-unknown --no-self-update`,
    );
  }
  return join(folder, 'target', 'pkg');
}

function check() {
  const copy = mkdtempSync(join(tmpdir(), 'triple-'));
  try {
    cpSync(crate, copy, { recursive: true, filter: (path) => !path.startsWith(join(crate, 'target') + sep) });
    const built = build(copy);
    const differing = committed.filter(
      (file) => !readFileSync(join(built, file)).equals(readFileSync(join(crate, 'pkg', file))),
    );
    if (differing.length > 0) {
      throw new Error(
        `Building gives something else than the committed ${differing.map((file) => `triple/pkg/${file}`).join(', ')}: ` +
          'run npm run build:triple and commit the result.',
      );
    }
    console.log(`${committed.map((file) => `triple/pkg/${file}`).join(' and ')}: as committed, byte for byte.`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

try {
  if (process.argv.includes('--tools')) toolPath();
  else if (process.argv.includes('--check')) check();
  else {
    const built = build(crate);
    for (const file of committed) copyFileSync(join(built, file), join(crate, 'pkg', file));
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
