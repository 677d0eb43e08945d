/** Both sides of a request: a head, and the body that it announces, on a stream of their own. */
import { YomoError } from '../errors';
import { GatheredBytes } from '../gathered-bytes';
import { MAX_V2_BODY_LENGTH, MAX_V2_FRAME_LENGTH } from '../limits';
import type { ByteStream } from '../transport';
import { encodeFrames, FrameReader } from './frames';
import type { BodyFormat } from './heads';

export interface Message<Head> {
  readonly head: Head;
  readonly body: Buffer;
}

/**
 * What a head and its body are on the stream.
 * @param body undefined where the head announces none
 * @throws YomoError `payload` where it is too large
 */
export function encodeMessage(head: Buffer, body?: Uint8Array): Buffer {
  if (body === undefined) return encodeFrames(head);
  if (body.length > MAX_V2_FRAME_LENGTH) {
    throw new YomoError(
      'payload',
      `The payload has ${String(body.length)} bytes; YoMo v2 carries at most ${String(MAX_V2_FRAME_LENGTH)}. Send smaller payloads.`,
    );
  }
  return encodeFrames(head, body);
}

export interface ReadOptions {
  /** Ends the reading: what has come is let go, and the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of bytes of a message that is not whole, before they are kept; may abort the signal. */
  readonly onBytes?: (count: number) => void;
}

/**
 * Resolves when the body is whole; the frames of a body in chunks are joined. To be called as soon as the stream is there.
 * The stream stays open in any case: whoever calls it answers on it, or gives it up.
 * @param parse throws YomoError `frame`
 * @throws YomoError `frame` where what comes is none; `zipper` where it ends before it is whole
 */
export function readMessage<Head extends { readonly bodyFormat: BodyFormat }>(
  stream: ByteStream,
  parse: (bytes: Buffer) => Head,
  { signal, onBytes }: ReadOptions = {},
): Promise<Message<Head>> {
  return new Promise((resolve, reject) => {
    let reading: MessageReader<Head> | undefined = new MessageReader(parse, (message) => {
      reading = undefined;
      resolve(message);
    });
    const fail = (error: Error): void => {
      reading = undefined;
      reject(error);
    };
    signal?.addEventListener('abort', () => {
      fail(signal.reason as Error);
    });
    if (signal?.aborted === true) fail(signal.reason as Error);
    stream.onData((chunk) => {
      if (reading !== undefined) onBytes?.(chunk.length);
      try {
        reading?.take(chunk);
      } catch (error) {
        fail(error as Error);
      }
    });
    void stream.ended.then((how) => {
      if (how === 'whole') reading?.end();
      // Nothing happens by that where it is whole already.
      fail(endedEarly());
    });
  });
}

/** What comes on a stream, as the message that it is. */
export class MessageReader<Head extends { readonly bodyFormat: BodyFormat }> {
  readonly #parse: (bytes: Buffer) => Head;
  readonly #done: (message: Message<Head>) => void;
  readonly #frames = new FrameReader();
  #head: Head | undefined;
  /** What has come of a body in chunks. */
  readonly #chunks = new GatheredBytes(MAX_V2_BODY_LENGTH);
  #isDone = false;

  /**
   * @param parse throws YomoError `frame`
   * @param done called once, when the message is whole
   */
  constructor(parse: (bytes: Buffer) => Head, done: (message: Message<Head>) => void) {
    this.#parse = parse;
    this.#done = done;
  }

  /** @throws YomoError `frame` where it is none; nothing can be read from the stream then any more */
  take(chunk: Uint8Array): void {
    if (this.#isDone) return;
    try {
      this.#frames.read(chunk, (bytes) => {
        this.#frame(bytes);
      });
    } catch (error) {
      // What follows a message that is whole is nobody's, whatever it is.
      if (!this.#isDone) throw error;
    }
  }

  /** The stream has ended; so has a body in chunks. */
  end(): void {
    if (this.#head?.bodyFormat === 'chunk' && !this.#frames.isWithin) this.#finish(this.#head, this.#chunks.take());
  }

  #frame(bytes: Buffer): void {
    if (this.#isDone) return;
    if (this.#head === undefined) {
      this.#head = this.#parse(bytes);
      if (this.#head.bodyFormat === 'null') this.#finish(this.#head, Buffer.alloc(0));
    } else if (this.#head.bodyFormat === 'bytes') {
      this.#finish(this.#head, bytes);
    } else if (this.#chunks.add(bytes) < bytes.length) {
      throw tooLong();
    }
  }

  #finish(head: Head, body: Buffer): void {
    this.#isDone = true;
    this.#done({ head, body });
  }
}

function tooLong(): YomoError {
  return new YomoError(
    'frame',
    `A body in chunks has more than ${String(MAX_V2_BODY_LENGTH)} bytes, which are taken at most. Send smaller payloads.`,
  );
}

function endedEarly(): YomoError {
  return new YomoError('zipper', 'What was to come by YoMo ended before it was whole. Look at what sent it.');
}
