import { YomoError } from '../errors';
import { CALL_TIMEOUT, MAX_CALLS, MAX_WAITING_BYTES, WAITING_FRAME_COST } from '../limits';
import { reasonText } from '../reason';
import type { ByteStream, Connection } from '../transport';
import { readMessage, type Message } from './exchange';
import { parseReplyHead, type ReplyHead } from './heads';

interface Call {
  readonly bytes: Buffer;
  readonly resolve: (reply: Message<ReplyHead>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Requests to tools, each on a stream of its own. Those that have not begun wait for the next connection; what was on its
 * way when a connection broke ends in an error, since nothing tells whether the tool has done its work.
 */
export class Calls {
  readonly #limit: number;
  readonly #timeout: number;
  #waiting: Call[] = [];
  readonly #active = new Set<Call>();
  #cost = 0;
  #connection: Connection | undefined;
  #onDrained: (() => void) | undefined;

  /**
   * @param limit calls that wait at most while there is no connection
   * @param timeout milliseconds a tool is given to answer
   */
  constructor(limit: number, timeout: number = CALL_TIMEOUT) {
    this.#limit = limit;
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
      if (this.#connection === undefined && this.#waiting.length >= this.#limit) {
        reject(fullError(this.#limit));
      } else if (this.#cost + costOf(bytes) > MAX_WAITING_BYTES) {
        reject(slowError());
      } else {
        this.#cost += costOf(bytes);
        this.#waiting.push({ bytes, resolve, reject });
        this.#pump();
      }
    });
  }

  /** A connection is there: what waits goes over it. */
  connect(connection: Connection): void {
    this.#connection = connection;
    this.#pump();
  }

  disconnect(): void {
    this.#connection = undefined;
  }

  /** Resolves when none waits any more. */
  drained(): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained = resolve));
  }

  /** Everything that waits, and is on its way, ends in this error. */
  reject(error: YomoError): void {
    const calls = [...this.#active, ...this.#waiting];
    for (const { bytes } of this.#waiting.splice(0)) this.#cost -= costOf(bytes);
    for (const call of calls) call.reject(error);
  }

  #pump(): void {
    while (this.#connection !== undefined && this.#active.size < MAX_CALLS) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      this.#active.add(call);
      void this.#run(call, this.#connection.open());
    }
  }

  async #run(call: Call, stream: ByteStream): Promise<void> {
    const timer = setTimeout(() => {
      call.reject(lateError(this.#timeout));
      stream.cancel();
    }, this.#timeout);
    try {
      const reply = readMessage(stream, parseReplyHead);
      // Where it cannot be written, there is no reply either.
      stream.write(call.bytes).catch(() => undefined);
      void stream.end();
      call.resolve(checked(await reply));
    } catch (error) {
      call.reject(error instanceof YomoError && error.code !== 'zipper' ? error : lostError());
    }
    clearTimeout(timer);
    this.#active.delete(call);
    this.#cost -= costOf(call.bytes);
    if (this.waiting === 0) this.#onDrained?.();
    this.#pump();
  }
}

function costOf(bytes: Buffer): number {
  return bytes.length + WAITING_FRAME_COST;
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

function fullError(limit: number): YomoError {
  return new YomoError(
    'buffer',
    `The zipper is not connected, and ${String(limit)} requests wait for it already. See why in the status of the node; what waits is sent then.`,
  );
}

function slowError(): YomoError {
  const limit = String(MAX_WAITING_BYTES / 1024 / 1024);
  return new YomoError(
    'buffer',
    `Requests of ${limit} MiB wait for an answer already. Send less, or see in the status of the node whether it is connected.`,
  );
}
