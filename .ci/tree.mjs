// Looks at the tracked files as they would be published: no path or host of the machine they were made on, no file
// that has grown beyond reading.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/root.mjs';

const longest = 350;
const complaints = [];

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));

/** The home folder and the repository's as whole path segments: `./root.mjs` is no home folder. */
const own = [homedir(), root]
  .filter((path) => path.length > 1)
  .map((path) => new RegExp(`(?<![\\w.])${escaped(path)}(?![\\w.-])`));
const home = /\/(?:home|Users)\/(?!user\b|me\b)[a-z][\w.-]*\//;

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

for (const file of tracked) {
  const text = readFileSync(join(root, file), 'latin1');
  for (const pattern of [...own, home]) {
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) complaints.push(`${file} names ${found}, a path of one machine`);
  }
  const lines = text.split('\n').length - 1;
  if (file.endsWith('.ts') && !file.startsWith('test/') && lines > longest) {
    complaints.push(`${file} has ${String(lines)} lines; at most ${String(longest)} are read with pleasure: divide it`);
  }
}

if (readFileSync(join(root, 'package-lock.json'), 'utf8').includes('"resolved": "http')) {
  complaints.push('package-lock.json names the host packages came from: npm install with this .npmrc leaves it out');
}

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
