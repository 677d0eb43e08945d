import { Deferred } from '../deferred';
import { dialZipper } from '../dial';
import type { Endpoint } from '../endpoint';
import { messageOf, YomoError } from '../errors';
import { ALPN_V2, CLOSE_CODE, HANDSHAKE_TIMEOUT, IDLE_TIMEOUT_V2, REPLACED_CODE } from '../limits';
import { closingText, reasonText } from '../reason';
import { closingWords, lost, rejectedError, type SessionEnd } from '../session-end';
import type { ZipperAddress } from '../settings';
import type { ByteStream, Closing, Connection, Transport } from '../transport';
import { encodeMessage, readMessage } from './exchange';
import { encodeRegistration, parseReplyHead } from './heads';

const PROTOCOL = { alpn: ALPN_V2, idleTimeout: IDLE_TIMEOUT_V2 };

/** Request Timeout, Too Many Requests. */
const PASSING: ReadonlySet<number> = new Set([408, 429]);

export interface SessionEvents {
  /** The zipper has taken the client: streams may be opened. */
  onConnected(connection: Connection): void;
  /** Somebody asks something of this client. */
  onStream(stream: ByteStream): void;
}

/** One connection with a zipper of protocol v2, from dialling it to its end. */
export class ToolSession {
  readonly #connection: Connection;
  readonly #events: SessionEvents;
  /** What the zipper says is told without it. */
  readonly #credential: string | undefined;
  readonly #end = new Deferred<SessionEnd>();
  #isRegistered = false;
  #hasEnded = false;

  private constructor(connection: Connection, events: SessionEvents, credential: string | undefined) {
    this.#connection = connection;
    this.#credential = credential;
    this.#events = events;
  }

  /**
   * Resolves when nothing of the connection is left; never rejected.
   * @param name under which the zipper is to know the client
   * @param signal ends it
   */
  static async run(
    transport: Transport,
    address: ZipperAddress,
    endpoint: Endpoint,
    name: string,
    events: SessionEvents,
    signal: AbortSignal,
  ): Promise<SessionEnd> {
    const dialled = await dialZipper(transport, address, endpoint, PROTOCOL, signal);
    if (dialled.kind === 'end') return dialled.end;
    const session = new ToolSession(dialled.connection, events, address.credential);
    return session.#run(encodeRegistration(name, address.credential ?? ''), signal);
  }

  async #run(registration: Buffer, signal: AbortSignal): Promise<SessionEnd> {
    const abort = (): void => {
      this.#finish({ kind: 'closed' });
    };
    this.#connection.onStream((stream) => {
      this.#events.onStream(stream);
    });
    void this.#connection.closed.then((closing) => {
      this.#finish(this.#endOf(closing));
    });
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else void this.#register(registration);
    const end = await this.#end.promise;
    signal.removeEventListener('abort', abort);
    await this.#connection.close(CLOSE_CODE, closingText(closingWords(end)));
    return end;
  }

  async #register(registration: Buffer): Promise<void> {
    const timer = setTimeout(() => {
      this.#finish({ kind: 'lost', reason: noAnswer().message });
    }, HANDSHAKE_TIMEOUT);
    try {
      const stream = this.#connection.open();
      const answer = readMessage(stream, parseReplyHead);
      // Where it cannot be written, there is no answer either.
      stream.write(encodeMessage(registration)).catch(() => undefined);
      void stream.end();
      const { status, error } = (await answer).head;
      // An answer that comes while the connection is being closed changes nothing.
      if (this.#hasEnded) return;
      if (status === 200) {
        this.#isRegistered = true;
        this.#events.onConnected(this.#connection);
      } else {
        this.#finish(notTaken(status, error, this.#credential));
      }
    } catch (error) {
      // Of a connection that breaks, the connection itself tells why.
      const isBroken = error instanceof YomoError && error.code === 'zipper';
      if (isBroken) await this.#connection.closed;
      this.#finish({ kind: 'lost', reason: messageOf(error) });
    } finally {
      clearTimeout(timer);
    }
  }

  #finish(end: SessionEnd): void {
    this.#hasEnded = true;
    this.#end.resolve(end);
  }

  /** Of two clients of one name the later one is called; the earlier one coming back would start a quarrel without end. */
  #endOf(closing: Closing): SessionEnd {
    if (this.#isRegistered && closing.code === REPLACED_CODE) return { kind: 'refused', error: replacedError() };
    return lost(closing, this.#credential);
  }
}

/** As in HTTP: a fault of the client lasts, unless it is of the moment. @param credential not to be repeated */
function notTaken(status: number, words: string, credential?: string): SessionEnd {
  const isFinal = status >= 400 && status < 500 && !PASSING.has(status);
  if (isFinal) return { kind: 'refused', error: rejectedError(words, credential) };
  return { kind: 'lost', reason: notNowError(status, reasonText(words, credential)).message };
}

function notNowError(status: number, reason: string): YomoError {
  return new YomoError(
    'zipper',
    `The zipper does not take this client now (status ${String(status)}): ${reason === '' ? 'it gives no reason' : reason}. It is tried again; where that goes on, look at the log of the zipper.`,
  );
}

function noAnswer(): YomoError {
  return new YomoError('zipper', 'The zipper did not answer the registration. Check that it is a zipper of YoMo 2.');
}

function replacedError(): YomoError {
  return new YomoError(
    'rejected',
    'Another client has registered with the zipper under the same name, so this one is called no more. Give each an app name of its own, then deploy.',
  );
}
