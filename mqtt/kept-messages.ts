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

/** Bytes of heap a message takes besides its topic and payload: 100,000 empty ones took 295 each (Node 20). */
const OVERHEAD = 300;

interface Packet {
  readonly cmd: string;
  readonly brokerId?: string;
  readonly brokerCounter?: number;
  readonly topic?: string;
  readonly payload?: string | Buffer;
  messageId?: number | undefined;
}

interface Session {
  /** Sent and not acknowledged, or not sent yet; the oldest first. */
  readonly packets: Packet[];
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
  /** Bytes by topic, the one that was set first first. */
  readonly #retained = new Map<string, number>();
  #bytes = 0;
  #retainedBytes = 0;
  #isRetainedFull = false;

  constructor(private readonly limits: Readonly<Record<keyof typeof MOST_KEPT, number>> = MOST_KEPT) {}

  /** Told when messages are dropped; a redeploy brings another. */
  warn: (text: string) => void = () => undefined;

  /** @returns `persistence` with its messages kept here; subscriptions, wills and the rest stay as they are there */
  bound<T extends Persistence>(persistence: T): T {
    const client = ({ id }: { id: string }): string => id;
    return Object.assign(Object.create(persistence) as T, {
      outgoingEnqueue: async ({ clientId }: { clientId: string }, packet: Packet) => this.#enqueue([clientId], packet),
      outgoingEnqueueCombi: async (subscriptions: readonly { clientId: string }[], packet: Packet) =>
        this.#enqueue(
          subscriptions.map(({ clientId }) => clientId),
          packet,
        ),
      outgoingUpdate: async (of: { id: string }, packet: Packet) => this.#update(client(of), packet),
      outgoingClearMessageId: async (of: { id: string }, packet: Packet) => this.#clear(client(of), packet.messageId),
      outgoingStream: (of: { id: string }) => Readable.from([...(this.#sessions.get(client(of))?.packets ?? [])]),
      storeRetained: (packet: Packet) => this.#retain(persistence, packet),
    });
  }

  #enqueue(ids: readonly string[], packet: Packet): void {
    if (ids.length === 0) return;
    const payload = ownBytes(packet.payload);
    for (const id of ids) {
      const session = this.#sessions.get(id) ?? { packets: [], bytes: 0, dropped: 0 };
      this.#sessions.set(id, session);
      const kept = { ...packet, payload, messageId: undefined };
      session.packets.push(kept);
      this.#count(session, sizeOf(kept));
      while (session.packets.length > this.limits.messages || session.bytes > this.limits.bytes) {
        this.#dropOldest(id, session);
      }
    }
    while (this.#bytes > this.limits.allBytes) this.#dropOldest(...this.#largest());
  }

  /**
   * A message gets its identifier when it is sent; PUBREL takes the place of the message it releases. One that has been
   * dropped meanwhile is sent all the same, and only not again.
   */
  #update(id: string, packet: Packet): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (packet.cmd === 'publish') {
      const sent = session.packets.find(
        ({ brokerId, brokerCounter }) => brokerId === packet.brokerId && brokerCounter === packet.brokerCounter,
      );
      if (sent !== undefined) sent.messageId = packet.messageId;
      return;
    }
    const index = session.packets.findIndex(({ messageId }) => messageId === packet.messageId);
    const released = session.packets[index];
    if (released === undefined) return;
    session.packets[index] = packet;
    this.#count(session, sizeOf(packet) - sizeOf(released));
  }

  /** @returns what had this identifier; the oldest that was not sent where there is none */
  #clear(id: string, messageId: number | undefined): Packet | undefined {
    const session = this.#sessions.get(id);
    const index = session?.packets.findIndex((packet) => packet.messageId === messageId) ?? -1;
    if (session === undefined || index < 0) return undefined;
    const [cleared] = session.packets.splice(index, 1);
    if (cleared === undefined) return undefined;
    this.#count(session, -sizeOf(cleared));
    if (session.packets.length === 0) this.#emptied(id, session);
    return cleared;
  }

  #emptied(id: string, { dropped }: Session): void {
    this.#sessions.delete(id);
    if (dropped === 0) return;
    this.warn(
      `The embedded broker has dropped ${String(dropped)} kept messages of the client "${id}", which has the others now. Those are lost; use a broker that keeps them on disk.`,
    );
  }

  #largest(): [string, Session] {
    return [...this.#sessions].reduce((largest, each) => (each[1].bytes > largest[1].bytes ? each : largest));
  }

  #dropOldest(id: string, session: Session): void {
    const oldest = session.packets.shift();
    if (oldest !== undefined) this.#count(session, -sizeOf(oldest));
    session.dropped += 1;
    if (session.dropped > 1) return;
    const { messages, bytes, allBytes } = this.limits;
    this.warn(
      `The embedded broker drops the oldest messages it keeps for the client "${id}", which is away or acknowledges none: it keeps ${String(messages)} or ${inMebibytes(bytes)} a session, ${inMebibytes(allBytes)} in all. Let the client come back, or use a broker that keeps them on disk.`,
    );
  }

  #count(session: Session, bytes: number): void {
    session.bytes += bytes;
    this.#bytes += bytes;
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

function inMebibytes(bytes: number): string {
  return `${String(bytes / MIB)} MiB`;
}
