/** Uploaded modules: the folder they go to, and what of it the editor may offer. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WasmFunctionError } from '../../host/errors';
import type { ModulePaths } from './file-path';

/** Folders below those searched that hold modules this package ships. */
const SHIPPED = ['triple/pkg'];
const MOST_LISTED = 500;
const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}\.wasm$/;
/** Names that Windows takes for devices, whatever follows the first dot. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com\d|lpt\d)\s*\./i;

export interface ListedModule {
  /** As a node's `file` names it. */
  readonly file: string;
  readonly folder: string;
}

/** @throws WasmFunctionError `file` where the name could lead anywhere but into the folder */
export function checkUploadName(name: unknown): string {
  if (typeof name === 'string' && SAFE_NAME.test(name) && !DEVICE_NAME.test(name)) return name;
  throw new WasmFunctionError(
    'file',
    'A module is stored under a name of at most 105 letters, digits, dots, dashes, spaces and underscores that ends in .wasm. Rename the file.',
  );
}

/** @throws WasmFunctionError `file` where the file cannot be written; whatever was there before is then still there */
export async function storeModule(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const target = join(folder, name);
  // written beside its place and renamed, so that no node ever loads half a module
  const temporary = join(folder, `.${name}.${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    const reason = (error as Error).message;
    throw new WasmFunctionError(
      'file',
      `"${name}" could not be stored (${reason}). Check the disk and Node-RED's rights.`,
    );
  }
}

/** The .wasm files that can be named in the editor; of two with one path, the one that would be found. */
export async function listModules(paths: ModulePaths, roots: readonly string[]): Promise<readonly ListedModule[]> {
  const found = new Map<string, ListedModule>();
  const add = (file: string, folder: string): void => {
    if (!found.has(file) && found.size < MOST_LISTED) found.set(file, { file, folder });
  };
  for (const folder of paths.searched) {
    for (const name of await wasmFiles(folder)) add(name, folder);
    for (const shipped of SHIPPED) {
      for (const name of await wasmFiles(join(folder, shipped))) add(`${shipped}/${name}`, folder);
    }
  }
  for (const folder of roots) for (const name of await wasmFiles(folder)) add(join(folder, name), folder);
  return [...found.values()].sort((a, b) => a.file.localeCompare(b.file));
}

async function wasmFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && entry.name.endsWith('.wasm'))
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry) => entry.name);
  } catch {
    // a folder that is not there, or that Node-RED may not read, offers nothing
    return [];
  }
}

export async function isStored(folder: string, name: string): Promise<boolean> {
  return stat(join(folder, name)).then(
    () => true,
    () => false,
  );
}
