import type { Client } from 'aedes';
import type { Duplex } from 'node:stream';

/**
 * Bytes a client of an embedded broker may send before it is accepted. The longest CONNECT has five fields of 64 KiB each
 * (MQTT 3.1.1, section 3.1); what a client sends with it in advance has room, too.
 */
export const MOST_BEFORE_ACCEPTED = 1024 * 1024;
/** Bytes of one packet: the format allows four times as many (MQTT 3.1.1, section 2.2.3). */
export const MOST_OF_PACKET = 64 * 1024 * 1024;

/** What a client has sent too much of. */
export type Excess = 'before-accepted' | 'packet';

/**
 * Watches what a client sends, since the broker collects a packet whole before it looks at it.
 * @param transport the connection itself, of which bytes are counted until the client is accepted
 * @param stream what the packets come over: the connection itself, or a WebSocket over it; the broker reads it
 * @param onExcess called once; the client is to be cut off
 */
export function boundIncoming(
  client: Client,
  { transport, stream }: { readonly transport: Duplex; readonly stream: Duplex },
  onExcess: (excess: Excess) => void,
): void {
  const lengths = new PacketLengths();
  let early = 0;
  const stop = (excess: Excess): void => {
    transport.off('data', countEarly);
    stream.off('data', look);
    onExcess(excess);
  };
  const countEarly = (chunk: Buffer): void => {
    if (client.connected) transport.off('data', countEarly);
    else if ((early += chunk.length) > MOST_BEFORE_ACCEPTED) stop('before-accepted');
  };
  const look = (chunk: Buffer): void => {
    if (lengths.longestIn(chunk) > MOST_OF_PACKET) stop('packet');
  };
  // The broker reads by `readable` already: these see what it reads, and do not set the streams flowing.
  transport.on('data', countEarly);
  stream.on('data', look);
}

/** Finds where packets begin in a stream of bytes, and how long they are to be (MQTT 3.1.1, section 2.2.3). */
export class PacketLengths {
  /** Bytes that are left of the packet's content. */
  #left = 0;
  /** Of the length that is being read. */
  #value = 0;
  #factor = 0;

  /** @returns bytes of the longest content whose length ends in this chunk; those of a length of too many bytes count as well */
  longestIn(chunk: Uint8Array): number {
    let longest = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped - 1;
      } else if (this.#factor === 0) {
        this.#factor = 1;
        this.#value = 0;
      } else {
        const byte = chunk[at] ?? 0;
        this.#value += (byte & 0x7f) * this.#factor;
        this.#factor *= 0x80;
        if ((byte & 0x80) !== 0 && this.#factor < 0x80 ** 4) continue;
        longest = Math.max(longest, this.#value);
        this.#left = this.#value;
        this.#factor = 0;
      }
    }
    return longest;
  }
}
