// Builds when dist/ is missing or older than a source file.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Folders whose files end up in dist/. */
export const sourceFolders = ['cli', 'delivery', 'host', 'mqtt', 'nodes', 'payload', 'yomo'];
const sources = [...sourceFolders, 'package.json', 'tsconfig.json'];

/** Written at the end of each build that succeeded. */
export const builtMark = join(root, 'dist', '.built');

function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

export function isBuilt() {
  if (!existsSync(builtMark)) return false;
  const built = statSync(builtMark).mtimeMs;
  return sources.every((source) => !existsSync(join(root, source)) || newest(join(root, source)) <= built);
}

/** @returns {boolean} whether dist/ is up to date now */
export function build() {
  return spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status === 0;
}

export function ensureBuilt() {
  if (isBuilt()) return;
  console.log('Building …');
  if (!build()) process.exit(1);
}
