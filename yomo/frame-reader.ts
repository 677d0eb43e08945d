import { YomoError } from './errors';
import { decodeFrame, type Frame } from './frames';
import { MAX_FRAME_LENGTH } from './limits';
import { readHead } from './y3';

/** Bytes that are set aside for a frame at first: what it says of its length is not believed before it comes. */
const FIRST_ROOM = 4096;

/** Tag and length at their longest. */
const LONGEST_HEAD = 6;

/**
 * Finds the frames in a stream that comes in chunks of any size. Each byte is copied at most twice, however the chunks
 * are cut: a frame's bytes are its own, and do not keep the chunk alive.
 */
export class FrameReader {
  readonly #limit: number;
  /** What has come of a frame that is not whole yet; only the first `#filled` bytes of it. */
  #bytes = Buffer.alloc(LONGEST_HEAD);
  #filled = 0;
  /** The length of that frame, once its head is there. */
  #length: number | undefined;

  /** @param limit bytes of a whole frame, its head included */
  constructor(limit: number = MAX_FRAME_LENGTH) {
    this.#limit = limit;
  }

  /** Bytes of a frame that has begun. */
  get pending(): number {
    return this.#filled;
  }

  /**
   * @param onFrame called for each frame that this chunk completes, in order
   * @throws YomoError `frame` where the stream is no sequence of frames, or one is over the limit; nothing can be read
   *   from the stream then any more
   */
  read(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#length === undefined ? this.#readHead(chunk, at) : this.#readBody(chunk, at, this.#length);
      if (this.#length !== undefined && this.#filled === this.#length) onFrame(this.#take());
    }
  }

  /** @returns how many bytes of the chunk it took */
  #readHead(chunk: Uint8Array, at: number): number {
    const before = this.#filled;
    const taken = Math.min(LONGEST_HEAD - before, chunk.length - at);
    this.#bytes.set(chunk.subarray(at, at + taken), before);
    const head = readHead(this.#bytes, 0, before + taken);
    if (head === undefined) {
      this.#filled += taken;
      return taken;
    }
    const length = head.start + head.length;
    if (length > this.#limit) {
      throw new YomoError(
        'frame',
        `A frame has ${String(length)} bytes; at most ${String(this.#limit)} are taken. Send smaller payloads.`,
      );
    }
    this.#length = length;
    this.#makeRoom(Math.min(length, FIRST_ROOM), head.start);
    this.#filled = head.start;
    return head.start - before;
  }

  #readBody(chunk: Uint8Array, at: number, length: number): number {
    const taken = Math.min(length - this.#filled, chunk.length - at);
    const needed = this.#filled + taken;
    if (needed > this.#bytes.length) this.#makeRoom(Math.min(length, Math.max(needed, 2 * this.#bytes.length)));
    this.#bytes.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled = needed;
    return taken;
  }

  #makeRoom(size: number, keep: number = this.#filled): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(size, LONGEST_HEAD));
    bytes.set(this.#bytes.subarray(0, keep));
    this.#bytes = bytes;
  }

  #take(): Frame {
    const bytes = this.#bytes.subarray(0, this.#filled);
    this.#bytes = Buffer.alloc(LONGEST_HEAD);
    this.#filled = 0;
    this.#length = undefined;
    return decodeFrame(bytes);
  }
}
