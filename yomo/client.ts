import { setTimeout as sleep } from 'node:timers/promises';
import { endpointText, type Endpoint } from './endpoint';
import { YomoError } from './errors';
import { encodeFrame, type DataFrame } from './frames';
import { newId } from './id';
import { DRAIN_TIMEOUT, FIRST_RESERVED_TAG, LAST_RESERVED_TAG, LINGER, MAX_FRAME_LENGTH, MAX_TAG } from './limits';
import { decodeMetadata, encodeMetadata, SOURCE_ID_KEY, TRACE_ID_KEY, type Metadata } from './metadata';
import { Outbox } from './outbox';
import { quicTransport } from './quic-transport';
import { Reconnection } from './reconnection';
import { Session } from './session';
import type { SessionEnd } from './session-end';
import type { ClientOptions, Log, ZipperAddress } from './settings';
import type { StateListener, YomoState } from './state';
import type { Transport } from './transport';
import { within } from './within';

export type { ClientOptions, Metadata, StateListener, YomoState, ZipperAddress };

/** What a flow sends to a zipper and gets from it. */
export interface YomoFrame {
  /** An unsigned integer of 32 bits; 0xF000–0xFFFF are reserved. */
  readonly tag: number;
  readonly payload: Uint8Array;
  readonly metadata: Metadata;
}

/**
 * A source or stream function of a YoMo zipper, protocol v1 (specification 2024-01-03).
 *
 * It connects again after every loss, later and later, unless the zipper rejects it. YoMo acknowledges nothing: what was
 * handed over before a loss is gone where the zipper had not read it; what was being handed over may come twice.
 */
export class YomoClient {
  readonly #address: ZipperAddress;
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  /** By which frames name it; the zipper knows each of its connections by this and a number. */
  readonly #id = newId();
  #connections = 0;
  readonly #outbox: Outbox;
  readonly #reconnection: Reconnection;
  readonly #frameListeners = new Set<(frame: YomoFrame) => void>();
  /** Why nothing is sent any more. */
  #refusal: YomoError | undefined;
  #closing: Promise<void> | undefined;
  #lastSent = -Infinity;

  constructor(address: ZipperAddress, options: ClientOptions, transport: Transport = quicTransport, log?: Log) {
    this.#address = address;
    this.#options = options;
    this.#transport = transport;
    this.#outbox = new Outbox(options.buffer);
    this.#reconnection = new Reconnection(address, log, {
      connect: (endpoint, signal) => this.#connect(endpoint, signal),
      refused: (error) => {
        this.#refusal ??= error;
        this.#outbox.reject(error);
      },
    });
  }

  get state(): YomoState {
    return this.#reconnection.state;
  }

  /** Frames that are not handed over yet. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /** @returns what ends it */
  onState(listener: StateListener): () => void {
    return this.#reconnection.onState(listener);
  }

  /** What a stream function observes, in order; a listener must not throw. @returns what ends it */
  onFrame(listener: (frame: YomoFrame) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
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
   * Resolves when the frame has been handed to the connection, in the order of the calls; it waits while there is none.
   * Metadata that names no source and no trace gets both, as YoMo's own clients write it.
   * @throws YomoError `tag`, `payload`, `metadata` where it cannot be sent; `buffer` where too many wait already; `closed`;
   *   `rejected`, `transport`, `configuration` where the client has given up
   */
  async send(frame: YomoFrame): Promise<void> {
    try {
      await this.#send(frame);
    } catch (error) {
      if (!(error instanceof YomoError)) throw error;
      throw error.in({ zipper: endpointText(this.#address), tag: frame.tag });
    }
  }

  /**
   * What waits is handed over where there is a connection: after DRAIN_TIMEOUT at most, also where it is not `ready`, and
   * within another DRAIN_TIMEOUT. The rest ends in an error `closed`. Resolves when nothing of the client is left.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #send({ tag, payload, metadata }: YomoFrame): Promise<void> {
    this.#checkTag(tag);
    // Before it is copied into a frame.
    if (payload.length > MAX_FRAME_LENGTH) throw tooLarge(payload.length);
    const named = new Map([[SOURCE_ID_KEY, this.#id], [TRACE_ID_KEY, newId()], ...metadata]);
    const bytes = encodeFrame({ type: 'data', tag, metadata: encodeMetadata(named), payload });
    if (bytes.length > MAX_FRAME_LENGTH) throw tooLarge(bytes.length);
    if (this.#refusal !== undefined) throw this.#refusal;
    await this.#outbox.add(bytes);
    this.#lastSent = performance.now();
  }

  async #close(): Promise<void> {
    const refusal = this.#refusal;
    this.#refusal = closedError();
    if (refusal === undefined && this.state.kind === 'connected') await this.#drain();
    this.#outbox.reject(closedError());
    await this.#reconnection.close();
  }

  async #drain(): Promise<void> {
    await within(DRAIN_TIMEOUT, this.#outbox.released());
    this.#outbox.release();
    await within(DRAIN_TIMEOUT, this.#outbox.drained());
    const rest = this.#lastSent + LINGER - performance.now();
    if (rest > 0) await sleep(rest);
  }

  async #connect(endpoint: Endpoint, signal: AbortSignal): Promise<SessionEnd> {
    const events = {
      onConnected: (write: (bytes: Uint8Array) => Promise<void>) => {
        this.#reconnection.connected(endpoint);
        this.#outbox.connect(write, this.#options.ready?.());
      },
      onData: (frame: DataFrame) => {
        this.#deliver(frame);
      },
    };
    const options = { ...this.#options, clientId: `${this.#id}-${String(this.#connections)}` };
    this.#connections += 1;
    const end = await Session.run(this.#transport, this.#address, endpoint, options, events, signal);
    this.#outbox.disconnect();
    return end;
  }

  #deliver({ tag, payload, metadata }: DataFrame): void {
    const frame = { tag, payload, metadata: decodeMetadata(metadata) };
    for (const listener of this.#frameListeners) listener(frame);
  }

  #checkTag(tag: number): void {
    if (!Number.isInteger(tag) || tag < 0 || tag > MAX_TAG) {
      throw new YomoError('tag', `A tag is an integer from 0 to ${String(MAX_TAG)}. Set another one.`);
    }
    if (tag >= FIRST_RESERVED_TAG && tag <= LAST_RESERVED_TAG) {
      throw new YomoError(
        'tag',
        'The tags from 0xF000 to 0xFFFF (61440 to 65535) are reserved by YoMo. Set another one.',
      );
    }
    if (this.#options.kind === 'function' && this.#options.observe?.includes(tag) === true) {
      throw new YomoError(
        'tag',
        'A stream function that writes a tag it observes would get it back for ever. Write another tag.',
      );
    }
  }
}

function tooLarge(length: number): YomoError {
  return new YomoError(
    'payload',
    `A frame with this payload has ${String(length)} bytes or more; at most ${String(MAX_FRAME_LENGTH)} are sent. Send smaller payloads.`,
  );
}

function closedError(): YomoError {
  return new YomoError(
    'closed',
    'The client of the zipper was closed before the frame was handed over. Send it again.',
  );
}
