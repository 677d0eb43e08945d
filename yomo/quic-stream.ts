/** One stream of a QUIC connection. Runs in the thread of `quic-worker.ts` only. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { QUICStream } from '@infisical/quic';
import { READ_AHEAD, STOP_TIME } from './limits';
import type { FromStream, ToStream } from './quic-messages';

export type Post = (message: FromStream, transfer?: readonly ArrayBuffer[]) => void;

export class QuicStream {
  readonly #where: { readonly connection: number; readonly stream: number };
  readonly #post: Post;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Bytes handed to the main thread that it has not worked off. */
  #ahead = 0;
  #resume: (() => void) | undefined;
  /** Whether nothing more comes in. */
  #hasEnded = false;
  /** Whether this end has given up what comes in. */
  #isUnwanted = false;

  constructor(where: { readonly connection: number; readonly stream: number }, stream: QUICStream, post: Post) {
    this.#where = where;
    this.#post = post;
    this.#reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    this.#writer = stream.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
  }

  /** Reads until nothing more comes; resolves when nothing more goes out either. Never rejected. */
  async run(): Promise<void> {
    // The same failure is told by what is written.
    const written = this.#writer.closed.catch(ignore);
    const how = await this.#read().then(
      () => 'whole' as const,
      () => 'broken' as const,
    );
    this.#hasEnded = true;
    this.#post({ type: 'ended', ...this.#where, how: this.#isUnwanted ? 'broken' : how });
    await written;
    this.#post({ type: 'stream-gone', ...this.#where });
  }

  async handle(message: ToStream): Promise<void> {
    switch (message.type) {
      case 'write':
        await this.#tell(this.#writer.write(message.bytes));
        break;
      case 'end':
        await this.#tell(this.#end());
        break;
      case 'stop-reading':
        this.#stopReading();
        break;
      case 'cancel':
        this.cancel();
        break;
      case 'taken':
        this.#ahead -= message.bytes;
        if (this.#ahead < READ_AHEAD) this.#resume?.();
        break;
    }
  }

  /** Gives up both ways; also where the connection has ended, since who reads may be waiting to go on. */
  cancel(): void {
    this.#stopReading();
    this.#writer.abort().catch(ignore);
  }

  async #end(): Promise<void> {
    if (this.#isUnwanted) await sleep(STOP_TIME);
    await this.#writer.close();
  }

  #stopReading(): void {
    if (this.#hasEnded) return;
    this.#isUnwanted = true;
    this.#resume?.();
    this.#reader.cancel().catch(ignore);
  }

  /** What fails is told as such; why, the connection tells. */
  async #tell(work: Promise<void>): Promise<void> {
    const ok = await work.then(
      () => true,
      () => false,
    );
    this.#post({ type: 'written', ...this.#where, ok });
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.#ahead += value.length;
      // A small chunk lies in memory that it shares with others.
      const isAlone = value.byteLength === value.buffer.byteLength;
      this.#post({ type: 'data', ...this.#where, bytes: value }, isAlone ? [value.buffer as ArrayBuffer] : []);
      if (this.#ahead >= READ_AHEAD && !this.#isUnwanted) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
      }
    }
  }
}

function ignore(): void {
  // See where it is used.
}
