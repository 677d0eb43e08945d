/** What others ask of a tool: each stream from its opening until its request is answered. */
import { Deferred } from '../deferred';
import { messageOf } from '../errors';
import { MAX_REQUEST_BYTES, MAX_REQUESTS, REQUEST_TIMEOUT } from '../limits';
import type { ByteStream } from '../transport';
import { readMessage, type Message } from './exchange';
import { parseRequestHead, type RequestHead } from './heads';
import { refuse, ToolRequest } from './request';

export interface IncomingOptions {
  /** Milliseconds from the opening of its stream that a request is kept open for its answer. */
  readonly answerTimeout: number;
  /** Milliseconds a request may take until it is whole; REQUEST_TIMEOUT unless told. */
  readonly requestTimeout?: number;
  /** Requests at once, whole or not; MAX_REQUESTS unless told. */
  readonly maxRequests?: number;
  /** Bytes of all of them, heads and bodies; MAX_REQUEST_BYTES unless told. */
  readonly maxBytes?: number;
}

/** A request of which not all has come. */
interface Unfinished {
  /** Ends the reading with a `Refusal`. */
  readonly stop: AbortController;
  /** Resolved when all of it has come, or its refusal has been handed to the connection. */
  readonly settled: Deferred<undefined>;
  bytes: number;
}

/** A status, as in HTTP, and the words that go with it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

/**
 * The requests of one client, which strangers send. They are bounded in number, memory and time: where there is no room,
 * the one that has been unfinished for longest makes it, so that nobody can keep others out by requests that never end.
 */
export class IncomingRequests {
  readonly #answerTimeout: number;
  readonly #requestTimeout: number;
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  /** The oldest one first. */
  readonly #unfinished = new Set<Unfinished>();
  readonly #open = new Set<ToolRequest>();
  /** Of all of them, whole or not. */
  #bytes = 0;
  #lastAnswered = -Infinity;

  constructor(options: IncomingOptions) {
    this.#answerTimeout = options.answerTimeout;
    this.#requestTimeout = options.requestTimeout ?? REQUEST_TIMEOUT;
    this.#maxRequests = options.maxRequests ?? MAX_REQUESTS;
    this.#maxBytes = options.maxBytes ?? MAX_REQUEST_BYTES;
  }

  /** When the last one was answered or refused, by `performance.now()`. */
  get lastAnswered(): number {
    return this.#lastAnswered;
  }

  /**
   * Reads a request, or refuses it. Never rejected. To be called as soon as the stream is there.
   * @param take is given what is whole
   */
  async accept(stream: ByteStream, take: (request: ToolRequest) => void): Promise<void> {
    const opened = performance.now();
    const unfinished = { stop: new AbortController(), settled: new Deferred<undefined>(), bytes: 0 };
    let message: Message<RequestHead>;
    try {
      message = await this.#read(stream, unfinished);
    } catch (error) {
      this.#lastAnswered = performance.now();
      await refuse(stream, error instanceof Refusal ? error.status : 400, messageOf(error));
      return;
    } finally {
      unfinished.settled.resolve(undefined);
    }
    const rest = Math.max(0, opened + this.#answerTimeout - performance.now());
    const request = new ToolRequest(message, stream, { limit: this.#answerTimeout, rest });
    this.#keep(request, unfinished.bytes);
    take(request);
  }

  /** Refuses what waits, whole or not; resolves when all have been told. */
  async refuse(status: number, text: string): Promise<void> {
    const unfinished = [...this.#unfinished];
    for (const each of unfinished) this.#stop(each, new Refusal(status, text));
    await Promise.all([
      ...unfinished.map(({ settled }) => settled.promise),
      ...[...this.#open].map((request) => request.refuse(status, text)),
    ]);
  }

  /** The connection is gone, and everybody who asked with it. */
  drop(): void {
    for (const request of [...this.#open]) request.drop();
  }

  async #read(stream: ByteStream, unfinished: Unfinished): Promise<Message<RequestHead>> {
    const timer = setTimeout(() => {
      this.#stop(unfinished, late(this.#requestTimeout));
    }, this.#requestTimeout);
    this.#unfinished.add(unfinished);
    this.#makeRoom();
    try {
      return await readMessage(stream, parseRequestHead, {
        signal: unfinished.stop.signal,
        onBytes: (count) => {
          unfinished.bytes += count;
          this.#bytes += count;
          this.#makeRoom();
        },
      });
    } finally {
      clearTimeout(timer);
      this.#forget(unfinished);
    }
  }

  /** @param bytes of all of it, the head included, which may be as long as a body */
  #keep(request: ToolRequest, bytes: number): void {
    this.#open.add(request);
    this.#bytes += bytes;
    void request.settled.then(() => {
      this.#open.delete(request);
      this.#bytes -= bytes;
      this.#lastAnswered = performance.now();
    });
  }

  #makeRoom(): void {
    for (const oldest of this.#unfinished) {
      const isFull = this.#unfinished.size + this.#open.size > this.#maxRequests;
      if (!isFull && this.#bytes <= this.#maxBytes) return;
      this.#stop(oldest, busy());
    }
  }

  #stop(unfinished: Unfinished, why: Refusal): void {
    this.#forget(unfinished);
    unfinished.stop.abort(why);
  }

  #forget(unfinished: Unfinished): void {
    if (this.#unfinished.delete(unfinished)) this.#bytes -= unfinished.bytes;
  }
}

function busy(): Refusal {
  return new Refusal(
    503,
    'The tool has too many requests at once. Send the whole request at once, or try it again later.',
  );
}

function late(timeout: number): Refusal {
  return new Refusal(408, `The request was not whole within ${String(timeout / 1000)} s. Send it faster.`);
}
