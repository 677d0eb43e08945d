/** One QUIC connection and its streams. Runs in the thread of `quic-worker.ts` only. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './errors';
import { DIAL_TIMEOUT } from './limits';
import { QuicEndpoint, type QuicEnd } from './quic-endpoint';
import { ConfigurationError, LibraryError, loadQuiche, type Quiche } from './quic-library';
import type { DialFailure, FromQuic, ToConnection, ToStream } from './quic-messages';
import { discard, QuicStream } from './quic-stream';
import { OwnStreamIds, PeerStreamIds } from './quic-stream-ids';
import type { Closing } from './transport';

type Dial = ToConnection & { readonly type: 'dial' };
type PeerEnd = QuicEnd & { readonly kind: 'peer' };

/** TLS alerts (RFC 8446, section 6) as QUIC carries them: 0x100 and the alert (RFC 9001, section 4.8). */
const NO_APPLICATION_PROTOCOL = 0x100 + 120;
/** What zippers of YoMo 2 say in its place. */
const HANDSHAKE_FAILURE = 0x100 + 40;

export class QuicConnection {
  readonly #dial: Dial;
  readonly #post: (message: FromQuic, transfer?: readonly ArrayBuffer[]) => void;
  readonly #abort = new AbortController();
  #endpoint: QuicEndpoint | undefined;
  /** By the number that the main thread has for them. */
  readonly #streams = new Map<number, QuicStream>();
  /** By their number in QUIC. */
  readonly #byId = new Map<number, QuicStream>();
  /** Those that wait for room to write, in turn. */
  readonly #blocked = new Set<QuicStream>();
  readonly #ownIds = new OwnStreamIds();
  /** Streams that the other end has opened so far. */
  #accepted = 0;
  readonly #peerIds = new PeerStreamIds();
  #isClosed = false;

  constructor(dial: Dial, post: (message: FromQuic, transfer?: readonly ArrayBuffer[]) => void) {
    this.#dial = dial;
    this.#post = post;
  }

  /** Connects, and resolves when the connection has ended and nothing of it is left. */
  async run(): Promise<void> {
    const { connection, options } = this.#dial;
    let endpoint: QuicEndpoint;
    try {
      endpoint = await this.#connect(await loadQuiche());
    } catch (error) {
      this.#post({ type: 'failed', connection, failure: failureOf(error) });
      return;
    }
    this.#endpoint = endpoint;
    if (this.#abort.signal.aborted) void this.close(0, '');
    else this.#post({ type: 'open', connection });
    endpoint.onActivity(() => {
      this.#work(endpoint);
    });
    // What came with the end of the handshake.
    endpoint.soon();
    this.#closed(closingOf(await endpoint.ended, options.idleTimeout));
    await endpoint.close(0, '');
    this.#post({ type: 'gone', connection });
  }

  abort(): void {
    this.#abort.abort();
    void this.close(0, '');
  }

  openStream(stream: number): void {
    if (this.#endpoint === undefined || this.#isClosed) return;
    const added = this.#add(this.#endpoint, stream, () => {
      const id = this.#ownIds.take();
      this.#byId.set(id, added);
      return id;
    });
  }

  handle(message: ToStream): void {
    const stream = this.#streams.get(message.stream);
    if (stream === undefined) return;
    stream.handle(message);
    this.#settle(stream);
    this.#endpoint?.soon();
  }

  async close(code: number, reason: string): Promise<void> {
    if (this.#endpoint === undefined) return;
    this.#closed({ code: undefined, reason: '' });
    await this.#endpoint.close(code, reason);
  }

  /** Of several addresses of a name one of each family is tried: without an answer QUIC only ever times out. */
  async #connect(quiche: Quiche): Promise<QuicEndpoint> {
    const { host } = this.#dial;
    const { signal } = this.#abort;
    const addresses = isIP(host) === 0 ? await Promise.race([resolve(host), untilAborted(signal)]) : [host];
    if (addresses === 'aborted') throw new DialError({ kind: 'aborted', reason: '' });
    let failure: unknown;
    for (const address of addresses) {
      try {
        return await this.#connectTo(quiche, address);
      } catch (error) {
        failure = error;
        if (signal.aborted) break;
      }
    }
    throw failure;
  }

  async #connectTo(quiche: Quiche, host: string): Promise<QuicEndpoint> {
    const { port, options } = this.#dial;
    const endpoint = await QuicEndpoint.open(quiche, { host, port }, options.serverName ?? this.#dial.host, options);
    const end = await this.#untilEstablished(endpoint);
    if (end === undefined) return endpoint;
    const failure = failureOfEnd(end, endpoint.unsent);
    await endpoint.close(0, '');
    throw new DialError(failure);
  }

  /** @returns why there is no connection; undefined where there is one */
  async #untilEstablished(endpoint: QuicEndpoint): Promise<QuicEnd | 'aborted' | undefined> {
    const over = new AbortController();
    const { signal } = over;
    const end = await Promise.race([
      endpoint.established,
      endpoint.ended,
      untilAborted(this.#abort.signal),
      sleep(DIAL_TIMEOUT, { kind: 'silence' } as const, { signal }).catch(() => undefined),
    ]);
    over.abort();
    return end;
  }

  #work(endpoint: QuicEndpoint): void {
    for (const id of endpoint.connection.readable()) {
      const stream = this.#byId.get(id) ?? this.#accept(endpoint, id);
      stream?.read();
      if (stream !== undefined) this.#settle(stream);
    }
    for (const stream of [...this.#blocked]) {
      stream.write();
      this.#settle(stream);
    }
    // All there is of room goes to the first one, so the next time it is another's turn.
    const [first] = this.#blocked;
    if (first !== undefined && this.#blocked.delete(first)) this.#blocked.add(first);
  }

  #accept(endpoint: QuicEndpoint, id: number): QuicStream | undefined {
    if (!this.#peerIds.isNew(id)) {
      // The last words on a stream that was given up here.
      discard(endpoint.connection, id);
      return undefined;
    }
    this.#accepted += 1;
    const number = -this.#accepted;
    this.#post({ type: 'stream', connection: this.#dial.connection, stream: number });
    const stream = this.#add(endpoint, number, id);
    this.#byId.set(id, stream);
    return stream;
  }

  /** @param id its number in QUIC, or what gives one to a stream of this end when it begins */
  #add({ connection }: QuicEndpoint, number: number, id: number | (() => number)): QuicStream {
    const where = { connection: this.#dial.connection, stream: number };
    const stream = new QuicStream(where, connection, id, this.#post);
    this.#streams.set(number, stream);
    return stream;
  }

  /** After something was done with a stream. */
  #settle(stream: QuicStream): void {
    if (stream.isBlocked) this.#blocked.add(stream);
    else this.#blocked.delete(stream);
    if (!stream.isGone) return;
    this.#streams.delete(stream.number);
    if (stream.id !== undefined) this.#byId.delete(stream.id);
  }

  #closed(closing: Closing): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of this.#streams.values()) stream.cancel();
    this.#streams.clear();
    this.#byId.clear();
    this.#blocked.clear();
    this.#post({ type: 'closed', connection: this.#dial.connection, closing });
  }
}

/** Why there is no connection; the main thread puts it into words. */
class DialError extends Error {
  constructor(readonly failure: DialFailure) {
    super();
  }
}

/** The first address of each family, IPv4 first: zippers listen there at least. */
async function resolve(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return [4, 6].flatMap((family) => found.find((each) => each.family === family)?.address ?? []);
}

function untilAborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((done) => {
    const abort = (): void => {
      done('aborted');
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

function failureOf(error: unknown): DialFailure {
  if (error instanceof DialError) return error.failure;
  const reason = messageOf(error);
  if (error instanceof LibraryError) return { kind: 'library', reason };
  if (error instanceof ConfigurationError) return { kind: 'authority', reason };
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return { kind: code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'address' : 'other', reason };
}

/** @param unsent why packets were not sent, where some were not */
function failureOfEnd(end: QuicEnd | 'aborted', unsent: string): DialFailure {
  if (end === 'aborted' || end.kind === 'closed') return { kind: 'aborted', reason: '' };
  if (unsent !== '') return { kind: 'other', reason: unsent };
  switch (end.kind) {
    case 'silence':
      return { kind: 'time-out', reason: 'no answer came' };
    case 'certificate':
      return { kind: 'certificate', reason: end.reason };
    case 'fault':
      return { kind: 'other', reason: end.reason };
    case 'peer':
      return { kind: isOtherProtocol(end) ? 'protocol' : 'other', reason: reasonOf(end) };
  }
}

/** @param idleTimeout milliseconds, of the connection */
function closingOf(end: QuicEnd, idleTimeout: number): Closing {
  switch (end.kind) {
    case 'peer':
      // A code that is not the application's has another meaning.
      return end.isApplication ? { code: end.code, reason: end.reason } : { code: undefined, reason: reasonOf(end) };
    case 'silence':
      return { code: undefined, reason: `nothing came from it for ${String(idleTimeout / 1000)} s` };
    case 'certificate':
    case 'fault':
      return { code: undefined, reason: end.reason };
    case 'closed':
      return { code: undefined, reason: '' };
  }
}

function isOtherProtocol({ code, isApplication }: PeerEnd): boolean {
  return !isApplication && (code === NO_APPLICATION_PROTOCOL || code === HANDSHAKE_FAILURE);
}

function reasonOf({ code, reason }: PeerEnd): string {
  return reason === '' ? `it was closed with the QUIC code ${String(code)}` : reason;
}
