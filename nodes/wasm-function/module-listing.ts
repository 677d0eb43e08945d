/** What the editor may offer of the folders in which modules are looked for. */
import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { LISTING, MAX_PATH } from '../../host/limits';
import type { ModulePaths } from './file-path';
import { isShownName, type Followed, type Roots } from './rooted-path';

/** Folders below those searched that hold modules this package ships. */
const SHIPPED = ['triple/pkg'];

export interface ListedModule {
  /** As a node's `file` names it. */
  readonly file: string;
  readonly folder: string;
  /** Whether it lies in the folder that uploads go to. */
  readonly uploaded: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export interface Completion {
  /** What is typed, and how it goes on. */
  readonly value: string;
  readonly kind: 'file' | 'folder';
}

type There = Extract<Followed, { kind: 'there' }>;

interface Entry {
  readonly name: string;
  readonly there: There;
}

/** The .wasm files that can be named in the editor; of two with one path, the one that would be found. */
export async function listModules(paths: ModulePaths): Promise<readonly ListedModule[]> {
  const roots = await paths.rootsNow();
  const found = new Map<string, ListedModule>();
  const add = async (folder: string, below: string, fileOf: (name: string) => string): Promise<void> => {
    for await (const { name, there } of shownEntries(roots, join(folder, below), isModuleName)) {
      if (found.size >= LISTING.modules) return;
      const file = fileOf(name);
      if (!there.stats.isFile() || found.has(file)) continue;
      const { size, mtimeMs } = there.stats;
      found.set(file, { file, folder, uploaded: folder === paths.uploads, size, modified: Math.round(mtimeMs) });
    }
  };
  for (const folder of paths.searched) {
    await add(folder, '', (name) => name);
    for (const below of SHIPPED) await add(folder, below, (name) => `${below}/${name}`);
  }
  for (const folder of paths.roots) {
    if (!paths.searched.includes(folder)) await add(folder, '', (name) => join(folder, name));
  }
  return [...found.values()].sort((a, b) => a.file.localeCompare(b.file));
}

/**
 * Modules and folders that continue what is typed: a relative path in the folders that are searched, an absolute one
 * only inside them and the configured roots. Nothing elsewhere is looked at.
 */
export async function completePath(paths: ModulePaths, typed: string): Promise<readonly Completion[]> {
  if (typed.length > MAX_PATH || typed.includes('\0')) return [];
  const cut = Math.max(typed.lastIndexOf('/'), typed.lastIndexOf(sep)) + 1;
  const folder = typed.slice(0, cut);
  const start = typed.slice(cut).toLowerCase();
  const roots = await paths.rootsNow();
  const found = new Map<string, Completion>();
  const goesOn = (name: string): boolean => name.toLowerCase().startsWith(start);
  const folders = isAbsolute(typed) ? [resolve(folder)] : paths.searched.map((each) => join(each, folder));
  for (const each of folders) {
    for await (const { name, there } of shownEntries(roots, each, goesOn)) {
      const kind = there.stats.isDirectory() ? 'folder' : 'file';
      if (kind === 'file' && !(there.stats.isFile() && isModuleName(name))) continue;
      const value = kind === 'folder' ? `${folder}${name}/` : `${folder}${name}`;
      if (!found.has(value)) found.set(value, { value, kind });
    }
  }
  if (isAbsolute(typed)) {
    for (const root of paths.roots) {
      const value = `${root}${sep}`;
      if (value !== typed && value.startsWith(typed)) found.set(value, { value, kind: 'folder' });
    }
  }
  const byName = (a: Completion, b: Completion): number => a.value.localeCompare(b.value);
  return [...found.values()].sort(byName).slice(0, LISTING.completions);
}

/** The entries of a folder that may be shown, links followed; none of a folder that is not there or lies elsewhere. */
async function* shownEntries(
  roots: Roots,
  folder: string,
  isWanted: (name: string) => boolean,
): AsyncGenerator<Entry, void> {
  const opened = await roots.follow(folder);
  if (opened.kind !== 'there' || !roots.isShown(opened.path)) return;
  for await (const { name } of entriesOf(opened.path)) {
    if (!isShownName(name) || !isWanted(name)) continue;
    const there = await roots.follow(join(opened.path, name));
    if (there.kind === 'there' && roots.isShown(there.path)) yield { name, there };
  }
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent, void> {
  try {
    let looked = 0;
    for await (const entry of await opendir(folder)) {
      yield entry;
      if (++looked >= LISTING.entries) return;
    }
  } catch {
    // no folder, or one that Node-RED may not read: it offers nothing
  }
}

function isModuleName(name: string): boolean {
  return name.endsWith('.wasm');
}
