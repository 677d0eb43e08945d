/** The numbers of streams in QUIC (RFC 9000, section 2.1): the lowest two bits say who has opened it, and that it goes both ways. */

const KIND = 0b11;
const OF_CLIENT = 0b00;
const OF_SERVER = 0b01;
const NEXT = 4;

/** Numbers for the streams of this end, which is the client. */
export class OwnStreamIds {
  #next = OF_CLIENT;

  /** For a stream that begins now: a number that is not used would count as one of those that are open, for ever. */
  take(): number {
    const id = this.#next;
    this.#next += NEXT;
    return id;
  }
}

/** Numbers of the streams of the other end: which have been there before. */
export class PeerStreamIds {
  #next = OF_SERVER;
  /** Lower ones that have not come yet, since packets overtake each other. */
  readonly #missing = new Set<number>();

  /** @returns whether it is a stream of the other end that has not been there before */
  isNew(id: number): boolean {
    if ((id & KIND) !== OF_SERVER) return false;
    for (; this.#next < id; this.#next += NEXT) this.#missing.add(this.#next);
    if (this.#next > id) return this.#missing.delete(id);
    this.#next += NEXT;
    return true;
  }
}
