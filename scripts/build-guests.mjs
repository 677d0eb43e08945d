// Builds the test guests, each beside its source. `--check` builds elsewhere and compares with what is committed.
// A guest whose compiler is missing is skipped with the reason; paths may be narrowed: `build-guests.mjs wat c-`.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';
import { npmPackages } from './tool-cache.mjs';

const guests = join(root, 'test', 'guests');
const WABT = '1.0.39';
const ASSEMBLYSCRIPT = '0.28.20';

/** The compiler, or its version, is not there: the guest is skipped, not failed. */
class MissingTool extends Error {}

function run(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error !== undefined) throw new MissingTool(`${command} could not be started (${error.message})`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (exit code ${String(status)}):\n${stderr}`);
  return stdout;
}

/** The committed files say what the compiler of this version gives; another gives other bytes. */
function needVersion(command, args, wanted) {
  const found = run(command, args).split('\n')[0];
  if (!found.includes(wanted)) throw new MissingTool(`${command} is "${found}", and ${wanted} is what made the file`);
}

/** A module of a package in the tool cache; without a network there is none to install from. */
async function importCached(name, version, file) {
  let folder;
  try {
    folder = npmPackages(`${name}-${version}`, [`${name}@${version}`]);
  } catch (error) {
    throw new MissingTool(error.message);
  }
  return import(pathToFileURL(join(folder, 'node_modules', name, file)).href);
}

/** A file of the WebAssembly text format. */
async function buildText(source) {
  const { default: load } = await importCached('wabt', WABT, 'index.js');
  const wabt = await load();
  const module = wabt.parseWat(basename(source), readFileSync(source, 'utf8'));
  return { '.wasm': module.toBinary({}).buffer };
}

function buildC(source, folder) {
  needVersion('clang', ['--version'], 'clang version 14.0.6');
  const target = join(folder, 'guest.wasm');
  const link = ['-Wl,--no-entry', '-Wl,--strip-all', '-Wl,-z,stack-size=8192'];
  run('clang', ['--target=wasm32', '-nostdlib', '-Os', '-Wall', '-Werror', ...link, '-o', target, source]);
  return { '.wasm': readFileSync(target) };
}

/** AssemblyScript, kept in `.as` files: their types are not TypeScript's. The first line has the compiler's flags. */
async function buildAssemblyScript(source) {
  const asc = await importCached('assemblyscript', ASSEMBLYSCRIPT, join('dist', 'asc.js'));
  const text = readFileSync(source, 'utf8');
  const flags = /^\/\/ asc (.*)$/m.exec(text)?.[1].split(' ') ?? [];
  const name = basename(source, '.as');
  const written = {};
  const { error, stderr } = await asc.main([`${name}.ts`, '-o', `${name}.wasm`, '--bindings', 'raw', ...flags], {
    readFile: (file) => (basename(file) === `${name}.ts` ? text : null),
    writeFile: (file, contents) => (written[file] = contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`asc ${basename(source)} failed:\n${stderr.toString()}`);
  return { '.wasm': written[`${name}.wasm`], '.d.ts': written[`${name}.d.ts`] };
}

/** A crate; with wasm-bindgen among its dependencies, the finished module of the nodejs target and its types. */
function buildRust(crate, folder) {
  const rust = /^channel = "(.+)"$/m.exec(readFileSync(join(crate, 'rust-toolchain.toml'), 'utf8'))[1];
  const copy = join(folder, 'crate');
  cpSync(crate, copy, { recursive: true, filter: (path) => basename(path) !== 'target' });
  needVersion('rustc', ['--version'], rust);
  const cargo = process.env.CARGO_HOME || join(homedir(), '.cargo');
  const sysroot = run('rustc', ['--print', 'sysroot'], { cwd: copy }).trim();
  run('cargo', ['fetch', '--locked', '--target', 'wasm32-unknown-unknown'], { cwd: copy });
  // a module keeps the paths of its sources for panics: none of this machine, and none that names where crates came from
  const sources = join(cargo, 'registry', 'src');
  const crates = (existsSync(sources) ? readdirSync(sources) : []).map(
    (registry) => `${join(sources, registry)}=/crates`,
  );
  const remaps = [`${copy}=/guest`, `${cargo}=/cargo`, `${sysroot}=/rust`, ...crates].map(
    (map) => `--remap-path-prefix=${map}`,
  );
  run('cargo', ['build', '--release', '--locked', '--target', 'wasm32-unknown-unknown'], {
    cwd: copy,
    env: { ...process.env, CARGO_TARGET_DIR: join(folder, 'target'), CARGO_ENCODED_RUSTFLAGS: remaps.join('\x1f') },
  });
  const manifest = readFileSync(join(crate, 'Cargo.toml'), 'utf8');
  const name = /^name = "(.+)"$/m.exec(manifest)[1].replaceAll('-', '_');
  const built = join(folder, 'target', 'wasm32-unknown-unknown', 'release', `${name}.wasm`);
  const bindgen = /^wasm-bindgen = "=(.+)"$/m.exec(manifest)?.[1];
  if (bindgen === undefined) return { '.wasm': readFileSync(built) };
  needVersion('wasm-bindgen', ['--version'], bindgen);
  run('wasm-bindgen', [built, '--target', 'nodejs', '--out-dir', folder, '--remove-name-section']);
  return {
    '.wasm': readFileSync(join(folder, `${name}_bg.wasm`)),
    '.d.ts': readFileSync(join(folder, `${name}.d.ts`)),
  };
}

const builders = { '.wat': buildText, '.c': buildC, '.as': buildAssemblyScript };

/** @returns every guest: where its files go (without the ending) and how they are made */
function listGuests() {
  const list = [];
  for (const folder of readdirSync(guests, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const path = join(guests, folder.name);
    if (existsSync(join(path, 'Cargo.toml'))) {
      list.push({ name: `${folder.name}/guest`, source: path, build: buildRust });
      continue;
    }
    for (const file of readdirSync(path).sort()) {
      const ending = Object.keys(builders).find((candidate) => file.endsWith(candidate));
      if (ending === undefined) continue;
      const name = `${folder.name}/${basename(file, ending)}`;
      list.push({ name, source: join(path, file), build: builders[ending] });
    }
  }
  return list;
}

/** @returns the committed files that differ from what was built */
function compare(name, files) {
  return Object.keys(files)
    .map((ending) => `${name}${ending}`)
    .filter((file) => {
      const path = join(guests, file);
      return !existsSync(path) || !readFileSync(path).equals(Buffer.from(files[file.slice(name.length)]));
    });
}

async function make({ name, source, build }, check) {
  const folder = mkdtempSync(join(tmpdir(), 'guest-'));
  try {
    const files = await build(source, folder);
    if (check) return compare(name, files).map((file) => `${file} differs from what its source gives`);
    for (const [ending, content] of Object.entries(files)) writeFileSync(join(guests, name + ending), content);
    return [];
  } catch (error) {
    if (!(error instanceof MissingTool)) return [`${name}: ${error.message}`];
    console.log(`${name} skipped: ${error.message}`);
    return [];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const check = process.argv.includes('--check');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const selected = listGuests().filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const problems = [];
for (const guest of selected) problems.push(...(await make(guest, check)));
for (const problem of problems) console.error(problem);
if (check && problems.length > 0) console.error('Run npm run build:guests and commit the result.');
console.log(`${String(selected.length)} guests ${check ? 'compared' : 'built'}.`);
process.exitCode = problems.length > 0 ? 1 : 0;
