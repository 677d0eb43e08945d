import { setTimeout as sleep } from 'node:timers/promises';
import { endpointText, type Endpoint } from '../endpoint';
import { YomoError } from '../errors';
import { ANSWER_TIMEOUT, CALL_TIMEOUT, DRAIN_TIMEOUT, LINGER } from '../limits';
import { quicTransport } from '../quic-transport';
import { Reconnection } from '../reconnection';
import type { SessionEnd } from '../session-end';
import type { Log, ZipperAddress } from '../settings';
import type { StateListener, YomoState } from '../state';
import type { ByteStream, Connection, Transport } from '../transport';
import { within } from '../within';
import { Calls } from './calls';
import { encodeMessage } from './exchange';
import { encodeRequestHead } from './heads';
import { IncomingRequests, type IncomingOptions } from './incoming';
import type { ToolRequest } from './request';
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
  /** What strangers may take of this client; the limits of `limits.ts` unless told. */
  readonly incoming?: Omit<IncomingOptions, 'answerTimeout'>;
  /** Asked on each connection before calls go over it: tools beside it may not be back yet. Soon resolved, never rejected. */
  readonly ready?: () => Promise<void>;
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
  readonly #incoming: IncomingRequests;
  readonly #reconnection: Reconnection;
  #listener: ((request: ToolRequest) => void) | undefined;
  /** Why nothing is called any more. */
  #refusal: YomoError | undefined;
  #closing: Promise<void> | undefined;

  constructor(address: ZipperAddress, options: ToolOptions, transport: Transport = quicTransport, log?: Log) {
    this.#address = address;
    this.#options = options;
    this.#transport = transport;
    this.#calls = new Calls(options.buffer, options.callTimeout ?? CALL_TIMEOUT);
    this.#incoming = new IncomingRequests({
      ...options.incoming,
      answerTimeout: options.answerTimeout ?? ANSWER_TIMEOUT,
    });
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

  /** The zipper is known to be there: an attempt that is waited for is made now. */
  hurry(): void {
    this.#reconnection.hurry();
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
    const refused = this.#incoming.refuse(503, 'The flow was stopped or deployed before it answered.');
    if (refusal === undefined && this.state.kind === 'connected') {
      // Calls that are held back for tools beside this client go out at once: those may be closing as well.
      this.#calls.release();
      await within(DRAIN_TIMEOUT, this.#calls.drained());
    }
    await within(DRAIN_TIMEOUT, refused);
    // Nothing tells whether an answer has arrived, and a zipper reads nothing more once the connection is closed.
    const rest = this.#incoming.lastAnswered + LINGER - performance.now();
    if (rest > 0) await sleep(rest);
    this.#calls.reject(closedError());
    await this.#reconnection.close();
  }

  async #connect(endpoint: Endpoint, signal: AbortSignal): Promise<SessionEnd> {
    const events = {
      onConnected: (connection: Connection) => {
        this.#reconnection.connected(endpoint);
        this.#calls.connect(connection, this.#options.ready?.());
      },
      onStream: (stream: ByteStream) => {
        void this.#incoming.accept(stream, (request) => {
          this.#take(request);
        });
      },
    };
    const end = await ToolSession.run(this.#transport, this.#address, endpoint, this.#options.name, events, signal);
    this.#calls.disconnect();
    this.#incoming.drop();
    return end;
  }

  /** Also what is refused is read first: a zipper that cannot pass it on says so to the caller, and not what it is told. */
  #take(request: ToolRequest): void {
    if (this.#closing !== undefined) {
      void request.refuse(503, 'The flow is being stopped or deployed.');
    } else if (this.#listener === undefined) {
      void request.refuse(404, 'This client calls tools and is none itself.');
    } else {
      this.#listener(request);
    }
  }
}

function closedError(): YomoError {
  return new YomoError('closed', 'The client of the zipper was closed before the tool answered. Send it again.');
}
