import { createHash, timingSafeEqual } from 'node:crypto';
import { once, type EventEmitter } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { MqttError, messageOf } from './errors';
import { boundIncoming, MOST_BEFORE_ACCEPTED, MOST_OF_PACKET, type Excess } from './incoming-bound';
import { inMebibytes, KeptMessages } from './kept-messages';
import { KeptSessions } from './kept-sessions';
import { isLoopback } from './loopback';
import type { Credentials } from './settings';
import { SlowReaders, STREAM_CAPACITY } from './slow-reader';

export interface EmbeddedBrokerOptions {
  /** Address to listen on. */
  readonly bind: string;
  readonly port: number;
  readonly transport: 'tcp' | 'websocket';
  /** The only user and password accepted; undefined accepts everyone. */
  readonly credentials: Credentials | undefined;
  /** Told when messages are dropped; of connections that share a broker it is the first one's. */
  readonly warn: (text: string) => void;
}

/** A share in a broker; it stops when its last user has released it. */
export interface EmbeddedBroker {
  release(): Promise<void>;
}

/** What the types of aedes leave out. */
interface Persistent {
  persistence: Parameters<KeptMessages['bound']>[0] & Parameters<KeptSessions['bound']>[0];
}

/** Gives the broker a stream of packets. @param transport the connection below it, or the stream itself */
type TakeStream = (stream: Duplex, transport: Duplex, request?: IncomingMessage) => void;

interface Running {
  readonly options: EmbeddedBrokerOptions;
  readonly started: Promise<{ stop(): Promise<void> }>;
  users: number;
}

/** Brokers of this process by port: connections that name the same one share it. */
const running = new Map<number, Running>();
/** Brokers on their way out, whose port is not free yet. */
const stopping = new Map<number, Promise<void>>();
/** Sessions and retained messages, by port: kept in memory, so that a redeploy does not lose them. */
const stores = new Map<number, Store>();
/** Ports by the connection that has its broker there, whether it runs just now or not. */
const claims = new Map<string, number>();

interface Store {
  readonly messages: KeptMessages;
  readonly sessions: KeptSessions;
  readonly persistence: unknown;
}

/**
 * Runs a broker in this process (MQTT 3.1.1, by aedes), or shares the one that runs on this port already.
 * @throws MqttError `configuration`: an open address without credentials
 * @throws UnavailableError an address or port that cannot be had just now
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  if (!isLoopback(options.bind) && options.credentials === undefined) {
    throw new MqttError(
      'configuration',
      `An embedded broker on ${options.bind} is open to the network. Give the connection a user and password, or bind it to 127.0.0.1.`,
    );
  }
  await stopping.get(options.port);
  let broker = running.get(options.port);
  if (broker === undefined) {
    broker = { options, started: start(options), users: 0 };
    running.set(options.port, broker);
  } else if (!isSameBroker(broker.options, options)) {
    throw new UnavailableError(
      `Another connection runs an embedded broker on port ${String(options.port)} with other settings. Give both the same address, kind and credentials, or another port. It is tried again.`,
    );
  }
  broker.users += 1;
  const shared = broker;
  try {
    await shared.started;
  } catch (error) {
    if (running.get(options.port) === shared) running.delete(options.port);
    throw error;
  }
  let released = false;
  return {
    release: async () => {
      if (released) return;
      released = true;
      await release(shared);
    },
  };
}

/**
 * Tells where a connection has its broker. What a broker keeps is forgotten once no connection has it there.
 * @param connection the connection's identifier
 * @param port undefined where it has none, or is no more
 */
export function claimEmbeddedBroker(connection: string, port: number | undefined): void {
  const before = claims.get(connection);
  if (port === undefined) claims.delete(connection);
  else claims.set(connection, port);
  if (before !== undefined) forgetUnclaimed(before);
}

function forgetUnclaimed(port: number): void {
  if (!running.has(port) && ![...claims.values()].includes(port)) stores.delete(port);
}

async function release(broker: Running): Promise<void> {
  broker.users -= 1;
  if (broker.users > 0) return;
  const { port } = broker.options;
  running.delete(port);
  const stopped = broker.started.then(({ stop }) => stop());
  stopping.set(port, stopped);
  await stopped;
  if (stopping.get(port) === stopped) stopping.delete(port);
  forgetUnclaimed(port);
}

async function start(options: EmbeddedBrokerOptions): Promise<{ stop(): Promise<void> }> {
  const { Aedes } = await import('aedes');
  const slowReaders = new SlowReaders(options.warn);
  const former = stores.get(options.port);
  const messages = former?.messages ?? new KeptMessages();
  const sessions = former?.sessions ?? new KeptSessions();
  messages.warn = options.warn;
  sessions.warn = options.warn;
  const broker = new Aedes({
    persistence: former?.persistence,
    authorizeSubscribe: (client, subscription, done) => {
      // null is answered with 128 (MQTT 3.1.1, section 3.9.3)
      done(null, sessions.accepts(client, subscription) ? subscription : null);
    },
    // A client that does not read for a while loses messages, not its connection.
    drainTimeout: 0,
    authorizeForward: (client, packet) => {
      if (messages.waits(client, packet)) return null;
      if (slowReaders.accepts(client)) return packet;
      messages.forget(client, packet);
      return null;
    },
    authenticate: (_client, user, password, done) => {
      const accepted = isAuthorised(options.credentials, user, password);
      // Return code 4: bad user name or password (MQTT 3.1.1, section 3.2.2.3).
      if (accepted) done(null, true);
      else done(Object.assign(new Error('bad user name or password'), { returnCode: 4 as number }), false);
    },
  });
  const sockets = new Set<Socket>();
  const warned = new Set<Excess>();
  const take: TakeStream = (stream, transport, request) => {
    boundIncoming(broker.handle(stream, request), { transport, stream }, (excess) => {
      transport.destroy();
      // a stranger may come again and again
      if (!warned.has(excess)) options.warn(excessText(excess));
      warned.add(excess);
    });
  };
  const server =
    options.transport === 'tcp'
      ? // A PUBLISH behind a PUBACK would wait for the client's system to acknowledge that one, 40 ms and more.
        createTcpServer({ highWaterMark: STREAM_CAPACITY, noDelay: true }, (socket) => {
          take(socket, socket);
        })
      : webSocketServer(take, options);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // Neither may end Node-RED: a failure to listen is told below, a failure of one client ends that client.
  server.on('error', ignore);
  (broker as EventEmitter).on('error', ignore);
  broker.on('clientDisconnect', (client) => {
    slowReaders.caughtUp(client);
  });
  broker.on('unsubscribe', (topics, client) => {
    sessions.unsubscribed(client, topics);
  });
  await broker.listen();
  const store = keep(broker as unknown as Persistent, { messages, sessions }, options);
  try {
    await listen(server, options);
  } catch (error) {
    broker.close();
    throw error;
  }
  stores.set(options.port, store);
  return {
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => {
        broker.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The store of this port, which the broker uses from now on; aedes makes its own in memory where there is none yet. */
function keep(
  broker: Persistent,
  { messages, sessions }: Pick<Store, 'messages' | 'sessions'>,
  { port }: EmbeddedBrokerOptions,
): Store {
  if (!stores.has(port)) broker.persistence = sessions.bound(messages.bound(broker.persistence));
  return { messages, sessions, persistence: broker.persistence };
}

function excessText(excess: Excess): string {
  return excess === 'packet'
    ? `The embedded broker has cut off a client that sent a packet of more than ${inMebibytes(MOST_OF_PACKET)}. Have it send less at once, or use a broker that takes more; others that do so are cut off without a word.`
    : `The embedded broker has cut off a client that sent more than ${inMebibytes(MOST_BEFORE_ACCEPTED)} before it was accepted. Find out what connects there; others that do so are cut off without a word.`;
}

function webSocketServer(take: TakeStream, { credentials }: EmbeddedBrokerOptions): Server {
  const server = createHttpServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('This is an MQTT broker: connect by WebSocket.\n');
  });
  const webSockets = new WebSocketServer({
    server,
    // a packet and what stands before its content
    maxPayload: MOST_OF_PACKET + 5,
    handleProtocols: (protocols) => (protocols.has('mqtt') ? 'mqtt' : false),
    // Any page in a browser on this machine can reach a loopback port; without a password only programs may.
    verifyClient: ({ origin }: { origin?: string }) => credentials !== undefined || origin === undefined,
  });
  webSockets.on('error', ignore);
  webSockets.on('connection', (socket, request: IncomingMessage) => {
    const stream = createWebSocketStream(socket, { writableHighWaterMark: STREAM_CAPACITY });
    // A broken connection ends in the broker, which closes the client.
    stream.on('error', () => stream.destroy());
    take(stream, request.socket, request);
  });
  return server;
}

async function listen(server: Server, { bind, port }: EmbeddedBrokerOptions): Promise<void> {
  try {
    server.listen(port, bind);
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnavailableError(
      code === 'EADDRINUSE'
        ? `Port ${String(port)} on ${bind} is taken, probably by a broker that runs already. To use that one, switch the embedded broker off in the connection; otherwise choose another port. It is tried again.`
        : `An embedded broker cannot listen on ${bind}, port ${String(port)} (${messageOf(error)}). Wait until the address is there, or choose another address or port in the connection. It is tried again.`,
    );
  }
}

/** What is in the way may go, without a deploy of this connection: it is worth another try. */
export class UnavailableError extends MqttError {
  constructor(message: string) {
    super('configuration', message);
  }
}

function isSameBroker(one: EmbeddedBrokerOptions, other: EmbeddedBrokerOptions): boolean {
  return (
    one.bind === other.bind &&
    one.transport === other.transport &&
    one.credentials?.user === other.credentials?.user &&
    one.credentials?.password === other.credentials?.password
  );
}

function isAuthorised(expected: Credentials | undefined, user: string | undefined, password: Buffer | undefined) {
  if (expected === undefined) return true;
  const given = digest(user ?? '', password ?? Buffer.alloc(0));
  return timingSafeEqual(given, digest(expected.user, Buffer.from(expected.password, 'utf8')));
}

/** Of equal length whatever the input, as a comparison in constant time needs. */
function digest(user: string, password: Buffer): Buffer {
  return createHash('sha256').update(JSON.stringify(user)).update(password).digest();
}

function ignore(): void {
  // An emitter without a listener for errors would end the process.
}
