import { setTimeout as sleep } from 'node:timers/promises';
import { Deferred } from './deferred';
import { dialZipper } from './dial';
import { parseEndpoint, type Endpoint } from './endpoint';
import { messageOf, YomoError } from './errors';
import { FrameReader, OversizeError } from './frame-reader';
import { CLIENT_TYPES, encodeFrame, type DataFrame, type Frame } from './frames';
import { ALPN, CLOSE_CODE, CLOSE_TIME, HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, PROTOCOL_VERSION } from './limits';
import { closingText, reasonText } from './reason';
import { closingWords, lost, rejectedError, type SessionEnd } from './session-end';
import type { ClientOptions, ZipperAddress } from './settings';
import type { ByteStream, Closing, Connection, Transport } from './transport';

const PROTOCOL = { alpn: ALPN, idleTimeout: IDLE_TIMEOUT };

export interface SessionOptions extends ClientOptions {
  /** Of this connection alone: a zipper that has not noticed the end of the last one would mix them up. */
  readonly clientId: string;
}

export interface SessionEvents {
  /** The zipper has taken the client: frames may be written. */
  onConnected(write: (bytes: Uint8Array) => Promise<void>): void;
  onData(frame: DataFrame): void;
}

/** One connection with a zipper, from dialling it to its end. */
export class Session {
  readonly #connection: Connection;
  readonly #stream: ByteStream;
  readonly #events: SessionEvents;
  /** What the zipper says is told without it. */
  readonly #credential: string | undefined;
  readonly #reader = new FrameReader();
  readonly #end = new Deferred<SessionEnd>();
  /** Runs out where the zipper does not answer the handshake. */
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #hasEnded = false;

  private constructor(connection: Connection, events: SessionEvents, credential: string | undefined) {
    this.#connection = connection;
    this.#credential = credential;
    this.#stream = connection.open();
    this.#events = events;
  }

  /**
   * Resolves when nothing of the connection is left; never rejected.
   * @param endpoint where to go, which is another one than the address's after a redirect
   * @param signal ends it
   */
  static async run(
    transport: Transport,
    address: ZipperAddress,
    endpoint: Endpoint,
    options: SessionOptions,
    events: SessionEvents,
    signal: AbortSignal,
  ): Promise<SessionEnd> {
    const dialled = await dialZipper(transport, address, endpoint, PROTOCOL, signal);
    if (dialled.kind === 'end') return dialled.end;
    const session = new Session(dialled.connection, events, address.credential);
    return session.#run(handshakeOf(address, options), signal);
  }

  async #run(handshake: Uint8Array, signal: AbortSignal): Promise<SessionEnd> {
    const abort = (): void => {
      this.#finish({ kind: 'closed' });
    };
    this.#timer = setTimeout(() => {
      this.#finish({ kind: 'lost', reason: noAnswer().message });
    }, HANDSHAKE_TIMEOUT);
    this.#stream.onData((chunk) => {
      this.#receive(chunk);
    });
    void this.#connection.closed.then((closing) => {
      this.#lost(closing);
    });
    void this.#stream.ended.then(() => this.#streamEnded());
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    // Where it cannot be written, the connection is closed, and that tells why.
    else this.#stream.write(handshake).catch(() => undefined);
    const end = await this.#end.promise;
    signal.removeEventListener('abort', abort);
    clearTimeout(this.#timer);
    await this.#connection.close(CLOSE_CODE, closingText(closingWords(end)));
    return end;
  }

  /** The connection tells why; where it does not, the other end has given up the stream alone. */
  async #streamEnded(): Promise<void> {
    await Promise.race([this.#connection.closed, sleep(CLOSE_TIME, undefined, { ref: false })]);
    this.#lost({ code: undefined, reason: '' });
  }

  #lost(closing: Closing): void {
    this.#finish(lost(closing, this.#credential));
  }

  #finish(end: SessionEnd): void {
    this.#hasEnded = true;
    this.#end.resolve(end);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#hasEnded) return;
    const frames: Frame[] = [];
    let failure: unknown;
    try {
      this.#reader.read(chunk, (frame) => frames.push(frame));
    } catch (error) {
      failure = error;
    }
    // What came before the fault counts.
    for (const frame of frames) this.#handle(frame);
    if (failure !== undefined) this.#finish(this.#endOf(failure));
  }

  /** Behind a handshake a large frame is one; before, it may as well be the beginning of another protocol. */
  #endOf(failure: unknown): SessionEnd {
    if (!this.#isConnected || !(failure instanceof OversizeError)) return malformed(failure);
    return { kind: 'lost', reason: failure.message };
  }

  #handle(frame: Frame): void {
    if (this.#hasEnded) return;
    switch (frame.type) {
      case 'handshake-ack':
        if (this.#isConnected) break;
        clearTimeout(this.#timer);
        this.#isConnected = true;
        this.#events.onConnected((bytes) => this.#stream.write(bytes));
        break;
      case 'data':
        if (!this.#isConnected) this.#finish(malformed(unasked('data')));
        else this.#data(frame);
        break;
      case 'rejected':
        this.#finish({ kind: 'refused', error: rejectedError(frame.message, this.#credential) });
        break;
      case 'goaway':
        this.#finish({ kind: 'lost', reason: goawayError(reasonText(frame.message, this.#credential)).message });
        break;
      case 'connect-to':
        this.#redirect(frame.endpoint);
        break;
      case 'handshake':
        this.#finish(malformed(unasked('a handshake')));
        break;
      case 'unknown':
        // Something newer, which can be done without.
        break;
    }
  }

  #data(frame: DataFrame): void {
    try {
      this.#events.onData(frame);
    } catch (error) {
      if (!(error instanceof YomoError)) throw error;
      this.#finish(malformed(error));
    }
  }

  #redirect(endpoint: string): void {
    try {
      this.#finish({ kind: 'redirected', endpoint: parseEndpoint(endpoint) });
    } catch (error) {
      this.#finish(malformed(error));
    }
  }
}

function handshakeOf({ credential = '' }: ZipperAddress, options: SessionOptions): Uint8Array {
  const colon = credential.indexOf(':');
  const isFunction = options.kind === 'function';
  return encodeFrame({
    type: 'handshake',
    name: options.name,
    clientId: options.clientId,
    clientType: CLIENT_TYPES[options.kind],
    observed: isFunction ? (options.observe ?? []) : [],
    authName: colon < 0 ? credential : credential.slice(0, colon),
    authPayload: colon < 0 ? '' : credential.slice(colon + 1),
    version: PROTOCOL_VERSION,
    target: isFunction ? (options.target ?? '') : '',
  });
}

function malformed(error: unknown): SessionEnd {
  return { kind: 'lost', reason: malformedError(messageOf(error)).message };
}

function malformedError(reason: string): YomoError {
  return new YomoError(
    'frame',
    `What came is not YoMo's protocol v1: ${reason} Check that a zipper from v1.17.5 to v1.22.3 is there.`,
  );
}

function unasked(what: 'data' | 'a handshake'): YomoError {
  return new YomoError('frame', `The zipper sent ${what} where the answer to a handshake is expected.`);
}

function goawayError(reason: string): YomoError {
  return new YomoError('zipper', `The zipper sent the client away: ${reason === '' ? 'it gives no reason' : reason}.`);
}

function noAnswer(): YomoError {
  return new YomoError('zipper', 'The zipper did not answer the handshake. Check that it is a zipper of protocol v1.');
}
