/**
 * A zipper of YoMo's protocol v1 for tests, on the server of the library that the client uses: handshake, version, token,
 * routing by tag and wanted target, metadata written anew, rejection, connect_to, goaway. It is no YoMo and has none of its
 * code; it reads and writes frames with the package's own `yomo/frames`, so that alone it would prove only that the package
 * agrees with itself. What pins both are the frames of `test/yomo/vectors-v1.jsonl`, which YoMo's own encoder wrote.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { events, QUICServer, type QUICConnection, type QUICStream } from '@infisical/quic';
import { YomoError } from '#dist/yomo/errors';
import { FrameReader } from '#dist/yomo/frame-reader';
import { CLIENT_TYPES, encodeFrame, type DataFrame, type Frame, type Handshake } from '#dist/yomo/frames';
import { decodeMetadata, encodeMetadata } from '#dist/yomo/metadata';
import { makeCertificate, type Certificate } from './certificate';

const CLOSE_CODE = 0x13;
const VERSION = '2024-01-03';

export interface ZipperOptions {
  /** A free one without it. */
  readonly port?: number;
  /** A client without it is rejected. */
  readonly token?: string;
  /** Each client is sent on to this `host:port`. */
  readonly connectTo?: string;
  /** Each client is rejected with this message. */
  readonly reject?: string;
  /** Each connection is closed with this reason, at once behind the rejection where there is one. */
  readonly closes?: string;
  /** Answers no handshake. */
  readonly isSilent?: boolean;
  readonly certificate?: Certificate;
  readonly alpn?: string;
  /** Milliseconds without a packet of a client after which it counts as gone. */
  readonly idleTimeout?: number;
}

const ownCertificate = makeCertificate(['localhost', '127.0.0.1']);

export class Zipper {
  readonly #options: ZipperOptions;
  readonly #server: QUICServer;
  /** Those that are connected now, in the order they came. */
  readonly clients: ZipperClient[] = [];
  /** Every handshake there was. */
  readonly handshakes: Handshake[] = [];
  /** Data frames that came, of any client, in order. */
  readonly received: DataFrame[] = [];
  /** Reasons with which clients have closed. */
  readonly closings: { readonly code: number | undefined; readonly reason: string }[] = [];

  static async start(options: ZipperOptions = {}): Promise<Zipper> {
    const zipper = new Zipper(options);
    await zipper.#server.start({ host: '127.0.0.1', port: options.port ?? 0 });
    return zipper;
  }

  private constructor(options: ZipperOptions) {
    this.#options = options;
    const { certificate, key } = options.certificate ?? ownCertificate;
    this.#server = new QUICServer({
      crypto: { key: toArrayBuffer(randomBytes(32)), ops: tokenOps },
      config: {
        cert: certificate,
        key,
        applicationProtos: [options.alpn ?? 'yomo'],
        maxIdleTimeout: options.idleTimeout ?? 5000,
        // A zipper keeps alive, too; where its patience is tried, that is left to the client.
        ...(options.idleTimeout === undefined ? { keepAliveIntervalTime: 2000 } : {}),
        readableChunkSize: 64 * 1024,
      },
      logger: silent as never,
    });
    this.#server.addEventListener(events.EventQUICServerConnection.name, (event) => {
      new ZipperClient(this, this.#options, (event as unknown as { detail: QUICConnection }).detail);
    });
  }

  get port(): number {
    return Number(this.#server.port);
  }

  get endpoint(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  /** A data frame to all who observe its tag and are its target. */
  route(frame: DataFrame, from: string): void {
    this.received.push(frame);
    const metadata = decodeMetadata(frame.metadata);
    const target = metadata.get('yomo-target');
    // As a zipper does: in no certain order, and with what it knows of the connection.
    const writer = this.clients.find(({ handshake }) => handshake?.clientId === from)?.handshake?.target ?? '';
    const known: [string, string][] = writer === '' ? [] : [['yomo-wanted-target', writer]];
    const bytes = encodeFrame({ ...frame, metadata: encodeMetadata(new Map([...known, ...[...metadata].reverse()])) });
    for (const client of this.clients) {
      if (client.observes(frame.tag) && (target === undefined || client.handshake?.target === target))
        client.write(bytes);
    }
  }

  /** Sends all clients away; they may come back. */
  goaway(message: string): void {
    for (const client of this.clients) client.write(encodeFrame({ type: 'goaway', message }));
  }

  /** Tells the clients that it ends. */
  async stop(reason = 'stopped'): Promise<void> {
    await this.#server.stop({ isApp: true, errorCode: CLOSE_CODE, reason: Buffer.from(reason) });
  }
}

/** One client of it. */
export class ZipperClient {
  handshake: Handshake | undefined;
  readonly #zipper: Zipper;
  readonly #options: ZipperOptions;
  readonly #connection: QUICConnection;
  readonly #reader = new FrameReader();
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #waiting: Uint8Array[] = [];
  #isWriting = false;

  constructor(zipper: Zipper, options: ZipperOptions, connection: QUICConnection) {
    this.#zipper = zipper;
    this.#options = options;
    this.#connection = connection;
    let ended = false;
    connection.addEventListener(events.EventQUICConnectionError.name, (event) => {
      if (ended) return;
      ended = true;
      const { detail } = event as unknown as { detail: { data?: { errorCode?: number; reason?: Uint8Array } } };
      zipper.closings.push({
        code: detail.data?.errorCode,
        reason: Buffer.from(detail.data?.reason ?? []).toString(),
      });
      const at = zipper.clients.indexOf(this);
      if (at >= 0) zipper.clients.splice(at, 1);
    });
    connection.addEventListener(
      events.EventQUICConnectionStream.name,
      (event) => {
        void this.#run((event as unknown as { detail: QUICStream }).detail);
      },
      { once: true },
    );
  }

  observes(tag: number): boolean {
    return this.handshake?.clientType === CLIENT_TYPES.function && this.handshake.observed.includes(tag);
  }

  /** Bytes of any kind, in order. */
  write(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (!this.#isWriting) void this.#writeAll();
  }

  async close(reason: string): Promise<void> {
    await this.#connection.stop({ isApp: true, errorCode: CLOSE_CODE, reason: Buffer.from(reason) });
  }

  async #run(stream: QUICStream): Promise<void> {
    this.#writer = stream.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
    this.#writer.closed.catch(ignore);
    const input = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    try {
      for (;;) {
        const { done, value } = await input.read();
        if (done) return;
        this.#reader.read(value, (frame) => {
          this.#handle(frame);
        });
      }
    } catch (error) {
      // Where the stream has ended, so does the connection, with the client's own reason.
      if (error instanceof YomoError) await this.close(error.message).catch(ignore);
    }
  }

  #handle(frame: Frame): void {
    if (this.handshake === undefined) this.#shakeHands(frame);
    else if (frame.type !== 'data') void this.close('only data is expected');
    else if (frame.tag >= 0xf000 && frame.tag <= 0xffff) void this.close('the tag is reserved');
    else this.#zipper.route(frame, this.handshake.clientId);
  }

  #shakeHands(frame: Frame): void {
    const { token, reject, closes, connectTo, isSilent } = this.#options;
    if (frame.type !== 'handshake') {
      void this.close('a handshake is expected');
      return;
    }
    this.handshake = frame;
    this.#zipper.handshakes.push(frame);
    if (isSilent === true) return;
    const isKnown = token === undefined || (frame.authName === 'token' && frame.authPayload === token);
    if (frame.version !== VERSION) this.#reject(`version ${frame.version} is not ${VERSION}`);
    else if (!isKnown) this.#reject('authentication failed');
    else if (reject !== undefined) this.#reject(reject);
    else if (closes !== undefined) void this.close(closes);
    else if (connectTo !== undefined) this.write(encodeFrame({ type: 'connect-to', endpoint: connectTo }));
    else {
      this.#zipper.clients.push(this);
      this.write(encodeFrame({ type: 'handshake-ack' }));
    }
  }

  #reject(message: string): void {
    this.write(encodeFrame({ type: 'rejected', message }));
    if (this.#options.closes !== undefined) void this.close(this.#options.closes);
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0) await this.#writer?.write(Buffer.concat(this.#waiting.splice(0, 1000)));
    } catch {
      this.#waiting = [];
    }
    this.#isWriting = false;
  }
}

/** What protects the addresses in retry tokens: any keyed digest. */
export const tokenOps = {
  sign: (key: ArrayBuffer, data: ArrayBuffer) => Promise.resolve(toArrayBuffer(digest(key, data))),
  verify: (key: ArrayBuffer, data: ArrayBuffer, signature: ArrayBuffer) =>
    Promise.resolve(digest(key, data).equals(Buffer.from(signature))),
};

function digest(key: ArrayBuffer, data: ArrayBuffer): Buffer {
  return createHmac('sha256', Buffer.from(key)).update(Buffer.from(data)).digest();
}

export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function ignore(): void {
  // The connection tells of it.
}

export const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore, getChild: () => silent };
