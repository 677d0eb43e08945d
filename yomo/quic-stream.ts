/** One stream of a QUIC connection. Runs in the thread of `quic-worker.ts` only. */
import { READ_AHEAD, READ_SIZE, STOP_TIME } from './limits';
import type { QuicheConnection } from './quic-library';
import type { FromStream, ToStream } from './quic-messages';

export type Post = (message: FromStream, transfer?: readonly ArrayBuffer[]) => void;

/** The numbers that quiche has for the two ways. */
const READ = 0;
const WRITE = 1;

/** What is to be written; the end is a write of its own. */
interface Write {
  readonly bytes: Uint8Array;
  readonly isEnd: boolean;
}

const NOTHING = new Uint8Array(0);

/** What is read lies here first, of all streams. */
const room = new Uint8Array(READ_SIZE);

export class QuicStream {
  readonly #where: { readonly connection: number; readonly stream: number };
  readonly #connection: QuicheConnection;
  readonly #takeId: () => number;
  /** Its number in QUIC; undefined of one that is opened here and has not begun. */
  #id: number | undefined;
  readonly #post: Post;
  #writes: Write[] = [];
  /** Bytes handed to the main thread that it has not worked off. */
  #ahead = 0;
  /** Whether the other end may know of it: of one that is opened here it does with its first bytes. */
  #hasBegun: boolean;
  /** When this end has given up what comes in; undefined where it has not. */
  #stoppedAt: number | undefined;
  #isRead = false;
  #isWritten = false;

  /** @param id its number in QUIC, or what gives one to a stream of this end when it begins */
  constructor(
    where: { readonly connection: number; readonly stream: number },
    connection: QuicheConnection,
    id: number | (() => number),
    post: Post,
  ) {
    this.#where = where;
    this.#connection = connection;
    this.#hasBegun = typeof id === 'number';
    this.#id = typeof id === 'number' ? id : undefined;
    this.#takeId = typeof id === 'number' ? () => id : id;
    this.#post = post;
  }

  get id(): number | undefined {
    return this.#id;
  }

  /** The main thread's number for it. */
  get number(): number {
    return this.#where.stream;
  }

  /** Nothing more comes in or goes out. */
  get isGone(): boolean {
    return this.#isRead && this.#isWritten;
  }

  /** Whether something waits for room. */
  get isBlocked(): boolean {
    return this.#writes.length > 0;
  }

  handle(message: ToStream): void {
    switch (message.type) {
      case 'write':
        this.#add({ bytes: message.bytes, isEnd: false });
        break;
      case 'end':
        this.#add({ bytes: NOTHING, isEnd: true });
        break;
      case 'stop-reading':
        this.#stopReading();
        break;
      case 'cancel':
        this.cancel();
        break;
      case 'taken':
        this.#ahead -= message.bytes;
        this.read();
        break;
    }
  }

  /** Takes what has come, as far as the main thread keeps up. */
  read(): void {
    const id = this.#id;
    if (id === undefined) return;
    try {
      while (!this.#isRead && this.#ahead < READ_AHEAD && this.#connection.streamReadable(id)) {
        const received = this.#connection.streamRecv(id, room);
        if (received === null) return;
        const [length, isEnd] = received;
        if (length > 0) this.#give(room.slice(0, length));
        if (isEnd) this.#endReading('whole');
      }
    } catch {
      // The other end has given it up.
      this.#endReading('broken');
    }
  }

  /** Writes what waits, as far as there is room. */
  write(): void {
    for (let next = this.#writes[0]; next !== undefined && !this.#isWritten; next = this.#writes[0]) {
      const id = this.#begun();
      if (id === undefined || (next.isEnd && !this.#mayEnd(id))) return;
      let sent: number;
      try {
        sent = this.#send(id, next);
      } catch {
        // The other end takes no more.
        this.#endWriting();
        return;
      }
      if (sent < next.bytes.length) {
        this.#writes[0] = { bytes: next.bytes.subarray(sent), isEnd: false };
        return;
      }
      this.#writes.shift();
      this.#told(true);
      if (next.isEnd) this.#endWriting();
    }
  }

  /** Gives up both ways; also where the connection has ended. */
  cancel(): void {
    if (!this.#isRead) this.#shutdown(READ);
    if (!this.#isWritten) this.#shutdown(WRITE);
    this.#endReading('broken');
    this.#endWriting();
  }

  #stopReading(): void {
    if (this.#isRead) return;
    this.#shutdown(READ);
    this.#stoppedAt = performance.now();
    this.#endReading('broken');
  }

  /** @returns its number; undefined where as many streams are open as the other end allows, so that this one has to wait */
  #begun(): number | undefined {
    if (this.#id === undefined && this.#connection.peerStreamsLeftBidi() > 0) this.#id = this.#takeId();
    return this.#id;
  }

  /**
   * quiche gives a stream free with the acknowledgement of its last bytes, and only where the other direction has ended by
   * then. So where this end has given that up, the other end is given some time to say that it has.
   */
  #mayEnd(id: number): boolean {
    if (this.#stoppedAt === undefined || performance.now() > this.#stoppedAt + STOP_TIME) return true;
    return this.#connection.streamFinished(id);
  }

  /** @returns how many bytes there was room for. @throws where nothing can be written any more */
  #send(id: number, { bytes, isEnd }: Write): number {
    const sent = this.#connection.streamSend(id, bytes, isEnd);
    if (sent !== null) this.#hasBegun = true;
    // No room, or no stream: one that the other end has given up is forgotten, and only this tells the two apart.
    else if (this.#hasBegun) this.#connection.streamCapacity(id);
    return sent ?? 0;
  }

  #add(write: Write): void {
    if (this.#isWritten) {
      this.#told(false);
      return;
    }
    this.#writes.push(write);
    this.write();
  }

  #give(bytes: Uint8Array<ArrayBuffer>): void {
    this.#ahead += bytes.length;
    this.#post({ type: 'data', ...this.#where, bytes }, [bytes.buffer]);
  }

  #told(ok: boolean): void {
    this.#post({ type: 'written', ...this.#where, ok });
  }

  #endReading(how: 'whole' | 'broken'): void {
    if (this.#isRead) return;
    this.#isRead = true;
    this.#post({ type: 'ended', ...this.#where, how });
    this.#tellGone();
  }

  /** What waits is not written any more. */
  #endWriting(): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    for (let left = this.#writes.length; left > 0; left -= 1) this.#told(false);
    this.#writes = [];
    this.#tellGone();
  }

  #tellGone(): void {
    if (this.isGone) this.#post({ type: 'stream-gone', ...this.#where });
  }

  #shutdown(way: typeof READ | typeof WRITE): void {
    try {
      if (this.#id !== undefined) this.#connection.streamShutdown(this.#id, way, 0);
    } catch {
      // It has not begun, or has ended.
    }
  }
}

/** Takes what has come on a stream that nobody has any more, so that quiche forgets it. */
export function discard(connection: QuicheConnection, id: number): void {
  try {
    while (connection.streamReadable(id)) connection.streamRecv(id, room);
  } catch {
    // It has ended.
  }
}
