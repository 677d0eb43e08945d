/** Where a module's path is looked for, and where a path that is not the flow author's may lead. */
import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { WasmFunctionError } from '../../host/errors';
import { MAX_PATH } from '../../host/limits';
import { Roots, segmentsWithin } from './rooted-path';

export interface ModuleFolders {
  readonly workingDirectory: string | undefined;
  readonly userDirectory: string | undefined;
  /** This package itself, so that the modules it ships work wherever it is installed. */
  readonly packageFolder: string;
  /** Further folders that a path from a message or context may point into (`wasmFunctionRoots`). */
  readonly roots: readonly string[];
}

export class ModulePaths {
  /** Folders a relative path is looked for in, the first that has it wins. */
  readonly searched: readonly string[];
  /** Where uploads go; undefined where Node-RED has no user directory. */
  readonly uploads: string | undefined;
  /** Folders that a path from a message or context may point into, those searched included. */
  readonly roots: readonly string[];

  constructor(folders: ModuleFolders) {
    const { workingDirectory, userDirectory, packageFolder, roots } = folders;
    this.uploads = userDirectory === undefined ? undefined : resolve(userDirectory, 'wasm');
    this.searched = [workingDirectory, userDirectory, this.uploads, packageFolder]
      .filter((folder): folder is string => folder !== undefined && folder !== '')
      .map((folder) => resolve(folder));
    this.roots = [...this.searched, ...roots.map((folder) => resolve(folder))];
  }

  /**
   * A path that the flow's author typed: it may be anywhere.
   * @returns an absolute path, of a file that was there a moment ago where the path is relative
   * @throws WasmFunctionError `file`
   */
  async locate(path: string): Promise<string> {
    checkPath(path);
    if (isAbsolute(path)) return path;
    for (const folder of this.searched) {
      const candidate = join(folder, path);
      if (await exists(candidate)) return candidate;
    }
    throw new WasmFunctionError(
      'file',
      `There is no file "${path}" in ${list(this.searched)}. Check the path, or put the module there.${homeHint(path)}`,
      { file: path },
    );
  }

  /**
   * A path from a message or from context: it stays inside the known folders and the configured roots, links
   * resolved.
   * @throws WasmFunctionError `permission` where it leads out of them, `file` where nothing is there
   */
  async locateInside(path: unknown): Promise<string> {
    if (typeof path !== 'string') {
      throw new WasmFunctionError(
        'file',
        `The path of the module, as the message or context gives it, is ${describe(path)}; text is needed.`,
      );
    }
    checkPath(path);
    // looked at as written first, so that the answer for a path outside says nothing about what is there
    const candidates = isAbsolute(path) ? [resolve(path)] : this.searched.map((folder) => join(folder, path));
    const allowed = candidates.filter((candidate) => isBelowOneOf(candidate, this.roots));
    if (allowed.length === 0) throw this.#outside(path);
    const roots = await this.rootsNow();
    for (const candidate of allowed) {
      const followed = await roots.follow(candidate);
      if (followed.kind === 'outside') throw this.#outside(path);
      if (followed.kind === 'there') return followed.path;
    }
    throw new WasmFunctionError(
      'file',
      `There is no file "${path}" in ${list(this.roots)}. Check the path, or put the module there.${homeHint(path)}`,
      { file: path },
    );
  }

  /** The roots that are there, links resolved. */
  rootsNow(): Promise<Roots> {
    return Roots.at(this.roots);
  }

  #outside(path: string): WasmFunctionError {
    return new WasmFunctionError(
      'permission',
      `"${path}" lies outside the folders that a path from a message or context may point into ` +
        `(${list(this.roots)}). Put the module into one of them, or name its folder in wasmFunctionRoots in settings.js.`,
      { file: path },
    );
  }
}

function checkPath(path: string): void {
  if (path.trim() === '') {
    throw new WasmFunctionError('file', "No module is chosen. Name a .wasm file in the node's properties.");
  }
  if (path.length > MAX_PATH) {
    throw new WasmFunctionError(
      'file',
      `The module's path has more than ${String(MAX_PATH)} characters. Correct the path.`,
    );
  }
  if (path.includes('\0'))
    throw new WasmFunctionError('file', "The module's path has a NUL character in it. Correct the path.");
}

/** A shell replaces `~` by the home folder; here it is a name like any other. */
function homeHint(path: string): string {
  return /^~[\\/]/.test(path) ? ' A "~" is not replaced by the home folder: write the folder itself.' : '';
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // a link in a circle is there: whoever opens it says what is wrong with it
    return (error as NodeJS.ErrnoException).code === 'ELOOP';
  }
}

function isBelowOneOf(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => (segmentsWithin(folder, path)?.length ?? 0) > 0);
}

function list(folders: readonly string[]): string {
  return folders.map((folder) => `"${folder}"`).join(', ');
}

function describe(value: unknown): string {
  return value === undefined || value === null ? String(value) : `of type ${typeof value}`;
}
