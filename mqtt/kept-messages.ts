import { Readable } from 'node:stream';

const MIB = 1024 * 1024;

/** What an embedded broker keeps in memory at most; beyond it the oldest goes. */
export const MOST_KEPT = {
  /** Messages of a session. Ten times what a small broker commonly keeps, and an hour of three a second. */
  messages: 10_000,
  /** Bytes of a session: small beside the memory of a gateway, and room for 10,000 messages of 1.4 kB. */
  bytes: 16 * MIB,
  /** Bytes of all sessions together: whoever may connect may open as many sessions as there are names. */
  allBytes: 64 * MIB,
  /** Bytes of retained messages: those of some ten thousand devices with a state of 1 kB each. */
  retainedBytes: 16 * MIB,
} as const;

/** What is left of all sessions when they have become too much: each time, all of them are looked at. */
const ROOM_MADE = 0.9;

/** Bytes of heap a message takes besides its topic and payload: 100,000 empty ones took 295 each (Node 20). */
const OVERHEAD = 300;

interface Packet {
  readonly cmd: string;
  readonly brokerId?: string | undefined;
  readonly brokerCounter?: number | undefined;
  readonly topic?: string;
  readonly payload?: string | Buffer;
  messageId?: number | undefined;
}

/** A client on one of its connections, as aedes knows it. */
interface Connection {
  /** Of the client. */
  readonly id: string;
}

interface Session {
  /** Sent and not acknowledged, or not sent yet, by `keyOf`; the oldest first. */
  readonly packets: Map<string, Packet>;
  /** Keys of what has been sent, by the identifier it was sent under. */
  readonly sent: Map<number, string>;
  bytes: number;
  dropped: number;
}

/** The part of the broker's store in memory that is bounded here, as aedes calls it. */
interface Persistence {
  storeRetained(packet: Packet): Promise<void>;
}

/** Messages for clients that are away or have not acknowledged them, and sizes of retained ones: both bounded. */
export class KeptMessages {
  readonly #sessions = new Map<string, Session>();
  /** What gives a connection the packets that were kept for it. */
  readonly #streams = new WeakMap<Connection, KeptStream>();
  /** Connections that have been given all of them: what is published now goes to them at once. */
  readonly #caughtUp = new WeakSet<Connection>();
  /** Bytes by topic, the one that was set first first. */
  readonly #retained = new Map<string, number>();
  #bytes = 0;
  #isFull = false;
  #retainedBytes = 0;
  #isRetainedFull = false;

  constructor(private readonly limits: Readonly<Record<keyof typeof MOST_KEPT, number>> = MOST_KEPT) {}

  /** Bytes of all sessions together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Told when messages are dropped; a redeploy brings another. */
  warn: (text: string) => void = () => undefined;

  /** @returns `persistence` with its messages kept here; subscriptions, wills and the rest stay as they are there */
  bound<T extends Persistence>(persistence: T): T {
    return Object.assign(Object.create(persistence) as T, {
      outgoingEnqueue: async ({ clientId }: { clientId: string }, packet: Packet) => this.#enqueue([clientId], packet),
      outgoingEnqueueCombi: async (subscriptions: readonly { clientId: string }[], packet: Packet) =>
        this.#enqueue(
          subscriptions.map(({ clientId }) => clientId),
          packet,
        ),
      outgoingUpdate: async (connection: Connection, packet: Packet) => this.#update(connection, packet),
      outgoingClearMessageId: async ({ id }: Connection, packet: Packet) => this.#clear(id, packet.messageId),
      outgoingStream: (connection: Connection) => this.#stream(connection),
      storeRetained: (packet: Packet) => this.#retain(persistence, packet),
    });
  }

  /**
   * Whether a packet that has just been published is to wait: it is kept for a client that has come back and has not been
   * given yet what was kept before it. The stream of those gives it, too, and nothing else may, or it would come twice.
   */
  waits(connection: Connection, packet: Packet): boolean {
    // with an identifier, it comes from the stream
    if (packet.messageId !== undefined || this.#caughtUp.has(connection)) return false;
    return this.#sessions.get(connection.id)?.packets.has(keyOf(packet)) ?? false;
  }

  /** Drops a packet that a client is not to be sent. */
  forget({ id }: Connection, packet: Packet): void {
    this.#remove(id, keyOf(packet));
  }

  #enqueue(ids: readonly string[], packet: Packet): void {
    if (ids.length === 0) return;
    const payload = ownBytes(packet.payload);
    const key = keyOf(packet);
    for (const id of ids) {
      const session = this.#sessions.get(id) ?? newSession();
      // a client is named once for each of its subscriptions that match
      if (session.packets.has(key)) continue;
      this.#sessions.set(id, session);
      const kept = { ...packet, payload, messageId: undefined };
      session.packets.set(key, kept);
      this.#count(session, sizeOf(kept));
      while (session.packets.size > this.limits.messages || session.bytes > this.limits.bytes) {
        this.#dropOldest(session);
        if (session.dropped === 1) this.#warnOf(id);
      }
    }
    if (this.#bytes > this.limits.allBytes) this.#lower(ROOM_MADE * this.limits.allBytes);
  }

  /**
   * A message gets its identifier when it is sent; PUBREL takes the place of the message it releases. One that has been
   * dropped meanwhile is sent all the same, and only not again.
   */
  #update(connection: Connection, packet: Packet): void {
    const session = this.#sessions.get(connection.id);
    if (session !== undefined && packet.messageId !== undefined) {
      if (packet.cmd === 'publish') identify(session, keyOf(packet), packet.messageId);
      else this.#release(session, packet, packet.messageId);
    }
    this.#streams.get(connection)?.taken(packet);
  }

  #release(session: Session, packet: Packet, messageId: number): void {
    const key = session.sent.get(messageId) ?? '';
    const released = session.packets.get(key);
    if (released === undefined) return;
    const { brokerId, brokerCounter } = released;
    session.packets.set(key, { ...packet, brokerId, brokerCounter });
    this.#count(session, sizeOf(packet) - sizeOf(released));
  }

  /** @returns what was sent under this identifier */
  #clear(id: string, messageId: number | undefined): Packet | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || messageId === undefined) return undefined;
    const key = session.sent.get(messageId);
    return key === undefined ? undefined : this.#remove(id, key);
  }

  #remove(id: string, key: string): Packet | undefined {
    const session = this.#sessions.get(id);
    const removed = session?.packets.get(key);
    if (session === undefined || removed === undefined) return undefined;
    this.#delete(session, key, removed);
    if (session.packets.size === 0) this.#emptied(id, session);
    return removed;
  }

  #stream(connection: Connection): KeptStream {
    let session: Session | undefined;
    let packets: Iterator<Packet> = [].values();
    const next = (): Packet | undefined => {
      for (;;) {
        // a map's iterator comes upon what is added meanwhile
        const { done = false, value } = packets.next();
        if (!done) return value as Packet;
        const current = this.#sessions.get(connection.id);
        if (current === undefined || current === session) break;
        session = current;
        packets = session.packets.values();
      }
      this.#caughtUp.add(connection);
      return undefined;
    };
    const stream = new KeptStream(next);
    this.#streams.set(connection, stream);
    return stream;
  }

  #emptied(id: string, { dropped }: Session): void {
    this.#sessions.delete(id);
    if (dropped === 0) return;
    this.warn(
      `The embedded broker has dropped ${String(dropped)} kept messages of the client "${id}", which has the others now. Those are lost; use a broker that keeps them on disk.`,
    );
  }

  /** Drops the oldest of the largest sessions, to one level for all of them, until all together have no more than `most` bytes. */
  #lower(most: number): void {
    const sizes = Float64Array.from(this.#sessions.values(), ({ bytes }) => bytes).sort();
    let rest = most;
    const within = sizes.findIndex((size, index) => {
      const share = rest / (sizes.length - index);
      if (size > share) return true;
      rest -= size;
      return false;
    });
    const level = rest / (sizes.length - within);
    for (const session of this.#sessions.values()) while (session.bytes > level) this.#dropOldest(session);
    if (this.#isFull) return;
    this.#isFull = true;
    this.warn(
      `The embedded broker drops the oldest messages of the clients for which it keeps most: it keeps ${inMebibytes(this.limits.allBytes)} for all that are away or acknowledge none. Let them come back, or use a broker that keeps them on disk.`,
    );
  }

  #dropOldest(session: Session): void {
    const [key, oldest] = session.packets.entries().next().value ?? [];
    if (key !== undefined && oldest !== undefined) this.#delete(session, key, oldest);
    session.dropped += 1;
  }

  #delete(session: Session, key: string, packet: Packet): void {
    session.packets.delete(key);
    if (packet.messageId !== undefined && session.sent.get(packet.messageId) === key)
      session.sent.delete(packet.messageId);
    this.#count(session, -sizeOf(packet));
  }

  #warnOf(id: string): void {
    const { messages, bytes } = this.limits;
    this.warn(
      `The embedded broker drops the oldest messages it keeps for the client "${id}", which is away or acknowledges none: it keeps ${String(messages)} or ${inMebibytes(bytes)} a session. Let the client come back, or use a broker that keeps them on disk.`,
    );
  }

  #count(session: Session, bytes: number): void {
    session.bytes += bytes;
    this.#bytes += bytes;
    if (this.#bytes < this.limits.allBytes / 2) this.#isFull = false;
  }

  async #retain(persistence: Persistence, packet: Packet): Promise<void> {
    const topic = packet.topic ?? '';
    this.#retainedBytes -= this.#retained.get(topic) ?? 0;
    this.#retained.delete(topic);
    if (this.#retainedBytes < this.limits.retainedBytes / 2) this.#isRetainedFull = false;
    const payload = ownBytes(packet.payload);
    if (payload.length > 0) {
      const size = sizeOf(packet);
      this.#retained.set(topic, size);
      this.#retainedBytes += size;
    }
    await persistence.storeRetained({ ...packet, payload });
    while (this.#retainedBytes > this.limits.retainedBytes) await this.#dropRetained(persistence);
  }

  async #dropRetained(persistence: Persistence): Promise<void> {
    const [topic, size] = this.#retained.entries().next().value ?? ['', 0];
    this.#retained.delete(topic);
    this.#retainedBytes -= size;
    if (!this.#isRetainedFull) {
      this.#isRetainedFull = true;
      this.warn(
        `The embedded broker forgets the retained messages that were set first, beginning with "${topic}": it keeps ${inMebibytes(this.limits.retainedBytes)} of them. Retain less, or use a broker that keeps them on disk.`,
      );
    }
    await persistence.storeRetained({ cmd: 'publish', topic, payload: Buffer.alloc(0) });
  }
}

/** One after the other: the next packet is given when the last one has been taken, so that none overtakes another. */
class KeptStream extends Readable {
  readonly #next: () => Packet | undefined;
  #isWanted = false;
  /** Given and not taken yet. */
  #given: Packet | undefined;

  /** @param next gives each packet; undefined ends the stream */
  constructor(next: () => Packet | undefined) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#next = next;
  }

  /** A packet is about to be sent over the connection. */
  taken(packet: Packet): void {
    if (this.#given === undefined || keyOf(packet) !== keyOf(this.#given)) return;
    this.#given = undefined;
    if (this.#isWanted) this.#give();
  }

  override _read(): void {
    this.#isWanted = true;
    if (this.#given === undefined) this.#give();
  }

  #give(): void {
    this.#isWanted = false;
    this.#given = this.#next();
    this.push(this.#given ?? null);
  }
}

/** What tells a message from every other one, whatever it is sent under. */
function keyOf({ brokerId = '', brokerCounter = 0 }: Packet): string {
  return `${brokerId} ${String(brokerCounter)}`;
}

function newSession(): Session {
  return { packets: new Map(), sent: new Map(), bytes: 0, dropped: 0 };
}

/** A packet has been given its identifier. */
function identify({ packets, sent }: Session, key: string, messageId: number): void {
  const packet = packets.get(key);
  if (packet === undefined) return;
  if (packet.messageId !== undefined) sent.delete(packet.messageId);
  packet.messageId = messageId;
  sent.set(messageId, key);
}

function sizeOf({ topic = '', payload = '' }: Packet): number {
  return OVERHEAD + Buffer.byteLength(topic) + Buffer.byteLength(payload);
}

/** A payload is a view of what came with it in one piece from the network, all of which it would keep in memory. */
function ownBytes(payload: string | Buffer = ''): Buffer {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  if (bytes.buffer.byteLength <= 2 * bytes.length) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

export function inMebibytes(bytes: number): string {
  return `${String(bytes / MIB)} MiB`;
}
