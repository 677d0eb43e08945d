import type { ByteStream } from '#dist/yomo/transport';

/** A stream whose other end is the test. */
export class FedStream implements ByteStream {
  isCancelled = false;
  #listener: ((chunk: Uint8Array) => void) | undefined;
  #end: (how: 'whole' | 'broken') => void = () => undefined;
  readonly ended = new Promise<'whole' | 'broken'>((resolve) => (this.#end = resolve));

  feed(bytes: Uint8Array, chunk = bytes.length): void {
    for (let at = 0; at < bytes.length; at += chunk) this.#listener?.(bytes.subarray(at, at + chunk));
  }

  finish(how: 'whole' | 'broken'): void {
    this.#end(how);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  cancel(): void {
    this.isCancelled = true;
  }
}
