/** The folder that uploaded files go to: each is written whole or not at all. */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WasmFunctionError } from '../../host/errors';
import { RequestError } from './endpoint';

/** A file that is being written. */
const TEMPORARY = /^\.upload-[0-9a-f-]{36}$/;

export class UploadFolder {
  /** Names that are being stored, in lower case. */
  readonly #storing = new Set<string>();

  constructor(private readonly folder: string) {}

  /**
   * Whether a file may be stored under a name: looked at before it is received, and again when it is stored. Names
   * that differ in case only are one file on many systems, and so they are here.
   * @param size bytes: a file of as many may be the same one, which is no reason to ask anybody
   * @returns the name to store it under: that of the file it replaces, where there is one
   * @throws RequestError 409 where there is another file and it is not to be replaced, or is none
   */
  async check(name: string, replace: boolean, size: number | undefined): Promise<string> {
    const names = await this.#names();
    const taken = names.includes(name) ? name : names.find((each) => each.toLowerCase() === name.toLowerCase());
    if (taken === undefined) return name;
    const stats = await lstat(join(this.folder, taken)).catch(() => undefined);
    if (stats?.isDirectory() === true) {
      throw new RequestError(409, `"${taken}" is a folder, which no file replaces. Rename the file.`, 'folder');
    }
    if (!replace && !(stats?.isFile() === true && stats.size === size)) throw isTaken(taken);
    return taken;
  }

  /**
   * The same file once more is left as it is.
   * @returns the name it is stored under
   * @throws RequestError 409 as `check`, and where another file of that name is being stored; WasmFunctionError `file`
   * where it cannot be written: whatever was there before is then still there
   */
  async store(name: string, bytes: Uint8Array, replace: boolean): Promise<string> {
    const claimed = name.toLowerCase();
    if (this.#storing.has(claimed))
      throw new RequestError(409, `"${name}" is being stored just now. Try again.`, 'storing');
    this.#storing.add(claimed);
    try {
      const target = await this.check(name, replace, bytes.length);
      const there = replace ? undefined : await this.#read(target);
      if (there === undefined) await this.#write(target, bytes);
      else if (!there.equals(bytes)) throw isTaken(target);
      return target;
    } finally {
      this.#storing.delete(claimed);
    }
  }

  /** @throws RequestError 409 where something is there that cannot be read: it is not replaced unasked */
  async #read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.folder, name));
    } catch (error) {
      // what is wrong with the folder, writing says
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw isTaken(name);
    }
  }

  /** Removes what a crash has left half written. */
  async removeLeftovers(): Promise<void> {
    for (const name of await this.#names()) {
      if (TEMPORARY.test(name)) await rm(join(this.folder, name), { force: true }).catch(() => undefined);
    }
  }

  async #names(): Promise<string[]> {
    return readdir(this.folder).catch(() => []);
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    // written beside its place and renamed: no node ever loads half a module, and a link there is replaced, not followed
    const temporary = join(this.folder, `.upload-${randomUUID()}`);
    try {
      await mkdir(this.folder, { recursive: true });
      const handle = await open(temporary, 'wx', 0o644);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, join(this.folder, name));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      const why = reason(error as NodeJS.ErrnoException);
      throw new WasmFunctionError('file', `"${name}" could not be stored: ${why}`);
    }
  }
}

function isTaken(name: string): RequestError {
  return new RequestError(
    409,
    `There is another file "${name}" already. Rename yours, or replace the other one.`,
    'taken',
  );
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free some space and send it again.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return "Node-RED may not write to the folder wasm/ of its user directory. Give Node-RED's user that permission.";
    case 'EEXIST':
    case 'ENOTDIR':
      return 'wasm in the user directory of Node-RED is no folder. Move away what is there.';
    default:
      return `the system says ${code ?? message}. Check the disk and Node-RED's rights.`;
  }
}
