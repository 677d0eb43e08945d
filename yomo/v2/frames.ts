/** Frames of protocol v2: their length in 32 bits, big-endian, and then so many bytes. */
import { YomoError } from '../errors';
import { GatheredBytes } from '../gathered-bytes';
import { MAX_V2_FRAME_LENGTH } from '../limits';

const HEAD = 4;

/** The frames one behind the other, as they are sent. */
export function encodeFrames(...frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((bytes) => {
      const head = Buffer.alloc(HEAD);
      head.writeUInt32BE(bytes.length);
      return [head, bytes];
    }),
  );
}

/** Finds the frames in a stream that comes in chunks of any size. A frame's bytes are its own. */
export class FrameReader {
  readonly #limit: number;
  readonly #head = Buffer.alloc(HEAD);
  /** Bytes of the head that have come. */
  #headLength = 0;
  /** A frame whose head is there, and what has come of it. */
  #frame: GatheredBytes | undefined;

  /** @param limit bytes of a frame without its head */
  constructor(limit: number = MAX_V2_FRAME_LENGTH) {
    this.#limit = limit;
  }

  /** Whether a frame has begun that is not whole. */
  get isWithin(): boolean {
    return this.#frame !== undefined || this.#headLength > 0;
  }

  /**
   * @param onFrame called for each frame that this chunk completes, in order
   * @throws YomoError `frame` where a frame is over the limit; nothing can be read from the stream then any more
   */
  read(chunk: Uint8Array, onFrame: (bytes: Buffer) => void): void {
    for (let at = 0; at < chunk.length;) {
      at += this.#frame === undefined ? this.#readHead(chunk, at) : this.#frame.add(chunk, at);
      if (this.#frame?.isFull !== true) continue;
      const bytes = this.#frame.take();
      this.#frame = undefined;
      onFrame(bytes);
    }
  }

  /** @returns how many bytes of the chunk it took */
  #readHead(chunk: Uint8Array, at: number): number {
    const taken = Math.min(HEAD - this.#headLength, chunk.length - at);
    this.#head.set(chunk.subarray(at, at + taken), this.#headLength);
    this.#headLength += taken;
    if (this.#headLength === HEAD) {
      this.#headLength = 0;
      this.#frame = new GatheredBytes(checked(this.#head.readUInt32BE(), this.#limit));
    }
    return taken;
  }
}

function checked(length: number, limit: number): number {
  if (length <= limit) return length;
  throw new YomoError(
    'frame',
    `A frame has ${String(length)} bytes; YoMo v2 carries at most ${String(limit)}. Send smaller payloads.`,
  );
}
