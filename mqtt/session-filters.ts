import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from './errors';

/**
 * What kept sessions are, or may be, subscribed to, by client, so that a changed topic gives up the old one: a broker
 * cannot be asked. It outlives the clients on purpose, and with a file the process too.
 */
export class SessionFilters {
  readonly #file: string | undefined;
  readonly #warn: (text: string) => void;
  readonly #filters: Map<string, readonly string[]>;
  #written: Promise<void> = Promise.resolve();

  /** @param file where they are kept, as a JSON object; undefined keeps them in memory only */
  constructor(file: string | undefined, warn: (text: string) => void) {
    this.#file = file;
    this.#warn = warn;
    this.#filters = new Map(file === undefined ? [] : this.#read(file));
  }

  get(client: string): readonly string[] {
    return this.#filters.get(client) ?? [];
  }

  set(client: string, filters: readonly string[]): void {
    if (isDeepStrictEqual(this.#filters.get(client), filters)) return;
    this.#filters.set(client, filters);
    this.#write();
  }

  delete(client: string): void {
    if (this.#filters.delete(client)) this.#write();
  }

  /** Resolves when the file is up to date. */
  written(): Promise<void> {
    return this.#written;
  }

  #read(file: string): [string, readonly string[]][] {
    try {
      const saved: unknown = JSON.parse(readFileSync(file, 'utf8'));
      return Object.entries(saved ?? {}).map(([client, filters]) => [client, texts(filters)]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#warn(
          `${file} cannot be read (${messageOf(error)}), so topics that were changed meanwhile stay subscribed. Mend or delete the file.`,
        );
      }
      return [];
    }
  }

  /** One after the other, each whole or not at all. */
  #write(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#written = this.#written
      .then(async () => {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(`${file}.new`, `${JSON.stringify(Object.fromEntries(this.#filters), undefined, 2)}\n`);
        await rename(`${file}.new`, file);
      })
      .catch((error: unknown) => {
        this.#warn(
          `${file} cannot be written (${messageOf(error)}), so a topic changed before the next start stays subscribed. Give Node-RED the right to write there.`,
        );
      });
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
