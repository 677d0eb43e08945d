import { YomoError } from './errors';
import { decodeFrame, type Frame } from './frames';
import { GatheredBytes } from './gathered-bytes';
import { MAX_FRAME_LENGTH } from './limits';
import { readHead } from './y3';

/** A frame that is larger than any that is taken. */
export class OversizeError extends YomoError {}

/** Tag and length at their longest. */
const LONGEST_HEAD = 6;

/** Finds the frames in a stream that comes in chunks of any size. A frame's bytes are its own. */
export class FrameReader {
  readonly #limit: number;
  /** What has come of the tag and length of a frame; only the first `#headLength` bytes of it. */
  readonly #head = Buffer.alloc(LONGEST_HEAD);
  #headLength = 0;
  /** A frame whose head is there, and what has come of it. */
  #frame: GatheredBytes | undefined;

  /** @param limit bytes of a whole frame, its head included */
  constructor(limit: number = MAX_FRAME_LENGTH) {
    this.#limit = limit;
  }

  /**
   * @param onFrame called for each frame that this chunk completes, in order
   * @throws YomoError `frame` where the stream is no sequence of frames, OversizeError `frame` where one is over the limit;
   *   nothing can be read from the stream then any more
   */
  read(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    for (let at = 0; at < chunk.length;) {
      at += this.#frame === undefined ? this.#readHead(chunk, at) : this.#frame.add(chunk, at);
      if (this.#frame?.isFull !== true) continue;
      const bytes = this.#frame.take();
      this.#frame = undefined;
      onFrame(decodeFrame(bytes));
    }
  }

  /** @returns how many bytes of the chunk it took */
  #readHead(chunk: Uint8Array, at: number): number {
    const before = this.#headLength;
    const taken = Math.min(LONGEST_HEAD - before, chunk.length - at);
    this.#head.set(chunk.subarray(at, at + taken), before);
    const head = readHead(this.#head, 0, before + taken);
    if (head === undefined) {
      this.#headLength += taken;
      return taken;
    }
    this.#headLength = 0;
    this.#frame = new GatheredBytes(checked(head.start + head.length, this.#limit));
    // What was read beyond the head is taken with the rest of the frame.
    this.#frame.add(this.#head.subarray(0, head.start));
    return head.start - before;
  }
}

function checked(length: number, limit: number): number {
  if (length <= limit) return length;
  throw new OversizeError(
    'frame',
    `A frame has ${String(length)} bytes; at most ${String(limit)} are taken, so the connection is ended. Have whoever writes it send smaller payloads.`,
  );
}
