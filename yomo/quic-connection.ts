/** One QUIC connection over @infisical/quic. Runs in the thread of `quic-worker.ts` only. */
import { randomFillSync } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Quic from '@infisical/quic';
import { Deferred } from './deferred';
import { messageOf } from './errors';
import { CLOSE_TIME, DIAL_TIMEOUT, KEEP_ALIVE, MAX_STREAMS, READ_SIZE } from './limits';
import type { DialFailure, FromQuic, ToConnection, ToStream } from './quic-messages';
import { QuicStream } from './quic-stream';
import type { Closing } from './transport';

type Library = typeof Quic;
type Dial = ToConnection & { readonly type: 'dial' };

/** TLS alerts (RFC 8446, section 6) as QUIC carries them: 0x100 and the alert (RFC 9001, section 4.8). */
const NO_APPLICATION_PROTOCOL = 0x100 + 120;

/** What the library puts into an error about a connection. */
interface ConnectionErrorData {
  readonly errorCode?: number;
  readonly reason?: Uint8Array;
}

export class QuicConnection {
  readonly #dial: Dial;
  readonly #post: (message: FromQuic, transfer?: readonly ArrayBuffer[]) => void;
  readonly #abort = new AbortController();
  #client: Quic.QUICClient | undefined;
  #socket: Quic.QUICSocket | undefined;
  /** Why the system has not sent a packet. */
  #unsent = '';
  readonly #streams = new Map<number, QuicStream>();
  /** Streams that the other end has opened so far. */
  #accepted = 0;
  #isClosed = false;
  readonly #ended = new Deferred<undefined>();
  #closing: Promise<void> | undefined;

  constructor(dial: Dial, post: (message: FromQuic, transfer?: readonly ArrayBuffer[]) => void) {
    this.#dial = dial;
    this.#post = post;
  }

  /** Connects, and resolves when the connection has ended and nothing of it is left. */
  async run(): Promise<void> {
    const { connection } = this.#dial;
    let client: Quic.QUICClient;
    let library: Library;
    try {
      library = await loadLibrary();
      client = await this.#connect(library);
    } catch (error) {
      this.#post({
        type: 'failed',
        connection,
        failure: failureOf(error, this.#unsent, this.#dial.options.idleTimeout),
      });
      return;
    }
    this.#client = client;
    client.addEventListener(library.events.EventQUICClientError.name, (event) => {
      this.#closed(closingOf((event as { readonly detail?: unknown }).detail, this.#dial.options.idleTimeout));
    });
    client.connection.addEventListener(library.events.EventQUICConnectionStream.name, (event) => {
      this.#accept((event as unknown as { readonly detail: Quic.QUICStream }).detail);
    });
    if (this.#abort.signal.aborted) this.#closed({ code: undefined, reason: '' });
    else this.#post({ type: 'open', connection });
    await this.#ended.promise;
    await this.close(0, '');
    this.#post({ type: 'gone', connection });
  }

  abort(): void {
    this.#abort.abort(new AbortedError());
    void this.close(0, '');
  }

  openStream(stream: number): void {
    if (this.#client === undefined || this.#isClosed) return;
    this.#add(stream, this.#client.connection.newStream('bidi'));
  }

  handle(message: ToStream): void {
    void this.#streams.get(message.stream)?.handle(message);
  }

  async close(code: number, reason: string): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    this.#closed({ code: undefined, reason: '' });
    this.#closing ??= this.#destroy(client, code, reason);
    await this.#closing;
  }

  /**
   * QUIC keeps what is closed for some time, as long as three answers take at their slowest, to tell late packets that it
   * is; that can be seconds. Nobody waits for it: what is lost of the close, the other end finds out by its idle time.
   */
  async #destroy(client: Quic.QUICClient, code: number, reason: string): Promise<void> {
    const words = Buffer.from(reason, 'utf8');
    // What cannot be closed has ended.
    const end = client.destroy({ isApp: true, errorCode: code, reason: words, force: true }).catch(ignore);
    await Promise.race([end, sleep(CLOSE_TIME)]);
    await this.#socket?.stop({ force: true });
  }

  /** Of several addresses of a name one of each family is tried: without an answer QUIC only ever times out. */
  async #connect(library: Library): Promise<Quic.QUICClient> {
    const { host } = this.#dial;
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    let failure: unknown;
    for (const address of addresses) {
      try {
        return await this.#connectTo(library, address);
      } catch (error) {
        failure = error;
        if (this.#abort.signal.aborted) break;
      }
    }
    throw failure;
  }

  async #connectTo(library: Library, address: string): Promise<Quic.QUICClient> {
    const { host, port, options } = this.#dial;
    const socket = await this.#openSocket(library, isIP(address) === 6 ? '::' : '0.0.0.0');
    try {
      const client = await library.QUICClient.createQUICClient(
        {
          host: address,
          port,
          socket,
          serverName: options.serverName ?? host,
          crypto: { ops: { randomBytes } },
          config: {
            applicationProtos: [options.alpn],
            verifyPeer: options.verify,
            ...(options.verify && options.ca !== undefined ? { ca: options.ca } : {}),
            // Both are off unless they are set.
            maxIdleTimeout: options.idleTimeout,
            keepAliveIntervalTime: KEEP_ALIVE,
            readableChunkSize: READ_SIZE,
            initialMaxStreamsBidi: MAX_STREAMS,
            enableEarlyData: false,
          },
          logger: silent as never,
        },
        { timer: DIAL_TIMEOUT as never, signal: this.#abort.signal },
      );
      this.#socket = socket;
      return client;
    } catch (error) {
      await socket.stop({ force: true });
      throw error;
    }
  }

  /**
   * A packet that the system does not send, as by a rule of its firewall, is one that is lost: the library would throw an
   * error for it where nobody catches it.
   */
  async #openSocket(library: Library, host: string): Promise<Quic.QUICSocket> {
    const socket = new library.QUICSocket({ logger: silent as never }) as Quic.QUICSocket & RawSocket;
    const send = socket.send_.bind(socket);
    socket.send_ = async (...packet) => {
      try {
        return await send(...packet);
      } catch (error) {
        this.#unsent = messageOf(error);
        return 0;
      }
    };
    await socket.start({ host });
    return socket;
  }

  #accept(stream: Quic.QUICStream): void {
    this.#accepted += 1;
    const number = -this.#accepted;
    this.#post({ type: 'stream', connection: this.#dial.connection, stream: number });
    this.#add(number, stream);
  }

  #add(number: number, stream: Quic.QUICStream): void {
    const { connection } = this.#dial;
    const added = new QuicStream({ connection, stream: number }, stream, this.#post);
    this.#streams.set(number, added);
    void added.run().then(() => this.#streams.delete(number));
  }

  /** Error events come several times, and after a close of this end too: the first tells. */
  #closed(closing: Closing): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ended.resolve(undefined);
    for (const stream of this.#streams.values()) stream.cancel();
    this.#post({ type: 'closed', connection: this.#dial.connection, closing });
  }
}

/** What the library declares for its own use only. */
interface RawSocket {
  send_: (...packet: readonly unknown[]) => Promise<number>;
}

class AbortedError extends Error {}

class LibraryError extends Error {}

/** Loaded with the first connection: it is an optional dependency, and its binary is not there for every platform. */
async function loadLibrary(): Promise<Library> {
  try {
    return (await import('@infisical/quic')).default;
  } catch (error) {
    throw new LibraryError(messageOf(error), { cause: error });
  }
}

/** The first address of each family, IPv4 first: zippers listen there at least. */
async function resolve(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return [4, 6].flatMap((family) => found.find((each) => each.family === family)?.address ?? []);
}

/** @param unsent why packets were not sent, where some were not */
function failureOf(error: unknown, unsent: string, idleTimeout: number): DialFailure {
  const reason = unsent === '' ? messageOf(error) : unsent;
  if (error instanceof LibraryError) return { kind: 'library', reason };
  if (error instanceof AbortedError) return { kind: 'aborted', reason };
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'address', reason };
  const { errorCode } = dataOf(error);
  switch (nameOf(error)) {
    case 'ErrorQUICClientCreateTimeout':
    case 'ErrorQUICConnectionIdleTimeout':
      return { kind: unsent === '' ? 'time-out' : 'other', reason };
    case 'ErrorQUICConfig':
      return { kind: 'authority', reason };
    case 'ErrorQUICConnectionLocalTLS':
      return { kind: 'certificate', reason };
    case 'ErrorQUICConnectionPeerTLS':
    case 'ErrorQUICConnectionPeer':
      return {
        kind: errorCode === NO_APPLICATION_PROTOCOL ? 'protocol' : 'other',
        reason: closingOf(error, idleTimeout).reason,
      };
    default:
      return { kind: 'other', reason };
  }
}

/** @param idleTimeout milliseconds, of the connection */
function closingOf(error: unknown, idleTimeout: number): Closing {
  const { errorCode, reason } = dataOf(error);
  const text = reason === undefined ? '' : Buffer.from(reason).toString('utf8');
  switch (nameOf(error)) {
    case 'ErrorQUICConnectionPeer':
      return { code: errorCode, reason: text };
    case 'ErrorQUICConnectionIdleTimeout':
      return { code: undefined, reason: `nothing came from it for ${String(idleTimeout / 1000)} s` };
    default:
      return { code: undefined, reason: text === '' && error !== undefined ? messageOf(error) : text };
  }
}

function dataOf(error: unknown): ConnectionErrorData {
  return (error as { readonly data?: ConnectionErrorData } | null | undefined)?.data ?? {};
}

/** The library's classes are told apart by their names: an installed other copy has other classes. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : '';
}

function randomBytes(data: ArrayBuffer): Promise<void> {
  randomFillSync(new Uint8Array(data));
  return Promise.resolve();
}

function ignore(): void {
  // See where it is used.
}

/** The library logs each connection and each error; what matters of it is told as a status. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore, getChild: () => silent };
