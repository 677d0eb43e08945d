/**
 * A zipper within the process, for what depends on who of several clients is back first: it answers, and clients notice
 * that it has gone, when a test says so. What QUIC and a real zipper do is tried elsewhere.
 */
import { FrameReader } from '#dist/yomo/frame-reader';
import { encodeFrame, type DataFrame, type Frame, type Handshake } from '#dist/yomo/frames';
import type { ByteStream, Closing, Connection, Transport } from '#dist/yomo/transport';

export class MemoryZipper implements Transport {
  #lines: Line[] = [];
  readonly #unanswered = new Set<string>();
  /** Data frames that have come, whether somebody observes them or not. */
  readonly received: DataFrame[] = [];

  dial(): Promise<Connection> {
    const line = new Line(this);
    this.#lines.push(line);
    return Promise.resolve(line);
  }

  /** Does not answer the handshake of clients of that name before `answer`. */
  keepWaiting(name: string): void {
    this.#unanswered.add(name);
  }

  answer(name: string): void {
    this.#unanswered.delete(name);
    for (const line of this.#lines.filter((each) => each.handshake?.name === name)) line.acknowledge();
  }

  /** Of its own accord, to the clients of that name, whether their handshake is answered or not. */
  tell(name: string, frame: Frame): void {
    for (const line of this.#lines.filter((each) => each.handshake?.name === name)) line.send(frame);
  }

  /** Another one takes its place: what is connected leads nowhere any more, and nobody knows it yet. */
  restart(): void {
    for (const line of this.#lines) line.isDead = true;
  }

  /** The clients of that name are told that their connection leads nowhere. */
  notice(name: string): void {
    const [gone, rest] = [true, false].map((isGone) =>
      this.#lines.filter((line) => (line.isDead && line.handshake?.name === name) === isGone),
    );
    this.#lines = rest ?? [];
    for (const line of gone ?? []) line.end({ code: undefined, reason: 'silence' });
  }

  /** Whether a client of that name has sent its handshake to this zipper, not to the one before. */
  hasHeardOf(name: string): boolean {
    return this.#lines.some((line) => !line.isDead && line.handshake?.name === name);
  }

  handle(line: Line, frame: Frame): void {
    if (frame.type === 'handshake') {
      line.handshake = frame;
      if (!this.#unanswered.has(frame.name)) line.acknowledge();
    } else if (frame.type === 'data') {
      this.received.push(frame);
      for (const other of this.#lines) if (other.observes(frame.tag)) other.send(frame);
    }
  }
}

class Line implements Connection, ByteStream {
  isDead = false;
  handshake: Handshake | undefined;
  readonly #zipper: MemoryZipper;
  readonly #reader = new FrameReader();
  #isAcknowledged = false;
  #listener: (chunk: Uint8Array) => void = () => undefined;
  #close!: (closing: Closing) => void;
  readonly closed = new Promise<Closing>((resolve) => (this.#close = resolve));
  readonly ended = this.closed.then(() => 'broken' as const);

  constructor(zipper: MemoryZipper) {
    this.#zipper = zipper;
  }

  observes(tag: number): boolean {
    return !this.isDead && this.#isAcknowledged && this.handshake?.observed.includes(tag) === true;
  }

  acknowledge(): void {
    if (this.isDead || this.#isAcknowledged) return;
    this.#isAcknowledged = true;
    this.send({ type: 'handshake-ack' });
  }

  send(frame: Frame): void {
    this.#listener(encodeFrame(frame as DataFrame));
  }

  end(closing?: Closing): Promise<void> {
    this.isDead = true;
    this.#close(closing ?? { code: undefined, reason: '' });
    return Promise.resolve();
  }

  open(): ByteStream {
    return this;
  }

  onStream(): void {
    // It opens none.
  }

  close(): Promise<void> {
    return this.end();
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  /** A connection to nowhere takes bytes, too. */
  write(bytes: Uint8Array): Promise<void> {
    if (!this.isDead) {
      this.#reader.read(bytes, (frame) => {
        this.#zipper.handle(this, frame);
      });
    }
    return Promise.resolve();
  }

  stopReading(): void {
    // Nothing is kept for whoever reads nothing.
  }

  cancel(): void {
    void this.end();
  }
}
