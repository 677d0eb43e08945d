import { setTimeout as sleep } from 'node:timers/promises';
import { endpointText, type Endpoint } from '../endpoint';
import { messageOf, YomoError } from '../errors';
import { ANSWER_TIMEOUT, CALL_TIMEOUT, DRAIN_TIMEOUT, LINGER } from '../limits';
import { quicTransport } from '../quic-transport';
import { Reconnection } from '../reconnection';
import type { SessionEnd } from '../session-end';
import type { Log, ZipperAddress } from '../settings';
import type { StateListener, YomoState } from '../state';
import type { ByteStream, Connection, Transport } from '../transport';
import { Calls } from './calls';
import { encodeMessage, readMessage, type Message } from './exchange';
import { encodeRequestHead, parseRequestHead, type RequestHead } from './heads';
import { refuse, ToolRequest } from './request';
import { ToolSession } from './session';

export interface ToolOptions {
  /** Under which the zipper knows it, and others call it; of two clients of one name the later one takes the place. */
  readonly name: string;
  /** Calls that wait at most while there is no connection. */
  readonly buffer: number;
  /** Milliseconds a request is kept open for its answer; ANSWER_TIMEOUT unless told. */
  readonly answerTimeout?: number;
  /** Milliseconds a called tool is given; CALL_TIMEOUT unless told. */
  readonly callTimeout?: number;
}

/** What is asked of a tool. */
export interface ToolCall {
  /** The tool's name. */
  readonly target: string;
  readonly body: Uint8Array;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly extension?: string;
}

/** A tool's answer. */
export interface ToolReply {
  readonly body: Buffer;
  readonly extension: string;
}

/**
 * A client of a YoMo zipper, protocol v2: a tool that others call by its name, and that calls others.
 *
 * It connects again after every loss, later and later, unless the zipper rejects it or another client takes its name.
 */
export class ToolClient {
  readonly #address: ZipperAddress;
  readonly #options: ToolOptions;
  readonly #transport: Transport;
  readonly #calls: Calls;
  readonly #requests = new Set<ToolRequest>();
  readonly #reconnection: Reconnection;
  #listener: ((request: ToolRequest) => void) | undefined;
  /** Why nothing is called any more. */
  #refusal: YomoError | undefined;
  #closing: Promise<void> | undefined;
  #lastAnswered = -Infinity;

  constructor(address: ZipperAddress, options: ToolOptions, transport: Transport = quicTransport, log?: Log) {
    this.#address = address;
    this.#options = options;
    this.#transport = transport;
    this.#calls = new Calls(options.buffer, options.callTimeout ?? CALL_TIMEOUT);
    this.#reconnection = new Reconnection(address, log, {
      connect: (endpoint, signal) => this.#connect(endpoint, signal),
      refused: (error) => {
        this.#refusal ??= error;
        this.#calls.reject(error);
      },
    });
  }

  get state(): YomoState {
    return this.#reconnection.state;
  }

  /** Calls without an answer yet. */
  get waiting(): number {
    return this.#calls.waiting;
  }

  /** @returns what ends it */
  onState(listener: StateListener): () => void {
    return this.#reconnection.onState(listener);
  }

  /** Who answers what this client is asked; it must not throw. Without one, everybody is told that there is nobody. */
  onRequest(listener: (request: ToolRequest) => void): void {
    this.#listener = listener;
  }

  /** Connects, and goes on doing so until it is closed or rejected. */
  open(): void {
    this.#reconnection.open();
  }

  /**
   * Resolves when the tool has answered with 200; waits while there is no connection.
   * @throws YomoError `tool` where it answers with another status or not at all; `payload` where the body is too large;
   *   `buffer` where too many calls wait already; `closed`; `rejected`, `transport`, `configuration` where the client has
   *   given up
   */
  async call(call: ToolCall): Promise<ToolReply> {
    try {
      const { head, body } = await this.#call(call);
      return { body, extension: head.extension };
    } catch (error) {
      if (!(error instanceof YomoError)) throw error;
      throw error.in({ zipper: endpointText(this.#address), target: call.target });
    }
  }

  /**
   * Who waits for an answer is told that there will be none. Calls are given DRAIN_TIMEOUT for theirs where there is a
   * connection; the rest ends in an error `closed`. Resolves when nothing of the client is left.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #call({ target, body, traceId = '', spanId = '', extension = '' }: ToolCall) {
    const head = encodeRequestHead({ name: target, traceId, spanId, bodyFormat: 'bytes', extension });
    const bytes = encodeMessage(head, body);
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#calls.add(bytes);
  }

  async #close(): Promise<void> {
    const refusal = this.#refusal;
    this.#refusal = closedError();
    const refused = [...this.#requests].map((request) =>
      request.refuse(503, 'The flow was stopped or deployed before it answered.'),
    );
    if (refusal === undefined && this.state.kind === 'connected') await this.#drain();
    await Promise.race([Promise.all(refused), sleep(LINGER)]);
    // Nothing tells whether an answer has arrived, and a zipper reads nothing more once the connection is closed.
    const rest = this.#lastAnswered + LINGER - performance.now();
    if (rest > 0) await sleep(rest);
    this.#calls.reject(closedError());
    await this.#reconnection.close();
  }

  async #drain(): Promise<void> {
    const timeOut = new AbortController();
    const { signal } = timeOut;
    await Promise.race([this.#calls.drained(), sleep(DRAIN_TIMEOUT, undefined, { signal }).catch(() => undefined)]);
    timeOut.abort();
  }

  async #connect(endpoint: Endpoint, signal: AbortSignal): Promise<SessionEnd> {
    const events = {
      onConnected: (connection: Connection) => {
        this.#reconnection.connected(endpoint);
        this.#calls.connect(connection);
      },
      onStream: (stream: ByteStream) => {
        void this.#accept(stream);
      },
    };
    const end = await ToolSession.run(this.#transport, this.#address, endpoint, this.#options.name, events, signal);
    this.#calls.disconnect();
    for (const request of [...this.#requests]) request.drop();
    return end;
  }

  async #accept(stream: ByteStream): Promise<void> {
    let message: Message<RequestHead>;
    try {
      message = await readMessage(stream, parseRequestHead);
    } catch (error) {
      await refuse(stream, 400, messageOf(error));
      return;
    }
    if (this.#closing !== undefined) {
      await refuse(stream, 503, 'The flow is being stopped or deployed.');
    } else if (this.#listener === undefined) {
      await refuse(stream, 404, 'This client calls tools and is none itself.');
    } else {
      const request = new ToolRequest(message, stream, this.#options.answerTimeout ?? ANSWER_TIMEOUT);
      void request.settled.then(() => {
        this.#requests.delete(request);
        this.#lastAnswered = performance.now();
      });
      this.#requests.add(request);
      this.#listener(request);
    }
  }
}

function closedError(): YomoError {
  return new YomoError('closed', 'The client of the zipper was closed before the tool answered. Send it again.');
}
