import { randomUUID } from 'node:crypto';
import { Deferred } from './deferred';
import { parseEndpoint, type Endpoint } from './endpoint';
import { messageOf, YomoError } from './errors';
import { FrameReader } from './frame-reader';
import { CLIENT_TYPES, encodeFrame, type DataFrame, type Frame } from './frames';
import { ALPN, CLOSE_CODE, HANDSHAKE_TIMEOUT, PROTOCOL_VERSION } from './limits';
import { closingText, reasonText } from './reason';
import type { ClientOptions, ZipperAddress } from './settings';
import type { ByteStream, Closing, Transport } from './transport';

/** How a connection with a zipper has ended. */
export type SessionEnd =
  /** `reason` is a sentence or two; another attempt is worth while. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** No other attempt is worth while. */
  | { readonly kind: 'refused'; readonly error: YomoError }
  | { readonly kind: 'redirected'; readonly endpoint: Endpoint }
  /** This end has closed it. */
  | { readonly kind: 'closed' };

export interface SessionEvents {
  /** The zipper has taken the client: frames may be written. */
  onConnected(write: (bytes: Uint8Array) => Promise<void>): void;
  onData(frame: DataFrame): void;
}

/** One connection with a zipper, from dialling it to its end. */
export class Session {
  readonly #stream: ByteStream;
  readonly #events: SessionEvents;
  readonly #reader = new FrameReader();
  readonly #end = new Deferred<SessionEnd>();
  /** Runs out where the zipper does not answer the handshake. */
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #hasEnded = false;

  private constructor(stream: ByteStream, events: SessionEvents) {
    this.#stream = stream;
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
    options: ClientOptions,
    events: SessionEvents,
    signal: AbortSignal,
  ): Promise<SessionEnd> {
    const { verify, ca, host } = address;
    const dialOptions = { alpn: ALPN, verify, serverName: host, ...(ca === undefined ? {} : { ca }) };
    let stream: ByteStream;
    try {
      stream = await transport.dial(endpoint.host, endpoint.port, dialOptions, signal);
    } catch (error) {
      return signal.aborted ? { kind: 'closed' } : endOfDial(error);
    }
    return new Session(stream, events).#run(handshakeOf(address, options), signal);
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
    void this.#stream.closed.then((closing) => {
      this.#finish({ kind: 'lost', reason: lossError(closing).message });
    });
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    // Where it cannot be written, the connection is closed, and that tells why.
    else this.#stream.write(handshake).catch(() => undefined);
    const end = await this.#end.promise;
    signal.removeEventListener('abort', abort);
    clearTimeout(this.#timer);
    await this.#stream.close(CLOSE_CODE, closingText(closingWords(end)));
    return end;
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
    if (failure !== undefined) this.#finish(malformed(failure));
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
        this.#finish({ kind: 'refused', error: rejectedError(reasonText(frame.message)) });
        break;
      case 'goaway':
        this.#finish({ kind: 'lost', reason: goawayError(reasonText(frame.message)).message });
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

function handshakeOf({ credential = '' }: ZipperAddress, options: ClientOptions): Uint8Array {
  const colon = credential.indexOf(':');
  const isFunction = options.kind === 'function';
  return encodeFrame({
    type: 'handshake',
    name: options.name,
    clientId: randomUUID(),
    clientType: CLIENT_TYPES[options.kind],
    observed: isFunction ? (options.observe ?? []) : [],
    authName: colon < 0 ? credential : credential.slice(0, colon),
    authPayload: colon < 0 ? '' : credential.slice(colon + 1),
    version: PROTOCOL_VERSION,
    target: isFunction ? (options.target ?? '') : '',
  });
}

function endOfDial(error: unknown): SessionEnd {
  if (!(error instanceof YomoError)) return { kind: 'lost', reason: messageOf(error) };
  // Neither a package nor a setting is mended by waiting.
  const isFinal = error.code === 'transport' || error.code === 'configuration';
  return isFinal ? { kind: 'refused', error } : { kind: 'lost', reason: error.message };
}

/** What the zipper is told. */
function closingWords(end: SessionEnd): string {
  switch (end.kind) {
    case 'lost':
      return end.reason;
    case 'refused':
      return end.error.message;
    case 'redirected':
      return 'sent on';
    case 'closed':
      return 'closed';
  }
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

function rejectedError(reason: string): YomoError {
  return new YomoError(
    'rejected',
    `The zipper does not take this client: ${reason === '' ? 'it gives no reason' : reason}. Check the credential and the version of the zipper, then deploy.`,
    { reason },
  );
}

function goawayError(reason: string): YomoError {
  return new YomoError('zipper', `The zipper sent the client away: ${reason === '' ? 'it gives no reason' : reason}.`);
}

function noAnswer(): YomoError {
  return new YomoError('zipper', 'The zipper did not answer the handshake. Check that it is a zipper of protocol v1.');
}

function lossError({ code, reason }: Closing): YomoError {
  const words = reasonText(reason);
  return new YomoError(
    'zipper',
    code === undefined
      ? `The connection to the zipper is gone: ${words === '' ? 'it was ended without a word' : words}.`
      : `The zipper closed the connection: ${words === '' ? 'it gives no reason' : words}.`,
  );
}
