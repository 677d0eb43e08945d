/** Bytes that room is made for at first. */
const FIRST_ROOM = 4096;

/**
 * Bytes that come in pieces, of which somebody has told how many there will be at most. That is not believed: there is
 * never room for more than twice of what has come, unless it is little. However the pieces are cut, as many bytes as came
 * are copied three times at most; they are copies, so that the pieces are not kept.
 */
export class GatheredBytes {
  readonly #most: number;
  #room: Buffer = Buffer.alloc(0);
  #length = 0;

  /** @param most how many there may be; none are taken beyond */
  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether there are as many as there may be. */
  get isFull(): boolean {
    return this.#length === this.#most;
  }

  /**
   * @param at where in the piece to begin
   * @returns how many bytes of the piece were taken
   */
  add(piece: Uint8Array, at = 0): number {
    const taken = Math.min(this.#most - this.#length, piece.length - at);
    const length = this.#length + taken;
    if (length > this.#room.length) this.#makeRoom(length);
    this.#room.set(piece.subarray(at, at + taken), this.#length);
    this.#length = length;
    return taken;
  }

  /** All of them. Nothing is to be added any more. */
  take(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  #makeRoom(needed: number): void {
    const size = Math.max(needed, 2 * this.#room.length, FIRST_ROOM);
    const room = Buffer.allocUnsafeSlow(Math.min(size, this.#most));
    room.set(this.#room.subarray(0, this.#length));
    this.#room = room;
  }
}
