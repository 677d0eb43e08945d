import { unwatchFile, watchFile } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AbiName } from '../abi/adapter';
import { messageOf, WasmFunctionError } from '../errors';
import { memoryCap, MIB, PAGE_SIZE } from '../limits';
import { declarationPaths } from './declarations';
import type { LoadedModule } from './loader-messages';
import { SlowModuleError, type ModuleLoader } from './module-loader';

/** Milliseconds between looks at a file. Polling sees what file events miss: network drives, containers, renames. */
const WATCH_INTERVAL = 1000;

/**
 * Milliseconds within which a file may change a second time and keep its time stamps: FAT counts in two seconds, some
 * network drives in one, and the others in the ticks of the system's clock. Size and times say nothing of such a change.
 */
const TIMESTAMP_TICK = 2000;

/** Milliseconds until a module is asked for again that could not be loaded for want of a thread. */
const RETRY_AFTER = 1000;

/**
 * Milliseconds until a module is asked for again that took too long, at first and at most: each time twice as long. The
 * machine may have been busy; a module made to be slow keeps the others waiting for no more than a tenth of the time.
 */
const SLOW_RETRY = { first: 60_000, most: 300_000 } as const;

/** Which module, and as what. Those who ask for the same share one entry. */
export interface ModuleRequest {
  /** Absolute path. */
  readonly file: string;
  /** MiB of linear memory. */
  readonly memory: number;
  readonly abi: AbiName | 'auto';
  readonly export: string;
}

export type ModuleOutcome =
  | { readonly kind: 'loaded'; readonly loaded: LoadedModule }
  | { readonly kind: 'failed'; readonly error: WasmFunctionError };

export type ModuleListener = (outcome: ModuleOutcome) => void;

/** Keeps each module once, whoever uses it, and tells its users when the file's content changes. */
export class ModuleStore {
  readonly #entries = new Map<string, StoreEntry>();
  /** Descriptions and compiled modules by content and memory, as long as anybody uses them. */
  readonly #cores = new Map<string, WeakRef<NonNullable<LoadedModule['core']>>>();

  constructor(
    private readonly loader: ModuleLoader,
    /** MiB. */
    private readonly maxFileSize: number,
    private readonly slowRetry: { readonly first: number; readonly most: number } = SLOW_RETRY,
  ) {}

  /**
   * @param listener called once the module is there or has failed, and again at each change of that
   * @returns ends the subscription
   */
  subscribe(request: ModuleRequest, listener: ModuleListener): () => void {
    const key = JSON.stringify([request.file, request.memory, request.abi, request.export]);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new StoreEntry(request.file, () => this.#load(request), this.slowRetry);
      this.#entries.set(key, entry);
    }
    const subscribed = entry;
    subscribed.add(listener);
    return () => {
      if (subscribed.remove(listener)) this.#entries.delete(key);
    };
  }

  async #load(request: ModuleRequest): Promise<ModuleOutcome> {
    try {
      const loaded = await this.loader.load({
        source: { kind: 'file', file: request.file },
        maxFileSize: this.maxFileSize * MIB,
        memoryPages: memoryCap(request.memory) / PAGE_SIZE,
        abi: request.abi,
        export: request.export,
      });
      return { kind: 'loaded', loaded: this.#shared(loaded, request.memory) };
    } catch (error) {
      if (error instanceof SlowModuleError) return { kind: 'failed', error: triedAgain(error) };
      return { kind: 'failed', error: error instanceof WasmFunctionError ? error : notTaken(error) };
    }
  }

  /** The same with the description and compiled module that others of this content use already. */
  #shared(loaded: LoadedModule, memory: number): LoadedModule {
    if (loaded.core === undefined) return loaded;
    const key = `${loaded.inspection.hash} ${String(memory)}`;
    const core = this.#cores.get(key)?.deref();
    if (core !== undefined) return { ...loaded, core };
    for (const [other, reference] of this.#cores) {
      if (reference.deref() === undefined) this.#cores.delete(other);
    }
    this.#cores.set(key, new WeakRef(loaded.core));
    return loaded;
  }
}

/** One file as one kind of user sees it: loaded at once, loaded again when it changes. */
class StoreEntry {
  readonly #listeners = new Set<ModuleListener>();
  #outcome: ModuleOutcome | undefined;
  #isLoading = false;
  #isStale = false;
  #lookAgain: NodeJS.Timeout | undefined;
  /** The time of the change after which it was looked a second time. */
  #lookedAgainAfter = 0;
  #retry: NodeJS.Timeout | undefined;
  #slowDelay: number;

  /** The module and the places of a `.d.ts` beside it. */
  readonly #watched: readonly string[];

  constructor(
    file: string,
    private readonly load: () => Promise<ModuleOutcome>,
    private readonly slowRetry: { readonly first: number; readonly most: number },
  ) {
    this.#slowDelay = slowRetry.first;
    this.#watched = [file, ...declarationPaths(file)];
    // watched before they are read, so that no change falls between
    for (const path of this.#watched) {
      watchFile(path, { interval: WATCH_INTERVAL, persistent: false }, this.#reload);
    }
    this.#reload();
  }

  add(listener: ModuleListener): void {
    this.#listeners.add(listener);
    const outcome = this.#outcome;
    if (outcome !== undefined) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener(outcome);
      });
    }
  }

  /** @returns whether that was the last one; the entry is closed then */
  remove(listener: ModuleListener): boolean {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return false;
    clearTimeout(this.#lookAgain);
    clearTimeout(this.#retry);
    for (const path of this.#watched) unwatchFile(path, this.#reload);
    return true;
  }

  readonly #reload = (): void => {
    if (this.#isLoading) {
      this.#isStale = true;
      return;
    }
    this.#isLoading = true;
    this.#isStale = false;
    clearTimeout(this.#retry);
    void this.load().then((outcome) => {
      this.#isLoading = false;
      if (!isSame(this.#outcome, outcome)) {
        this.#outcome = outcome;
        for (const listener of [...this.#listeners]) listener(outcome);
      }
      if (this.#listeners.size === 0) return;
      if (this.#isStale) this.#reload();
      else this.#lookLater(outcome);
    });
  };

  /** Reads once more what had only just changed when it was read: there may have been another change in the same tick. */
  async #distrustRecent(): Promise<void> {
    const changed = await latestChange(this.#watched);
    if (this.#listeners.size === 0 || changed === this.#lookedAgainAfter) return;
    // a drive's clock may be ahead of this one
    if (Date.now() - changed > TIMESTAMP_TICK) return;
    this.#lookedAgainAfter = changed;
    clearTimeout(this.#lookAgain);
    this.#lookAgain = setTimeout(this.#reload, TIMESTAMP_TICK);
    this.#lookAgain.unref();
  }

  #lookLater(outcome: ModuleOutcome): void {
    const error = outcome.kind === 'failed' ? outcome.error : undefined;
    // nothing is wrong with the file, so no change of it would end these two
    if (error instanceof SlowModuleError) {
      this.#reloadAfter(this.#slowDelay);
      this.#slowDelay = Math.min(2 * this.#slowDelay, this.slowRetry.most);
      return;
    }
    this.#slowDelay = this.slowRetry.first;
    if (error?.code === 'closed') this.#reloadAfter(RETRY_AFTER);
    else void this.#distrustRecent();
  }

  #reloadAfter(milliseconds: number): void {
    this.#retry = setTimeout(this.#reload, milliseconds);
    this.#retry.unref();
  }
}

/** Of files that may be missing: milliseconds since 1970. A rename keeps the time of the content and sets the other. */
async function latestChange(paths: readonly string[]): Promise<number> {
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs, ctimeMs }) => Math.max(mtimeMs, ctimeMs),
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}

function triedAgain(error: SlowModuleError): SlowModuleError {
  return new SlowModuleError(error.code, `${error.message} It is tried again, later each time, up to every 5 minutes.`);
}

/** A fault of ours rather than the module's; the node answers with it instead of ending Node-RED. */
export function notTaken(error: unknown): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `The module could not be put to use (${messageOf(error)}). Deploy again, or choose another.`,
  );
}

function isSame(before: ModuleOutcome | undefined, after: ModuleOutcome): boolean {
  if (before?.kind === 'loaded' && after.kind === 'loaded') {
    return before.loaded.fingerprint === after.loaded.fingerprint;
  }
  return before?.kind === 'failed' && after.kind === 'failed' && before.error.message === after.error.message;
}
