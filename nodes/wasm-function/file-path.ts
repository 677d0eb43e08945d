/** Where a module's path is looked for, and where a path that is not the flow author's may lead. */
import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { WasmFunctionError } from '../../host/errors';
import { MAX_PATH } from '../../host/limits';
import { MOST_LINKS, Roots, segmentsWithin } from './rooted-path';

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
    if (path.trim() === '') {
      throw new WasmFunctionError('file', "No module is chosen. Name a .wasm file in the node's properties.");
    }
    checkPath(path, "The module's path");
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
   * @param from what holds the path, as errors name it: `msg.file`
   * @throws WasmFunctionError `permission` where it leads out of them, `file` where nothing is there
   */
  async locateInside(path: unknown, from: string): Promise<string> {
    if (typeof path !== 'string' || path.trim() === '') {
      throw new WasmFunctionError(
        'file',
        `${from}, which is to name the module, is ${describe(path)}; text is needed. Set it to the path of a .wasm file.`,
      );
    }
    checkPath(path, `The path in ${from}`);
    // looked at as written first, so that the answer for a path outside says nothing about what is there
    const candidates = isAbsolute(path) ? [resolve(path)] : this.searched.map((folder) => join(folder, path));
    const allowed = candidates.filter((candidate) => isBelowOneOf(candidate, this.roots));
    if (allowed.length === 0) throw this.#outside(path, from);
    const roots = await this.rootsNow();
    for (const candidate of allowed) {
      const followed = await roots.follow(candidate);
      switch (followed.kind) {
        case 'there':
          return followed.path;
        case 'outside':
          throw this.#outside(path, from);
        case 'circle':
        case 'deep':
          throw badLink(followed.kind, path, from);
        case 'missing':
      }
    }
    const hint = `Check the path, or put the module there.${homeHint(path)}`;
    throw new WasmFunctionError(
      'file',
      `The file that ${from} names, "${path}", is not in ${list(this.roots)}. ${hint}`,
      { file: path },
    );
  }

  /** The roots that are there, links resolved. */
  rootsNow(): Promise<Roots> {
    return Roots.at(this.roots);
  }

  #outside(path: string, from: string): WasmFunctionError {
    return new WasmFunctionError(
      'permission',
      `The file that ${from} names, "${path}", lies outside the folders that a path from a message or context may point into ` +
        `(${list(this.roots)}). Put the module into one of them, or name its folder in wasmFunctionRoots in settings.js.`,
      { file: path },
    );
  }
}

function badLink(kind: 'circle' | 'deep', path: string, from: string): WasmFunctionError {
  return new WasmFunctionError(
    'file',
    kind === 'circle'
      ? `The file that ${from} names, "${path}", is a link that leads back to itself, or lies behind one. Replace the link by what it is to stand for.`
      : `The file that ${from} names, "${path}", lies behind more than ${String(MOST_LINKS)} links. Name the file that they lead to.`,
    { file: path },
  );
}

/**
 * What no file can be called by, whatever is there.
 * @param subject of the sentence that says what is wrong; the path is not told
 * @throws WasmFunctionError `file`
 */
export function checkPath(path: string, subject: string): void {
  if (path.length > MAX_PATH) {
    throw new WasmFunctionError('file', `${subject} has more than ${String(MAX_PATH)} characters. Correct it.`);
  }
  if (path.includes('\0')) throw new WasmFunctionError('file', `${subject} has a NUL character in it. Correct it.`);
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
  if (typeof value === 'string') return 'blank';
  return value === undefined || value === null ? String(value) : `of type ${typeof value}`;
}
