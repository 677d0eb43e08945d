import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Deferred } from './deferred';
import { messageOf, YomoError } from './errors';
import type { DialFailure, FromQuic, ToQuic } from './quic-messages';
import type { ByteStream, Closing, DialOptions, Transport } from './transport';

/** QUIC over the optional package @infisical/quic. All connections of the process share one thread, while there are any. */
export const quicTransport: Transport = {
  dial: async (host, port, options, signal) => {
    checkCertificateOptions(host, options);
    signal.throwIfAborted();
    const stream = new QuicStream(QuicThread.shared());
    return stream.dial(host, port, options, signal);
  },
};

/** One connection, as the main thread sees it. */
class QuicStream implements ByteStream {
  readonly #thread: QuicThread;
  readonly #connection: number;
  readonly #opened = new Deferred<this>();
  readonly #closed = new Deferred<Closing>();
  readonly #gone = new Deferred<undefined>();
  /** In the order they were begun. */
  readonly #writes: Deferred<undefined>[] = [];
  #listener: ((chunk: Uint8Array) => void) | undefined;
  readonly closed = this.#closed.promise;

  constructor(thread: QuicThread) {
    this.#thread = thread;
    this.#connection = thread.add(this);
  }

  async dial(host: string, port: number, options: DialOptions, signal: AbortSignal): Promise<this> {
    const connection = this.#connection;
    const abort = (): void => {
      this.#thread.post({ type: 'abort', connection });
    };
    signal.addEventListener('abort', abort);
    this.#thread.post({ type: 'dial', connection, host, port, options });
    try {
      return await this.#opened.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): Promise<void> {
    const write = new Deferred<undefined>();
    this.#writes.push(write);
    this.#thread.post({ type: 'write', connection: this.#connection, bytes });
    return write.promise;
  }

  async close(code: number, reason: string): Promise<void> {
    this.#thread.post({ type: 'close', connection: this.#connection, code, reason });
    await this.#gone.promise;
  }

  receive(message: FromQuic): void {
    switch (message.type) {
      case 'open':
        this.#opened.resolve(this);
        break;
      case 'failed':
        void this.#leave().then(() => {
          this.#opened.reject(dialError(message.failure));
        });
        break;
      case 'data':
        this.#thread.post({ type: 'taken', connection: this.#connection, bytes: message.bytes.length });
        this.#listener?.(message.bytes);
        break;
      case 'written':
        this.#writes.shift()?.resolve(undefined);
        break;
      case 'closed':
        this.#end(message.closing);
        break;
      case 'gone':
        this.#end({ code: undefined, reason: '' });
        void this.#leave();
        break;
    }
  }

  /** The thread itself has ended. */
  fail(reason: string): void {
    this.#opened.reject(dialError({ kind: 'other', reason }));
    this.#end({ code: undefined, reason });
    this.#gone.resolve(undefined);
  }

  #end(closing: Closing): void {
    this.#closed.resolve(closing);
    for (const write of this.#writes.splice(0)) write.reject(new Error('the connection has ended'));
  }

  async #leave(): Promise<void> {
    await this.#thread.remove(this.#connection);
    this.#gone.resolve(undefined);
  }
}

/** The thread and who is in it. It ends with the last connection. */
class QuicThread {
  static #current: QuicThread | undefined;
  readonly #worker = new Worker(join(__dirname, 'quic-worker.js'), { name: 'yomo-quic' });
  readonly #streams = new Map<number, QuicStream>();
  #last = 0;

  static shared(): QuicThread {
    QuicThread.#current ??= new QuicThread();
    return QuicThread.#current;
  }

  private constructor() {
    this.#worker.on('message', (message: FromQuic) => this.#streams.get(message.connection)?.receive(message));
    this.#worker.on('error', (error) => {
      this.#ended(`QUIC failed: ${messageOf(error)}`);
    });
    this.#worker.on('exit', () => {
      this.#ended('the thread of QUIC has ended');
    });
  }

  add(stream: QuicStream): number {
    this.#last += 1;
    this.#streams.set(this.#last, stream);
    return this.#last;
  }

  post(message: ToQuic): void {
    this.#worker.postMessage(message);
  }

  async remove(connection: number): Promise<void> {
    this.#streams.delete(connection);
    if (this.#streams.size > 0) return;
    this.#retire();
    await this.#worker.terminate();
  }

  #ended(reason: string): void {
    this.#retire();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.fail(reason);
  }

  /** Whoever comes now begins with another one. */
  #retire(): void {
    if (QuicThread.#current === this) QuicThread.#current = undefined;
  }
}

/** What can be said of the options without a connection, and would be hard to tell from what TLS says. */
function checkCertificateOptions(host: string, { verify, ca, serverName }: DialOptions): void {
  if (!verify) return;
  if (isIP(serverName ?? host) !== 0) {
    throw new YomoError(
      'configuration',
      'The certificate of a zipper is compared with a name, and the host is an address. Name the zipper, or do not verify.',
    );
  }
  if (ca === undefined) return;
  try {
    new X509Certificate(ca);
  } catch (error) {
    throw new YomoError(
      'configuration',
      `The CA file has no certificate that can be read (${messageOf(error)}). A PEM file with BEGIN CERTIFICATE is expected.`,
    );
  }
}

function dialError({ kind, reason }: DialFailure): YomoError {
  switch (kind) {
    case 'library':
      return new YomoError(
        'transport',
        `QUIC cannot be loaded (${reason}). Run "npm install @infisical/quic" in Node-RED's user directory; it is there for Linux on x64, arm64 and arm (glibc 2.34 or newer), macOS, and Windows on x64.`,
        { reason },
      );
    case 'address':
      return new YomoError('zipper', `The host of the zipper has no address (${reason}). Check its name.`, {
        reason,
      });
    case 'time-out':
      return new YomoError(
        'zipper',
        'No zipper answered. Check host and port, whether it runs, and that UDP is let through.',
        { reason },
      );
    case 'authority':
      return new YomoError(
        'configuration',
        `The CA file cannot be used (${reason}). A PEM file with the certificates of authorities is expected.`,
        { reason },
      );
    case 'certificate':
      return new YomoError(
        'zipper',
        'The certificate of the zipper is not trusted, has expired, or is for another name. Give the CA file it was signed with, and the name it is for.',
        { reason },
      );
    case 'protocol':
      return new YomoError(
        'zipper',
        'Another protocol than YoMo v1 is spoken there. A zipper from v1.17.5 to v1.22.3 is expected: check host and port.',
        { reason },
      );
    case 'aborted':
      return new YomoError('closed', 'The client was closed while it was connecting.', { reason });
    case 'other':
      return new YomoError('zipper', `The connection to the zipper failed (${reason}). Check host and port.`, {
        reason,
      });
  }
}
