/** Which function a message goes to: always the same one, or one for each path that messages name. */
import { closedError, messageOf, WasmFunctionError } from '../../host/errors';
import type { FunctionState, WasmFunction } from '../../host/wasm-function';

/** Between looks for a file that was not found. */
const LOOK_AGAIN_MS = 1000;

/** Functions kept open for paths that messages name; each may hold a worker's instance. */
const KEPT_PATHS = 16;

export type OpenFunction = (file: string) => WasmFunction;

/** Who hears of the functions' states. */
export interface StateListener {
  /** The state of the function that messages go to. */
  show(state: FunctionState): void;
  /** Once where a function gets into trouble; not where it is shown again. */
  report(problem: WasmFunctionError): void;
}

export interface FunctionSource {
  /**
   * Takes the function for a path as the node or a message gives it; `release` follows when its call has ended.
   * @throws WasmFunctionError (rejects) `file`, `permission`, `closed`
   */
  acquire(path: unknown): WasmFunction | Promise<WasmFunction>;
  release(open: WasmFunction): void;
  close(): Promise<void>;
}

/** The function of a path that the flow's author typed; looks for a missing file until it appears. */
export class FixedFunction implements FunctionSource {
  #open: WasmFunction | undefined;
  #locating: Promise<WasmFunction> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reported = '';
  #closed = false;

  constructor(
    private readonly locate: () => Promise<string>,
    private readonly open: OpenFunction,
    private readonly listener: StateListener,
  ) {
    this.#look();
  }

  acquire(): WasmFunction | Promise<WasmFunction> {
    return this.#open ?? this.#find();
  }

  release(): void {
    // one function for the node's whole life: there is nothing to give back
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    // a search that is still going on opens nothing any more; on a network drive it may never end
    await this.#open?.close();
  }

  #look(): void {
    this.#find().catch(() => {
      // reported as the node's state; the file may appear at any time
      if (!this.#closed) this.#timer = setTimeout(() => this.#look(), LOOK_AGAIN_MS).unref();
    });
  }

  #find(): Promise<WasmFunction> {
    if (this.#open !== undefined) return Promise.resolve(this.#open);
    this.#locating ??= this.#locateAndOpen().finally(() => (this.#locating = undefined));
    return this.#locating;
  }

  async #locateAndOpen(): Promise<WasmFunction> {
    try {
      const file = await this.locate();
      if (this.#closed) throw closedError();
      const open = this.open(file);
      this.#open = open;
      const take = (state: FunctionState): void => tell(this.listener, state);
      take(open.state);
      open.onState(take);
      return open;
    } catch (error) {
      if (error instanceof WasmFunctionError && !this.#closed) this.#report(error);
      throw error;
    }
  }

  /** Once for each reason: the file is looked for again and again. */
  #report(error: WasmFunctionError): void {
    if (this.#reported === error.message) return;
    this.#reported = error.message;
    tell(this.listener, { kind: 'failed', error });
  }
}

function tell(listener: StateListener, state: FunctionState): void {
  listener.show(state);
  reportOf(listener, state);
}

function reportOf(listener: StateListener, state: FunctionState): void {
  const problem = problemOf(state);
  if (problem !== undefined) listener.report(problem);
}

function problemOf(state: FunctionState): WasmFunctionError | undefined {
  switch (state.kind) {
    case 'loading':
      return undefined;
    case 'ready':
      return state.refused;
    case 'failed':
      return state.error;
  }
}

interface KeptFunction {
  readonly file: string;
  readonly open: WasmFunction;
  calls: number;
  dropped: boolean;
}

/** A function for each path that messages or context name; the least recently used are closed. */
export class FunctionsByPath implements FunctionSource {
  /** By file, least recently used first. */
  readonly #kept = new Map<string, KeptFunction>();
  readonly #byFunction = new Map<WasmFunction, KeptFunction>();
  readonly #closing = new Set<Promise<void>>();
  #shown: KeptFunction | undefined;
  #closed = false;

  constructor(
    private readonly locate: (path: unknown) => Promise<string>,
    private readonly open: OpenFunction,
    private readonly listener: StateListener,
  ) {}

  async acquire(path: unknown): Promise<WasmFunction> {
    const file = await this.locate(path);
    if (this.#closed) throw closedError();
    const kept = this.#kept.get(file) ?? this.#keep(file);
    this.#kept.delete(file);
    this.#kept.set(file, kept);
    kept.calls += 1;
    if (this.#shown !== kept) {
      this.#shown = kept;
      this.listener.show(kept.open.state);
    }
    this.#dropOldest();
    return kept.open;
  }

  release(open: WasmFunction): void {
    const kept = this.#byFunction.get(open);
    if (kept === undefined) return;
    kept.calls -= 1;
    if (kept.dropped && kept.calls === 0) this.#close(kept);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const kept of [...this.#byFunction.values()]) this.#close(kept);
    await Promise.all([...this.#closing]);
  }

  #keep(file: string): KeptFunction {
    const open = this.open(file);
    const kept: KeptFunction = { file, open, calls: 0, dropped: false };
    this.#byFunction.set(open, kept);
    open.onState((state) => {
      if (this.#shown === kept) this.listener.show(state);
      reportOf(this.listener, state);
    });
    return kept;
  }

  /** A dropped function ends its calls first. */
  #dropOldest(): void {
    for (const kept of this.#kept.values()) {
      if (this.#kept.size <= KEPT_PATHS) return;
      this.#kept.delete(kept.file);
      kept.dropped = true;
      if (kept.calls === 0) this.#close(kept);
    }
  }

  #close({ file, open }: KeptFunction): void {
    this.#byFunction.delete(open);
    // mostly while messages go on, with nobody who waits for it
    const closing = open
      .close()
      .catch((error: unknown) => this.listener.report(notClosed(file, error)))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function notClosed(file: string, error: unknown): WasmFunctionError {
  return new WasmFunctionError(
    'closed',
    `A function could not be closed (${messageOf(error)}). Restart Node-RED if it keeps running.`,
    { file },
  );
}
