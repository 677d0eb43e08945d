/** A connection and its streams whose other end is the test. */
import type { ByteStream, Closing, Connection } from '#dist/yomo/transport';

const streams = new Set<FedStream>();

/** Breaks every stream there was: what still waits on one would keep the process of a test file alive. For `after` of a file. */
export function breakStreams(): void {
  for (const stream of streams) stream.finish('broken');
  streams.clear();
}

export class FedStream implements ByteStream {
  isCancelled = false;
  /** Whether nothing more is read. */
  isStopped = false;
  /** Whether nothing more is written. */
  isEnded = false;
  /** What has been written, and of what. */
  readonly written: Buffer[] = [];
  #listener: ((chunk: Uint8Array) => void) | undefined;
  #end: (how: 'whole' | 'broken') => void = () => undefined;
  readonly ended = new Promise<'whole' | 'broken'>((resolve) => (this.#end = resolve));

  constructor() {
    streams.add(this);
  }

  /** All that has been written, as text. */
  get text(): string {
    return Buffer.concat(this.written).toString();
  }

  feed(bytes: Uint8Array, chunk = bytes.length): void {
    for (let at = 0; at < bytes.length; at += chunk) this.#listener?.(bytes.subarray(at, at + chunk));
  }

  finish(how: 'whole' | 'broken'): void {
    this.#end(how);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  /** As of a real one: nothing can be written to what is given up. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.isCancelled) return Promise.reject(new Error('the stream has ended'));
    this.written.push(Buffer.from(bytes));
    return Promise.resolve();
  }

  end(): Promise<void> {
    this.isEnded = true;
    return Promise.resolve();
  }

  stopReading(): void {
    this.isStopped = true;
  }

  cancel(): void {
    this.isCancelled = true;
    this.#end('broken');
  }
}

export class FedConnection implements Connection {
  /** Those that this end has opened. */
  readonly streams: FedStream[] = [];
  #listener: ((stream: ByteStream) => void) | undefined;
  #close!: (closing: Closing) => void;
  readonly closed = new Promise<Closing>((resolve) => (this.#close = resolve));
  readonly #onClose: () => Promise<void>;

  /** @param onClose resolves when this end may close it; at once unless told */
  constructor(onClose: () => Promise<void> = () => Promise.resolve()) {
    this.#onClose = onClose;
  }

  open(): FedStream {
    const stream = new FedStream();
    this.streams.push(stream);
    return stream;
  }

  onStream(listener: (stream: ByteStream) => void): void {
    this.#listener = listener;
  }

  /** The other end opens one. */
  ask(): FedStream {
    const stream = new FedStream();
    this.#listener?.(stream);
    return stream;
  }

  /** The network ends it; its streams may be known to have broken before. */
  lose(): void {
    this.#close({ code: undefined, reason: 'silence' });
  }

  async close(): Promise<void> {
    await this.#onClose();
    this.#close({ code: undefined, reason: '' });
  }
}
