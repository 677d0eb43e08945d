import { Deferred } from '../deferred';
import { YomoError } from '../errors';
import { MAX_REFUSAL_LENGTH } from '../limits';
import type { ByteStream } from '../transport';
import { encodeMessage, type Message } from './exchange';
import { encodeReplyHead, type RequestHead } from './heads';

/**
 * A request that somebody waits for: it is answered or refused, once. The time it may take is its own, so that nobody is
 * left without an answer.
 */
export class ToolRequest {
  readonly head: RequestHead;
  readonly body: Buffer;
  readonly #stream: ByteStream;
  readonly #settled = new Deferred<undefined>();
  readonly #timer: NodeJS.Timeout;
  #isOpen = true;

  /** @param time milliseconds: what a flow is given to answer, and what is left of it; then it is refused with 504 */
  constructor(
    { head, body }: Message<RequestHead>,
    stream: ByteStream,
    time: { readonly limit: number; readonly rest: number },
  ) {
    this.head = head;
    this.body = body;
    this.#stream = stream;
    this.#timer = setTimeout(() => {
      void this.refuse(504, `The flow did not answer within ${String(time.limit / 1000)} s.`);
    }, time.rest);
  }

  /** Resolves when it has been answered or refused, or its connection is gone. */
  readonly settled = this.#settled.promise;

  /** Whether it still waits for an answer. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Resolves when the answer has been handed to the connection.
   * @throws YomoError `closed` where it is not open any more, or its caller is gone; `payload` where the answer is too large
   */
  async answer(body: Uint8Array): Promise<void> {
    if (!this.#isOpen) throw notOpen();
    const head = encodeReplyHead({ status: 200, error: '', bodyFormat: 'bytes', extension: '' });
    const bytes = encodeMessage(head, body);
    this.#settle();
    try {
      await this.#stream.write(bytes);
    } catch {
      throw notOpen();
    }
    await leave(this.#stream);
  }

  /**
   * Gives the caller a status, as in HTTP, and why; does nothing where it is not open any more. Never rejected.
   * @param text may be long
   */
  async refuse(status: number, text: string): Promise<void> {
    if (!this.#isOpen) return;
    this.#settle();
    await refuse(this.#stream, status, text);
  }

  /**
   * Refuses it since the flow failed, without the words of the error: they may tell of files and programs of this machine,
   * and whoever asked may be a stranger.
   * @param code of the error; blank where it has none
   */
  async fail(code: string): Promise<void> {
    await this.refuse(
      500,
      `The flow failed on this request${code === '' ? '' : ` (${code})`}. See the log of Node-RED.`,
    );
  }

  /** Its connection is gone: there is nobody to answer. */
  drop(): void {
    if (this.#isOpen) this.#settle();
  }

  #settle(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#settled.resolve(undefined);
  }
}

/** Answers on a stream with a status other than 200. Never rejected. */
export async function refuse(stream: ByteStream, status: number, text: string): Promise<void> {
  const error = text.slice(0, MAX_REFUSAL_LENGTH);
  const head = encodeReplyHead({ status, error, bodyFormat: 'null', extension: '' });
  await stream.write(encodeMessage(head)).catch(() => undefined);
  await leave(stream);
}

/** A caller that never ends its side would keep the stream, of which there are only so many, for ever. */
async function leave(stream: ByteStream): Promise<void> {
  stream.stopReading();
  await stream.end();
}

/** The same to everyone who comes late, whatever came first. */
export function notOpen(): YomoError {
  return new YomoError(
    'closed',
    'The request is not open any more: it has been answered already, took too long, or its caller is gone. Let one message of each request reach a yomo-sink, in time.',
  );
}
