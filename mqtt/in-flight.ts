import type { IPublishPacket } from 'mqtt';
import { payloadBytes } from './message';

/** A message that was received; exactly one of its two methods is to be called once. */
export interface Delivery {
  readonly packet: IPublishPacket;
  /** The flow is done with it: the broker may forget it. QoS 0 needs none; the call does nothing. */
  acknowledge(): void;
  /** Nobody is done with it: it stays unacknowledged and the broker delivers it again on the next connection. */
  abandon(): void;
}

export interface InFlightOptions {
  /** Messages of QoS 1 and 2 that are worked on at once; more wait here. */
  readonly limit: number;
  /** Hands a message over. */
  start(delivery: Delivery): void;
  /** Sends PUBACK or PUBREC on the present connection; false when it is gone. */
  acknowledge(packetId: number, qos: 1 | 2): boolean;
  /** Called with true while so much waits that nothing more should be read, and with false once it may be. */
  hold(isHeld: boolean): void;
}

/**
 * What may wait for its turn before nothing more is read: with MQTT 3.1.1 a broker cannot be told how many messages may
 * be in flight, and sends as fast as it is read. The bytes are what a small gateway can spare for one source; the count
 * bounds what many small messages cost besides their payloads.
 */
export const MAX_WAITING_MESSAGES = 1000;
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

interface Entry {
  readonly packet: IPublishPacket;
  readonly packetId: number;
  readonly qos: 1 | 2;
  done: boolean;
}

/**
 * The messages of QoS 1 and 2 a client has received and not acknowledged, across connections.
 *
 * - Acknowledgements leave in the order in which the messages came (MQTT 3.1.1 and 5, section 4.6), so a finished
 *   message waits for those before it.
 * - After a reconnect with the same session the broker sends again what was not acknowledged, under the same packet
 *   identifier (section 4.4): a message that is still worked on does not run a second time; the new delivery is
 *   acknowledged when the running one ends.
 * - A message of QoS 2 whose PUBREC was sent is not run again until its PUBREL came (section 4.3.3).
 */
export class InFlight {
  readonly #options: InFlightOptions;
  /** Received on the present connection, in order. */
  readonly #present = new Map<number, Entry>();
  /** Received on an earlier connection of the session and not yet again on this one. */
  readonly #earlier = new Map<number, Entry>();
  /** Packet identifiers of QoS 2 messages between PUBREC and PUBREL. */
  readonly #unreleased = new Set<number>();
  readonly #waiting: Entry[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #running = 0;

  constructor(options: InFlightOptions) {
    this.#options = options;
  }

  /** Messages received that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Messages handed over and neither acknowledged nor abandoned. */
  get running(): number {
    return this.#running;
  }

  /** The broker has accepted a connection (CONNACK). */
  connected(sessionPresent: boolean): void {
    if (sessionPresent) return;
    this.#earlier.clear();
    this.#unreleased.clear();
  }

  disconnected(): void {
    for (const [packetId, entry] of this.#present) this.#earlier.set(packetId, entry);
    this.#present.clear();
    // The next connection is read at first, or its CONNACK would not be seen.
    this.#isHeld = false;
  }

  received(packet: IPublishPacket): void {
    const { messageId: packetId, qos } = packet;
    if (qos === 0 || packetId === undefined) {
      this.#options.start({ packet, acknowledge: nothing, abandon: nothing });
      return;
    }
    if (qos === 2 && this.#unreleased.has(packetId)) {
      this.#options.acknowledge(packetId, 2);
      return;
    }
    const present = this.#present.get(packetId);
    if (present !== undefined && isSame(present.packet, packet)) return;
    const earlier = this.#earlier.get(packetId);
    this.#earlier.delete(packetId);
    this.#present.delete(packetId);
    if (earlier !== undefined && isSame(earlier.packet, packet)) {
      this.#present.set(packetId, earlier);
      this.#sendAcknowledgements();
      return;
    }
    const entry: Entry = { packet, packetId, qos, done: false };
    this.#present.set(packetId, entry);
    this.#waiting.push(entry);
    this.#waitingBytes += payloadBytes(packet).length;
    this.#startWaiting();
  }

  /** PUBREL came. */
  released(packetId: number): void {
    this.#unreleased.delete(packetId);
  }

  /** Hands over nothing more; what runs may still be acknowledged. */
  stop(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#holdOrRelease();
  }

  #startWaiting(): void {
    while (this.#running < this.#options.limit) {
      const entry = this.#waiting.shift();
      if (entry === undefined) break;
      this.#waitingBytes -= payloadBytes(entry.packet).length;
      this.#running += 1;
      this.#options.start(this.#deliveryOf(entry));
    }
    this.#holdOrRelease();
  }

  /** Released at half the limits, so that reading does not stop and start with every message. */
  #holdOrRelease(): void {
    const fill = Math.max(this.#waiting.length / MAX_WAITING_MESSAGES, this.#waitingBytes / MAX_WAITING_BYTES);
    const isHeld = this.#isHeld ? fill > 0.5 : fill >= 1;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#options.hold(isHeld);
  }

  #deliveryOf(entry: Entry): Delivery {
    let ended = false;
    const end = (effect: () => void): void => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      effect();
      this.#sendAcknowledgements();
      this.#startWaiting();
    };
    return {
      packet: entry.packet,
      acknowledge: () => {
        end(() => {
          entry.done = true;
        });
      },
      abandon: () => {
        end(() => {
          this.#forget(entry);
        });
      },
    };
  }

  #forget(entry: Entry): void {
    for (const entries of [this.#present, this.#earlier]) {
      if (entries.get(entry.packetId) === entry) entries.delete(entry.packetId);
    }
  }

  #sendAcknowledgements(): void {
    for (const [packetId, entry] of this.#present) {
      if (!entry.done || !this.#options.acknowledge(packetId, entry.qos)) return;
      this.#present.delete(packetId);
      if (entry.qos === 2) this.#unreleased.add(packetId);
    }
  }
}

function nothing(): void {
  // QoS 0 is not acknowledged.
}

function isSame(one: IPublishPacket, other: IPublishPacket): boolean {
  return one.qos === other.qos && one.topic === other.topic && payloadBytes(one).equals(payloadBytes(other));
}
