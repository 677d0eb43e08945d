/**
 * The packets of one QUIC connection, between quiche and a UDP socket. Runs in the thread of `quic-worker.ts` only.
 *
 * quiche does no input and output and has no clock: it is given each packet that came, asked for those that are to go, and
 * told when its time is up. What comes in one turn of the event loop is worked off together and acknowledged at once.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deferred } from './deferred';
import { messageOf } from './errors';
import { CLOSE_TIME, KEEP_ALIVE, PACKETS_AT_ONCE, SOCKET_BUFFER } from './limits';
import { configurationOf, type Quiche, type QuicheConnection } from './quic-library';
import type { DialOptions } from './transport';

/** The code of a close before the handshake is done, when there is no application yet (RFC 9000, section 20.1). */
const APPLICATION_ERROR = 0x0c;

/** Why a connection is no more. */
export type QuicEnd =
  /** The other end has closed it. */
  | { readonly kind: 'peer'; readonly code: number; readonly isApplication: boolean; readonly reason: string }
  | { readonly kind: 'silence' }
  /** The other end's certificate is not taken. */
  | { readonly kind: 'certificate'; readonly reason: string }
  /** It does not speak QUIC as it should, or something failed here. */
  | { readonly kind: 'fault'; readonly reason: string }
  /** This end has closed it. */
  | { readonly kind: 'closed' };

interface HostPort {
  readonly host: string;
  readonly port: number;
}

export class QuicEndpoint {
  readonly connection: QuicheConnection;
  readonly #socket: Socket;
  readonly #path: { readonly from: HostPort; readonly to: HostPort };
  readonly #packetSize: number;
  readonly #established = new Deferred<undefined>();
  readonly #ended = new Deferred<QuicEnd>();
  /** Late packets are not answered any more. */
  readonly #gone = new Deferred<undefined>();
  #onActivity: () => void = () => undefined;
  #work: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #keepAlive: NodeJS.Timeout;
  /** For the next packet. */
  #room: Buffer | undefined;
  #unsent = '';
  #hasEnded = false;
  #closing: Promise<void> | undefined;
  readonly established = this.#established.promise;
  readonly ended = this.#ended.promise;

  /**
   * Begins the handshake.
   * @param peer an IP address and a port
   * @param serverName that the certificate is to be for
   * @throws ConfigurationError, and what the system says of the socket
   */
  static async open(quiche: Quiche, peer: HostPort, serverName: string, options: DialOptions): Promise<QuicEndpoint> {
    const configuration = configurationOf(quiche, options);
    const socket = await openSocket(peer.host);
    try {
      const { address: host, port } = socket.address();
      const path = { from: peer, to: { host, port } };
      const id = randomBytes(quiche.MAX_CONN_ID_LEN);
      const connection = quiche.Connection.connect(serverName, id, path.to, peer, configuration);
      return new QuicEndpoint(connection, socket, path, quiche.MAX_DATAGRAM_SIZE);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  private constructor(
    connection: QuicheConnection,
    socket: Socket,
    path: { readonly from: HostPort; readonly to: HostPort },
    packetSize: number,
  ) {
    this.connection = connection;
    this.#socket = socket;
    this.#path = path;
    this.#packetSize = packetSize;
    socket.on('message', (packet) => {
      this.#receive(packet);
    });
    // What a packet is told to have met on its way says nothing for certain: silence does.
    socket.on('error', (error) => {
      this.#unsent = messageOf(error);
    });
    this.#keepAlive = setInterval(() => {
      this.connection.sendAckEliciting();
      this.soon();
    }, KEEP_ALIVE);
    this.soon();
  }

  /** Why the system has not sent a packet; blank where it has sent all. */
  get unsent(): string {
    return this.#unsent;
  }

  /** Called when something came or time has passed, so that there may be something to read or room to write. */
  onActivity(listener: () => void): void {
    this.#onActivity = listener;
  }

  /** To be called when something is to be sent, or to be looked at; it is done at the end of this turn. */
  soon(): void {
    this.#work ??= setImmediate(() => {
      this.#work = undefined;
      this.#run();
    });
  }

  /**
   * Tells the other end. QUIC keeps what is closed for some time, as long as three answers take at their slowest, to tell late
   * packets that it is; that can be seconds. Nobody waits for it: what is lost of the close, the other end finds out by its
   * idle time. Resolves when nothing of the connection is left.
   */
  close(code: number, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  async #close(code: number, reason: string): Promise<void> {
    const { connection } = this;
    const isOver = connection.isDraining() || connection.isClosed();
    this.#end({ kind: 'closed' });
    if (!isOver) {
      if (connection.isEstablished()) connection.close(true, code, Buffer.from(reason, 'utf8'));
      else connection.close(false, APPLICATION_ERROR, Buffer.alloc(0));
      this.#send();
      await Promise.race([this.#gone.promise, sleep(CLOSE_TIME)]);
    }
    clearImmediate(this.#work);
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #receive(packet: Buffer): void {
    try {
      this.connection.recv(packet, this.#path);
    } catch (error) {
      // What is no packet of this connection leaves it as it is: anybody may send such.
      if (this.connection.localError() === null) return;
      // The connection is closed by that; the other end is told below.
      const reason = messageOf(error);
      this.#end(reason === 'TlsFail' ? { kind: 'certificate', reason } : { kind: 'fault', reason });
    }
    this.soon();
  }

  #run(): void {
    if (!this.#hasEnded) {
      if (this.connection.isEstablished()) this.#established.resolve(undefined);
      this.#onActivity();
    }
    this.#send();
    this.#look();
  }

  #send(): void {
    try {
      for (let count = 0; count < PACKETS_AT_ONCE; count += 1) if (!this.#sendPacket()) return;
      // The rest goes when what has come meanwhile has been taken: so much at once would be lost on the way.
      this.soon();
    } catch (error) {
      this.#end({ kind: 'fault', reason: messageOf(error) });
    } finally {
      this.#setTimer();
    }
  }

  /** @returns false where there is none */
  #sendPacket(): boolean {
    const room = (this.#room ??= Buffer.allocUnsafe(this.#packetSize));
    const packet = this.connection.send(room);
    if (packet === null) return false;
    this.#room = undefined;
    const { port, host } = this.#path.from;
    this.#socket.send(room, 0, packet[0], port, host, (error) => {
      // As one that is lost.
      if (error) this.#unsent = messageOf(error);
    });
    return true;
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const timeout = this.connection.timeout();
    if (timeout === null) return;
    // quiche measures more exactly than a timer: a little later is never too early.
    this.#timer = setTimeout(() => {
      this.connection.onTimeout();
      this.#run();
    }, timeout + 1);
  }

  /** Whether the connection still is. */
  #look(): void {
    const { connection } = this;
    if (connection.isClosed()) this.#gone.resolve(undefined);
    if (this.#hasEnded) return;
    const peer = connection.peerError();
    if (peer !== null) {
      const { errorCode: code, isApp: isApplication } = peer;
      this.#end({ kind: 'peer', code, isApplication, reason: Buffer.from(peer.reason).toString('utf8') });
    } else if (connection.isClosed() && connection.isTimedOut()) {
      this.#end({ kind: 'silence' });
    } else if (connection.isClosed()) {
      this.#end({ kind: 'fault', reason: 'the connection was reset' });
    }
  }

  /** The first reason counts. */
  #end(end: QuicEnd): void {
    this.#hasEnded = true;
    clearInterval(this.#keepAlive);
    this.#ended.resolve(end);
  }
}

async function openSocket(peer: string): Promise<Socket> {
  const family = isIP(peer) === 6 ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // All there is are addresses: nothing has to be looked up for each packet.
    lookup: (address, _options, callback) => {
      callback(null, address, family);
    },
  });
  // Told at once, since nothing is looked up.
  const listening = once(socket, 'listening');
  socket.bind(0, family === 6 ? '::' : '0.0.0.0');
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  try {
    socket.setRecvBufferSize(SOCKET_BUFFER);
    socket.setSendBufferSize(SOCKET_BUFFER);
  } catch {
    // Not every system gives as much; it goes on with less.
  }
  return socket;
}
