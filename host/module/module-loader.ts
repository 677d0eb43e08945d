import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { closedError, fromErrorData, WasmFunctionError } from '../errors';
import { LOAD_TIMEOUT } from '../limits';
import { endThread, startThread } from '../thread';
import type { LoadedModule, LoaderAnswer, LoadRequest } from './loader-messages';

/** Milliseconds without a request after which the thread is ended: it holds some 10 MiB. */
const IDLE = 5000;
/** JavaScript heap of the thread, in MiB: a hostile file ends the thread, not Node-RED. */
const LOADER_HEAP = 512;

interface Job {
  readonly request: LoadRequest;
  readonly resolve: (loaded: LoadedModule) => void;
  readonly reject: (error: WasmFunctionError) => void;
}

/** Loads modules in a thread of its own, one at a time, each within LOAD_TIMEOUT. */
export class ModuleLoader {
  #thread: Worker | undefined;
  #current: Job | undefined;
  #waiting: Job[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param timeoutOf seconds that a request is given */
  constructor(private readonly timeoutOf: (request: LoadRequest) => number = () => LOAD_TIMEOUT) {}

  /**
   * @param signal refuses the request with `closed` at once: one that waits is dropped; one that is being loaded goes on
   * for nobody, since its thread cannot be interrupted without starting another
   * @throws WasmFunctionError (rejects) `file`, `module`, `memory`, `closed`
   */
  load(request: LoadRequest, signal?: AbortSignal): Promise<LoadedModule> {
    if (this.#closed || signal?.aborted === true) return Promise.reject(closedError());
    return new Promise<LoadedModule>((resolve, reject) => {
      const drop = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== job);
        job.reject(closedError());
      };
      const settled = (): void => signal?.removeEventListener('abort', drop);
      const job: Job = {
        request,
        resolve: (loaded) => (settled(), resolve(loaded)),
        reject: (error) => (settled(), reject(error)),
      };
      signal?.addEventListener('abort', drop, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(closedError());
    this.#current?.reject(closedError());
    this.#current = undefined;
    await this.#end();
  }

  #next(): void {
    if (this.#current !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) {
      this.#timer = setTimeout(() => void this.#end(), IDLE);
      this.#timer.unref();
      this.#thread?.unref();
      return;
    }
    const { request } = this.#current;
    try {
      this.#thread ??= this.#start();
    } catch (error) {
      // the thread was refused: this module fails, and the next one asks for a thread again
      this.#giveUp(error as WasmFunctionError);
      return;
    }
    this.#thread.ref();
    this.#thread.postMessage(request);
    const timeout = this.timeoutOf(request);
    this.#timer = setTimeout(() => {
      this.#giveUp(slowModule(timeout));
    }, timeout * 1000);
  }

  /** @throws WasmFunctionError `closed` */
  #start(): Worker {
    const options = { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: LOADER_HEAP } };
    const thread = startThread(() => new Worker(join(__dirname, 'loader-worker.js'), options));
    thread.on('message', (answer: LoaderAnswer) => {
      // the answer of a thread that was given up is too late, and belongs to no job that waits now
      if (this.#thread !== thread) return;
      if (answer.kind === 'loaded')
        this.#finish((job) => {
          job.resolve(answer.loaded);
        });
      else
        this.#finish((job) => {
          job.reject(fromErrorData(answer.error));
        });
    });
    thread.on('error', (error) => {
      if (this.#thread === thread) this.#giveUp(loaderDied(error));
    });
    return thread;
  }

  #finish(settle: (job: Job) => void): void {
    const job = this.#current;
    this.#current = undefined;
    if (job !== undefined) settle(job);
    this.#next();
  }

  #giveUp(error: WasmFunctionError): void {
    void this.#end();
    this.#finish((job) => {
      job.reject(error);
    });
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.ref();
    if (thread !== undefined) await endThread(thread);
  }
}

/** Loading took too long: for the module, or for what else the machine had to do meanwhile. */
export class SlowModuleError extends WasmFunctionError {}

/** @param timeout seconds */
function slowModule(timeout: number): SlowModuleError {
  return new SlowModuleError(
    'module',
    `The module could not be loaded within ${String(timeout)} s: it is too large, or made to be slow, or the machine is busy. ` +
      'Build a smaller one (wasm-opt -Oz), or wait until there is less to do.',
  );
}

function loaderDied(reason: Error): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `The module ended the thread that was to load it (${reason.message}). Build a smaller one (wasm-opt -Oz).`,
  );
}
