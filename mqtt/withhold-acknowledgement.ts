import { Duplex } from 'node:stream';

/** Control packet types in the first four bits of a packet (MQTT 3.1.1 and 5, section 2.1.2). */
const PUBACK = 4;
const PUBREC = 5;

/**
 * Stands between the MQTT library and the broker's stream and keeps the library's PUBACK and PUBREC back: they are
 * sent when `acknowledge` is called. The library itself reads the next packet only after it has acknowledged the
 * last one; since it believes it has, it keeps reading, and any number of messages can be in flight.
 *
 * A gate belongs to one connection, so an acknowledgement can never be sent on the next one.
 */
export class AcknowledgementGate extends Duplex {
  readonly #broker: Duplex;
  #unfinished: Buffer = Buffer.alloc(0);
  #isHeld = false;

  constructor(broker: Duplex) {
    super({ allowHalfOpen: false });
    this.#broker = broker;
    broker.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) broker.pause();
    });
    broker.on('end', () => this.push(null));
    broker.on('error', (error) => this.destroy(error));
    broker.on('close', () => this.destroy());
  }

  /**
   * Sends PUBACK (QoS 1) or PUBREC (QoS 2). The four bytes without a reason code mean success in both versions
   * (MQTT 5, sections 3.4.2.1 and 3.5.2.1).
   * @returns false when the connection is gone
   */
  acknowledge(packetId: number, qos: 1 | 2): boolean {
    if (this.destroyed || !this.#broker.writable) return false;
    const type = qos === 1 ? PUBACK : PUBREC;
    this.#broker.write(Buffer.from([type << 4, 2, packetId >> 8, packetId & 0xff]));
    return true;
  }

  /**
   * While it is held nothing is read from the broker, which so has to keep what it would send; writing goes on.
   * What was read before, up to the two streams' buffers, still comes.
   */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) this.#broker.pause();
    else this.#broker.resume();
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  override _read(): void {
    if (!this.#isHeld) this.#broker.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#pass(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#pass(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#broker.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#broker.destroy();
    callback(error);
  }

  /** The library writes a packet in several pieces, so whole ones are put together before they are judged. */
  #pass(bytes: Buffer, callback: (error?: Error | null) => void): void {
    let rest = this.#unfinished.length === 0 ? bytes : Buffer.concat([this.#unfinished, bytes]);
    const passed: Buffer[] = [];
    for (let length = packetLength(rest); length !== undefined; length = packetLength(rest)) {
      const packet = rest.subarray(0, length);
      const type = (packet[0] ?? 0) >> 4;
      if (type !== PUBACK && type !== PUBREC) passed.push(packet);
      rest = rest.subarray(length);
    }
    this.#unfinished = rest;
    if (passed.length === 0) callback();
    else this.#broker.write(Buffer.concat(passed), callback);
  }
}

/** Bytes of the first packet; undefined when it is not whole (MQTT 5, section 2.1.4 and 1.5.5). */
function packetLength(bytes: Buffer): number | undefined {
  let remaining = 0;
  for (let index = 1; index <= 4; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    remaining += (byte & 0x7f) << (7 * (index - 1));
    if (byte < 0x80) {
      const length = index + 1 + remaining;
      return length <= bytes.length ? length : undefined;
    }
  }
  throw new Error('a packet length takes more than four bytes, which MQTT does not allow');
}
