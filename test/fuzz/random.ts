/** Numbers that look random and are the same for the same beginning (xorshift32). */
export class Random {
  #state: number;

  /** @param parts what the run depends on: the seed, the target's name, the number of the case */
  constructor(...parts: readonly (number | string)[]) {
    let state = 0x9e3779b9;
    for (const character of parts.join(' ')) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
    this.#state = state === 0 ? 1 : state;
    // the first numbers of neighbouring states resemble one another
    for (let turn = 0; turn < 8; turn += 1) this.below(2);
  }

  /** From 0 up to, not including, `limit`, which is at most 2³². */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  oneIn(chances: number): boolean {
    return this.below(chances) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/**
 * A case as a row of decisions: bytes say what is built and called, so that such a case is kept, cut down and
 * mutated like any other. At its end every decision is the first one.
 */
export class Decisions {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** From 0 up to, not including, `limit`, which is at most 2³². */
  below(limit: number): number {
    if (limit <= 256) return this.#byte() % limit;
    return ((this.#byte() * 256 + this.#byte()) * 65536 + this.#byte() * 256 + this.#byte()) % limit;
  }

  oneIn(chances: number): boolean {
    return this.below(chances) === chances - 1;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** At most `most` items. */
  list<T>(most: number, item: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, item);
  }

  #byte(): number {
    const byte = this.bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }
}
