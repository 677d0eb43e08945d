import { setTimeout as sleep } from 'node:timers/promises';
import { endpointText, type Endpoint } from './endpoint';
import { YomoError } from './errors';
import { FIRST_RETRY, LONGEST_RETRY, MAX_REDIRECTS, STABLE_AFTER } from './limits';
import type { SessionEnd } from './session-end';
import type { Log } from './settings';
import type { StateListener, YomoState } from './state';

type Loss = Pick<SessionEnd & { readonly kind: 'lost' }, 'reason' | 'obstacle'>;

export interface Attempts {
  /** One connection, from dialling it to its end; never rejected. */
  connect(endpoint: Endpoint, signal: AbortSignal): Promise<SessionEnd>;
  /** No other attempt is made. */
  refused(error: YomoError): void;
}

/** Connects again after every loss, later and later, unless the zipper refuses; and tells how it stands. */
export class Reconnection {
  readonly #own: Endpoint;
  readonly #log: Log | undefined;
  readonly #attempts: Attempts;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<StateListener>();
  #state: YomoState = { kind: 'connecting' };
  #running: Promise<void> | undefined;
  /** Ends the waiting for the next attempt. */
  #endWait: (() => void) | undefined;
  /** When the zipper took the client that is there; undefined while there is none. */
  #connectedAt: number | undefined;
  /** Attempts since a connection has lasted. */
  #retries = 0;
  #hasHurried = false;
  /** What the log has been told last. */
  #said = '';

  constructor(own: Endpoint, log: Log | undefined, attempts: Attempts) {
    this.#own = own;
    this.#log = log;
    this.#attempts = attempts;
  }

  get state(): YomoState {
    return this.#state;
  }

  /** @returns what ends it */
  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Connects, and goes on doing so until it is closed or refused. */
  open(): void {
    if (this.#abort.signal.aborted) return;
    this.#running ??= this.#run(this.#abort.signal);
  }

  /**
   * An attempt that is waited for is made now; once until a connection has lasted, or clients of a zipper that sends each
   * of them away would drive each other on.
   */
  hurry(): void {
    if (this.#hasHurried || this.#endWait === undefined) return;
    this.#hasHurried = true;
    this.#endWait();
  }

  /** The zipper has taken the client. */
  connected(endpoint: Endpoint): void {
    this.#connectedAt = performance.now();
    const text = endpointText(endpoint);
    this.#set({ kind: 'connected', endpoint: text });
    this.#say(`Connected to the zipper ${text}.`, 'info');
  }

  /** Resolves when nothing of a connection is left. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#set({ kind: 'closed' });
  }

  async #run(signal: AbortSignal): Promise<void> {
    let endpoint = this.#own;
    let redirects = 0;
    while (!signal.aborted) {
      this.#set({ kind: 'connecting' });
      this.#connectedAt = undefined;
      const end = await this.#attempts.connect(endpoint, signal);
      if (end.kind === 'closed') return;
      if (end.kind === 'refused') {
        this.#give(end.error);
        return;
      }
      if (end.kind === 'redirected' && redirects < MAX_REDIRECTS) {
        redirects += 1;
        endpoint = end.endpoint;
        continue;
      }
      if (this.#hasLasted()) {
        this.#retries = 0;
        this.#hasHurried = false;
      }
      endpoint = this.#own;
      redirects = 0;
      await this.#wait(lossOf(end), this.#retries, signal);
      this.#retries += 1;
    }
  }

  /** Whether the connection that has just ended was one, and for some time; what it took to be made does not count. */
  #hasLasted(): boolean {
    return this.#connectedAt !== undefined && performance.now() - this.#connectedAt > STABLE_AFTER;
  }

  /** Up to half of the time is left out at random, so that clients of a zipper that restarts do not come all at once. */
  async #wait({ reason, obstacle }: Loss, retries: number, signal: AbortSignal): Promise<void> {
    const longest = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** retries);
    const retryIn = Math.round(longest * (1 - Math.random() / 2));
    this.#set({ kind: 'waiting', reason, ...(obstacle === undefined ? {} : { obstacle }), retryIn });
    this.#say(reason, 'warn');
    const wait = new AbortController();
    const end = (): void => {
      wait.abort();
    };
    this.#endWait = end;
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    await sleep(retryIn, undefined, { signal: wait.signal }).catch(() => undefined);
    signal.removeEventListener('abort', end);
    this.#endWait = undefined;
  }

  #give(error: YomoError): void {
    this.#attempts.refused(error);
    this.#set({ kind: 'rejected', code: error.code, reason: error.message });
    // As a node is logged whose properties cannot be used before there is a client.
    this.#say(error.message, error.code === 'configuration' ? 'error' : 'warn');
  }

  #set(state: YomoState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** Once, however often it is tried again for the same reason. */
  #say(text: string, level: keyof Log): void {
    if (this.#said === text) return;
    this.#said = text;
    this.#log?.[level](text);
  }
}

function lossOf(end: SessionEnd & { readonly kind: 'lost' | 'redirected' }): Loss {
  return end.kind === 'lost' ? end : { reason: redirectError().message };
}

function redirectError(): YomoError {
  return new YomoError(
    'zipper',
    `Zippers sent the client on more than ${String(MAX_REDIRECTS)} times, which may be a circle. Look at their configuration.`,
  );
}
