import { MqttClient, type IClientOptions, type IConnackPacket, type Packet } from 'mqtt';
import { PassThrough, type Duplex } from 'node:stream';
import { addressText } from './address';
import type { Announcement, ConnectionSettings } from './settings';
import { failureOf, isSameStatus, unusableTls, type ConnectionStatus, type StatusListener } from './status';
import { openStream } from './stream';

/** Milliseconds before the first attempt to reconnect; doubled up to the longest. */
const FIRST_RECONNECT = 1000;
const LONGEST_RECONNECT = 30_000;
/** Milliseconds a connection has to last before the next loss is taken for the first. */
const STABLE_AFTER = 10_000;
/** Milliseconds a broker may take to answer CONNECT. */
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds a connection may take to end in good order before it is cut. */
const END_TIMEOUT = 2000;

export interface BrokerClientOptions {
  readonly settings: ConnectionSettings;
  readonly clientId: string;
  /** Discards the session when it connects, whatever the settings say. */
  readonly clean?: boolean;
  readonly will?: Announcement | undefined;
  /** Unacknowledged messages the broker may send at once (MQTT 5, section 3.1.2.11.3). */
  readonly receiveMaximum?: number;
  /** Stands between the library and the broker's stream; called for each connection. */
  readonly wrap?: (stream: Duplex) => Duplex;
  readonly onStatus: StatusListener;
  /** Every packet, as it comes and before the library acts on it. */
  readonly onPacket?: (packet: Packet) => void;
  readonly onClose?: () => void;
  /** Whether the broker's stream is not read just now: then no answer to a ping can be expected. */
  readonly isHeld?: () => boolean;
  /** Each time the broker has accepted the connection. */
  readonly onConnect?: (answer: IConnackPacket) => void;
}

/** One client of a broker: connects, reconnects with back-off, says how it stands, and ends within END_TIMEOUT. */
export class BrokerClient {
  readonly mqtt: MqttClient;
  readonly #options: BrokerClientOptions;
  #status: ConnectionStatus = { kind: 'connecting' };
  #stable: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: BrokerClientOptions) {
    this.#options = options;
    options.onStatus(this.#status);
    this.mqtt = new MqttClient(() => this.#openStream(), libraryOptions(options));
    this.#listen();
  }

  /** Ends the connection in good order, so that the broker does not send the will. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #openStream(): Duplex {
    const { settings, wrap } = this.#options;
    let stream: Duplex;
    try {
      stream = openStream(settings.address, settings.tls);
    } catch (error) {
      // Keys and certificates are read before anything is connected. The library takes no errors here: it is given a
      // stream that is closed already.
      this.#setStatus(unusableTls(error, addressText(settings.address)));
      return new PassThrough().destroy();
    }
    // The library tells only of errors that carry a code; WebSocket's refusals carry none.
    stream.on('error', (error) => {
      this.#fail(error);
    });
    return wrap === undefined ? stream : wrap(stream);
  }

  #listen(): void {
    const { mqtt } = this;
    mqtt.on('packetreceive', (packet) => this.#options.onPacket?.(packet));
    mqtt.on('packetsend', ({ cmd }) => {
      // The answer is behind what is not read. The ping keeps the broker content; the next one is due in time.
      if (cmd === 'pingreq' && this.#options.isHeld?.() === true) mqtt.reschedulePing(true);
    });
    mqtt.on('connect', (answer) => {
      // Of two processes with one client identifier, each would else end the other's connection every second.
      this.#stable = setTimeout(() => {
        mqtt.options.reconnectPeriod = FIRST_RECONNECT;
      }, STABLE_AFTER);
      this.#setStatus({ kind: 'connected' });
      this.#options.onConnect?.(answer);
    });
    mqtt.on('reconnect', () => {
      const period = mqtt.options.reconnectPeriod ?? FIRST_RECONNECT;
      mqtt.options.reconnectPeriod = Math.min(period * 2, LONGEST_RECONNECT);
      // A reason stays visible while it is tried again.
      if (this.#status.kind !== 'failed') this.#setStatus({ kind: 'connecting' });
    });
    mqtt.on('error', (error) => {
      this.#fail(error);
    });
    mqtt.on('disconnect', ({ reasonCode }) => {
      if (reasonCode !== undefined && reasonCode >= 0x80) {
        this.#fail(Object.assign(new Error(`DISCONNECT with reason ${String(reasonCode)}`), { code: reasonCode }));
      }
    });
    mqtt.on('close', () => {
      clearTimeout(this.#stable);
      if (this.#status.kind === 'connected') this.#setStatus({ kind: 'disconnected' });
      this.#options.onClose?.();
    });
  }

  #fail(error: unknown): void {
    // that the broker has gone is told when the connection is closed, and its reason by the next attempt
    if (this.#status.kind === 'connected' && (error as NodeJS.ErrnoException | null)?.code === 'ECONNRESET') return;
    this.#setStatus(failureOf(error, addressText(this.#options.settings.address)));
  }

  #setStatus(status: ConnectionStatus): void {
    if (this.#ending !== undefined || isSameStatus(status, this.#status)) return;
    this.#status = status;
    this.#options.onStatus(status);
  }

  async #end(): Promise<void> {
    const { mqtt } = this;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        mqtt.stream.destroy();
        resolve();
      }, END_TIMEOUT);
      mqtt.end(!mqtt.connected, {}, () => {
        clearTimeout(cut);
        resolve();
      });
    });
  }
}

function libraryOptions(options: BrokerClientOptions): IClientOptions {
  const { settings, clientId, clean, will, receiveMaximum } = options;
  const { credentials, protocolVersion, keepalive, persistent, sessionExpiry } = settings;
  const keepSession = persistent && clean !== true;
  return {
    clientId,
    protocolVersion,
    keepalive,
    clean: !keepSession,
    connectTimeout: CONNECT_TIMEOUT,
    reconnectPeriod: FIRST_RECONNECT,
    reconnectOnConnackError: true,
    resubscribe: false,
    ...(credentials === undefined ? {} : { username: credentials.user, password: credentials.password }),
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload, 'utf8') } }),
    ...(protocolVersion === 5
      ? {
          properties: {
            ...(keepSession ? { sessionExpiryInterval: sessionExpiry } : {}),
            ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
          },
        }
      : {}),
  };
}

/** Milliseconds the broker may take to be asked to forget a session. */
const DISCARD_TIMEOUT = 5000;

/**
 * Ends a kept session: a connection with the same identifier and a clean start discards it, in both versions
 * (MQTT 3.1.1, section 3.1.2.4; MQTT 5, section 3.1.2.4).
 * @returns false when the broker could not be asked
 */
export async function discardSession(settings: ConnectionSettings, clientId: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let client: BrokerClient | undefined;
  try {
    return await new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, DISCARD_TIMEOUT, false);
      client = new BrokerClient({
        settings,
        clientId,
        clean: true,
        onStatus: (status) => {
          if (status.kind === 'failed') resolve(false);
        },
        onConnect: () => {
          resolve(true);
        },
      });
    });
  } finally {
    clearTimeout(timer);
    await client?.end();
  }
}
