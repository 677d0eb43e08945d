import { setTimeout as sleep } from 'node:timers/promises';
import { YomoError } from '../errors';
import { Gate } from '../gate';
import { CALL_TIMEOUT, CLOSE_TIME, MAX_CALLS } from '../limits';
import { reasonText } from '../reason';
import type { ByteStream, Connection } from '../transport';
import { WaitingRoom } from '../waiting-room';
import { readMessage, type Message } from './exchange';
import { parseReplyHead, type ReplyHead } from './heads';

interface Call {
  readonly bytes: Buffer;
  readonly resolve: (reply: Message<ReplyHead>) => void;
  readonly reject: (error: Error) => void;
}

/** What tells that a stream has ended before its reply was whole, whoever ended it. */
function isCutOff(error: unknown): boolean {
  return !(error instanceof YomoError) || error.code === 'zipper';
}

/**
 * Requests to tools, each on a stream of its own. Those that have not begun wait for the next connection; what was on its
 * way when a connection broke ends in an error, since nothing tells whether the tool has done its work.
 */
export class Calls {
  readonly #room: WaitingRoom;
  readonly #gate = new Gate<Connection>(() => {
    this.#pump();
  });
  readonly #timeout: number;
  #waiting: Call[] = [];
  readonly #active = new Set<Call>();
  #onDrained: (() => void) | undefined;

  /**
   * @param limit calls that wait at most while there is no connection
   * @param timeout milliseconds a tool is given to answer
   */
  constructor(limit: number, timeout: number = CALL_TIMEOUT) {
    this.#room = new WaitingRoom(limit);
    this.#timeout = timeout;
  }

  /** Calls without an answer yet. */
  get waiting(): number {
    return this.#waiting.length + this.#active.size;
  }

  /**
   * @param bytes the request with its body
   * @throws YomoError `buffer` where too much waits; `tool` where it is not answered with 200
   */
  add(bytes: Buffer): Promise<Message<ReplyHead>> {
    return new Promise((resolve, reject) => {
      this.#room.enter(bytes, this.#gate.connection === undefined ? this.#waiting.length : undefined);
      this.#waiting.push({ bytes, resolve, reject });
      this.#pump();
    });
  }

  /**
   * A connection is there: what waits goes over it.
   * @param ready nothing goes before it resolves, or `release`; never rejected
   */
  connect(connection: Connection, ready?: Promise<void>): void {
    // At once, before the calls on its streams fail and make room for others.
    void connection.closed.then(() => {
      this.#gate.disconnect(connection);
    });
    this.#gate.connect(connection, ready);
  }

  /** What is held back goes all the same. */
  release(): void {
    this.#gate.release();
  }

  disconnect(): void {
    this.#gate.disconnect();
  }

  /** Resolves when none waits any more. */
  drained(): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained = resolve));
  }

  /** Everything that waits, and is on its way, ends in this error. */
  reject(error: YomoError): void {
    const calls = [...this.#active, ...this.#waiting];
    for (const { bytes } of this.#waiting.splice(0)) this.#room.leave(bytes);
    for (const call of calls) call.reject(error);
  }

  #pump(): void {
    const { connection } = this.#gate;
    while (connection !== undefined && this.#active.size < MAX_CALLS) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      this.#active.add(call);
      void this.#run(call, connection);
    }
  }

  async #run(call: Call, connection: Connection): Promise<void> {
    const stream = connection.open();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      call.reject(lateError(this.#timeout));
      stream.cancel();
    }, this.#timeout);
    try {
      const reply = readMessage(stream, parseReplyHead);
      // Where it cannot be written, there is no reply either.
      stream.write(call.bytes).catch(() => undefined);
      void stream.end();
      call.resolve(checked(await reply));
      // A tool that never ends its side would keep the stream.
      stream.stopReading();
    } catch (error) {
      call.reject(isCutOff(error) ? lostError() : (error as YomoError));
      if (!isLate) await this.#stopped(error, stream, connection);
    }
    clearTimeout(timer);
    this.#active.delete(call);
    this.#room.leave(call.bytes);
    if (this.waiting === 0) this.#onDrained?.();
    this.#pump();
  }

  /** A stream that breaks may be the first sign of a connection that does: until that is known, nothing more goes over it. */
  async #stopped(error: unknown, stream: ByteStream, connection: Connection): Promise<void> {
    if (!isCutOff(error)) stream.cancel();
    else if ((await stream.ended) === 'broken') this.#suspect(connection);
  }

  #suspect(connection: Connection): void {
    if (this.#gate.connection !== connection) return;
    this.#gate.disconnect();
    const patience = sleep(CLOSE_TIME, true, { ref: false });
    void Promise.race([patience, connection.closed.then(() => false)]).then((isThere) => {
      if (isThere && this.#gate.isFree) this.#gate.connect(connection);
    });
  }
}

function checked(reply: Message<ReplyHead>): Message<ReplyHead> {
  const { status, error } = reply.head;
  if (status === 200) return reply;
  const reason = reasonText(error);
  if (status === 404) {
    throw new YomoError(
      'tool',
      'No tool of this name is registered with the zipper. Check the target, and that the tool is connected.',
      { status, reason },
    );
  }
  throw new YomoError(
    'tool',
    `The tool answered with status ${String(status)}: ${reason === '' ? 'it gives no reason' : reason}. Look at what it does, or at what it was sent.`,
    { status, reason },
  );
}

function lateError(timeout: number): YomoError {
  return new YomoError('tool', `The tool did not answer within ${String(timeout / 1000)} s. Look at what it does.`);
}

function lostError(): YomoError {
  return new YomoError(
    'tool',
    'The connection was lost before the tool answered, so nothing tells whether it has done its work. See whether it has, or send the message again.',
  );
}
