/** Frames of protocol v2: their length in 32 bits, big-endian, and then so many bytes. */
import { YomoError } from '../errors';
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

/**
 * Finds the frames in a stream that comes in chunks of any size. No room is made for a frame before its bytes are there:
 * what it says of its length is not believed.
 */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  /** Bytes in the chunks. */
  #available = 0;
  /** The length of the frame that has begun, once its head is there. */
  #length: number | undefined;

  /** Whether a frame has begun that is not whole. */
  get isWithin(): boolean {
    return this.#available > 0 || this.#length !== undefined;
  }

  /**
   * @param onFrame called for each frame that this chunk completes, in order; its bytes are its own
   * @throws YomoError `frame` where a frame is over the limit; nothing can be read from the stream then any more
   */
  read(chunk: Uint8Array, onFrame: (bytes: Buffer) => void): void {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    for (;;) {
      if (this.#length === undefined) {
        if (this.#available < HEAD) return;
        this.#length = checked(this.#take(HEAD).readUInt32BE());
      }
      if (this.#available < this.#length) return;
      const bytes = this.#take(this.#length);
      this.#length = undefined;
      onFrame(bytes);
    }
  }

  #take(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    let filled = 0;
    let used = 0;
    while (filled < size) {
      const chunk = this.#chunks[used] as Uint8Array;
      const part = chunk.subarray(0, size - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) used += 1;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    this.#available -= size;
    return bytes;
  }
}

function checked(length: number): number {
  if (length <= MAX_V2_FRAME_LENGTH) return length;
  throw new YomoError(
    'frame',
    `A frame has ${String(length)} bytes; YoMo v2 carries at most ${String(MAX_V2_FRAME_LENGTH)}. Send smaller payloads.`,
  );
}
