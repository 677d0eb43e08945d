import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Deferred } from './deferred';
import { checkCertificateOptions, dialError } from './dial-error';
import { messageOf } from './errors';
import type { FromQuic, FromStream, ToQuic, ToStream } from './quic-messages';
import type { ByteStream, Closing, Connection, DialOptions, Transport } from './transport';

/** QUIC over the optional package @infisical/quic. All connections of the process share one thread, while there are any. */
export const quicTransport: Transport = {
  dial: async (host, port, options, signal) => {
    checkCertificateOptions(host, options);
    signal.throwIfAborted();
    const connection = new QuicConnection(QuicThread.shared());
    return connection.dial(host, port, options, signal);
  },
};

/** One connection, as the main thread sees it. */
class QuicConnection implements Connection {
  readonly #thread: QuicThread;
  readonly #connection: number;
  readonly #opened = new Deferred<this>();
  readonly #closed = new Deferred<Closing>();
  readonly #gone = new Deferred<undefined>();
  readonly #streams = new Map<number, QuicStream>();
  /** Streams that this end has opened so far. */
  #last = 0;
  #listener: ((stream: ByteStream) => void) | undefined;
  #alpn = '';
  #hasEnded = false;
  readonly closed = this.#closed.promise;

  constructor(thread: QuicThread) {
    this.#thread = thread;
    this.#connection = thread.add(this);
  }

  async dial(host: string, port: number, options: DialOptions, signal: AbortSignal): Promise<this> {
    const connection = this.#connection;
    this.#alpn = options.alpn;
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

  open(): ByteStream {
    this.#last += 1;
    const stream = this.#add(this.#last);
    if (this.#hasEnded) stream.fail();
    else this.#thread.post({ type: 'open-stream', connection: this.#connection, stream: this.#last });
    return stream;
  }

  onStream(listener: (stream: ByteStream) => void): void {
    this.#listener = listener;
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
          this.#opened.reject(dialError(message.failure, this.#alpn));
        });
        break;
      case 'closed':
        this.#end(message.closing);
        break;
      case 'gone':
        this.#opened.reject(dialError({ kind: 'aborted', reason: '' }, this.#alpn));
        this.#end({ code: undefined, reason: '' });
        void this.#leave();
        break;
      case 'stream': {
        const stream = this.#add(message.stream);
        if (this.#listener === undefined) stream.cancel();
        else this.#listener(stream);
        break;
      }
      case 'stream-gone':
        this.#streams.get(message.stream)?.fail();
        this.#streams.delete(message.stream);
        break;
      default:
        this.#streams.get(message.stream)?.receive(message);
        break;
    }
  }

  /** The thread itself has ended. */
  fail(reason: string): void {
    this.#opened.reject(dialError({ kind: 'other', reason }, this.#alpn));
    this.#end({ code: undefined, reason });
    this.#gone.resolve(undefined);
  }

  #add(number: number): QuicStream {
    const stream = new QuicStream(this.#thread, { connection: this.#connection, stream: number });
    this.#streams.set(number, stream);
    return stream;
  }

  #end(closing: Closing): void {
    this.#hasEnded = true;
    this.#closed.resolve(closing);
    for (const stream of this.#streams.values()) stream.fail();
    this.#streams.clear();
  }

  async #leave(): Promise<void> {
    await this.#thread.remove(this.#connection);
    this.#gone.resolve(undefined);
  }
}

/** One stream of a connection, as the main thread sees it. */
class QuicStream implements ByteStream {
  readonly #thread: QuicThread;
  readonly #where: { readonly connection: number; readonly stream: number };
  readonly #ended = new Deferred<'whole' | 'broken'>();
  /** Writes and ends, in the order they were begun. */
  readonly #writes: Deferred<undefined>[] = [];
  #listener: ((chunk: Uint8Array) => void) | undefined;
  #isGone = false;
  readonly ended = this.#ended.promise;

  constructor(thread: QuicThread, where: { readonly connection: number; readonly stream: number }) {
    this.#thread = thread;
    this.#where = where;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#post({ type: 'write', ...this.#where, bytes });
  }

  async end(): Promise<void> {
    await this.#post({ type: 'end', ...this.#where }).catch(() => undefined);
  }

  stopReading(): void {
    this.#thread.post({ type: 'stop-reading', ...this.#where });
  }

  cancel(): void {
    this.#thread.post({ type: 'cancel', ...this.#where });
  }

  receive(message: FromStream): void {
    switch (message.type) {
      case 'data':
        this.#listener?.(message.bytes);
        // Behind what the listener has put off, as nodes do: more in one turn would keep everything else waiting.
        setImmediate(() => {
          this.#thread.post({ type: 'taken', ...this.#where, bytes: message.bytes.length });
        });
        break;
      case 'written': {
        const write = this.#writes.shift();
        if (message.ok) write?.resolve(undefined);
        else write?.reject(streamEnded());
        break;
      }
      case 'ended':
        this.#ended.resolve(message.how);
        break;
      case 'stream-gone':
        this.fail();
        break;
    }
  }

  /** Nothing comes or goes any more. */
  fail(): void {
    this.#isGone = true;
    this.#ended.resolve('broken');
    for (const write of this.#writes.splice(0)) write.reject(streamEnded());
  }

  #post(message: ToStream): Promise<void> {
    const write = new Deferred<undefined>();
    if (this.#isGone) {
      write.reject(streamEnded());
    } else {
      this.#writes.push(write);
      this.#thread.post(message);
    }
    return write.promise;
  }
}

/** The thread and who is in it. It ends with the last connection. */
class QuicThread {
  static #current: QuicThread | undefined;
  readonly #worker = new Worker(join(__dirname, 'quic-worker.js'), { name: 'yomo-quic' });
  readonly #connections = new Map<number, QuicConnection>();
  #last = 0;

  static shared(): QuicThread {
    QuicThread.#current ??= new QuicThread();
    return QuicThread.#current;
  }

  private constructor() {
    this.#worker.on('message', (message: FromQuic) => this.#connections.get(message.connection)?.receive(message));
    this.#worker.on('error', (error) => {
      this.#ended(`QUIC failed: ${messageOf(error)}`);
    });
    this.#worker.on('exit', () => {
      this.#ended('the thread of QUIC has ended');
    });
  }

  add(connection: QuicConnection): number {
    this.#last += 1;
    this.#connections.set(this.#last, connection);
    return this.#last;
  }

  post(message: ToQuic): void {
    this.#worker.postMessage(message);
  }

  async remove(connection: number): Promise<void> {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    this.#retire();
    await this.#worker.terminate();
  }

  #ended(reason: string): void {
    this.#retire();
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of connections) connection.fail(reason);
  }

  /** Whoever comes now begins with another one. */
  #retire(): void {
    if (QuicThread.#current === this) QuicThread.#current = undefined;
  }
}

function streamEnded(): Error {
  return new Error('the stream has ended');
}
