import { setTimeout as sleep } from 'node:timers/promises';
import { isSecure, isWebSocket } from './address';
import { claimEmbeddedBroker, startEmbeddedBroker, UnavailableError, type EmbeddedBroker } from './embedded-broker';
import { ConnectionLog } from './connection-log';
import { MqttError } from './errors';
import type { OutgoingMessage } from './message';
import type { ConnectionSettings, Log } from './settings';
import type { SessionFilters } from './session-filters';
import { SinkClient } from './sink-client';
import { SourceClient, type SourceOptions } from './source-client';
import type { ConnectionStatus, StatusListener } from './status';

/** Milliseconds between attempts to listen for the embedded broker. */
const LISTEN_RETRY = 5000;

/** One node's share in a connection. */
export interface ConnectionUse {
  /**
   * Resolves once nothing of this use is under way any more: within 3 s what was published is acknowledged, or an error.
   * @param removed the node itself was removed, not only stopped: its session on the broker ends
   */
  release(removed: boolean): Promise<void>;
}

export interface Subscription extends ConnectionUse {
  /** Messages of QoS 1 and 2 in the flow. */
  readonly inFlight: number;
  /** Hands over nothing more; what is in the flow may be acknowledged until `release` is called. */
  stop(): void;
}

export interface Publisher extends ConnectionUse {
  /** Messages of this publisher that wait for the broker. */
  readonly waiting: number;
  /** See `SinkClient.publish`. */
  publish(message: OutgoingMessage): Promise<void>;
}

/**
 * What nodes share of a broker: the settings, the embedded broker if there is one, and one publishing client with
 * birth and will. It opens with the first user and closes with the last; every source has a client of its own besides.
 */
export class Connection {
  readonly settings: ConnectionSettings;
  readonly #log: Log;
  readonly #statusLog: ConnectionLog;
  readonly #sessionFilters: SessionFilters;
  readonly #users = new Map<object, StatusListener>();
  #publisher: SinkClient | undefined;
  /** The last publisher that was closed, while its session may still be on the broker. */
  #formerPublisher: SinkClient | undefined;
  #publisherStatus: ConnectionStatus = { kind: 'connecting' };
  readonly #publishers = new Set<object>();
  #embedded: { readonly ready: Promise<EmbeddedBroker | undefined>; readonly abort: AbortController } | undefined;
  /** Why the embedded broker does not run: users that come later are told too. */
  #embeddedFailure: ConnectionStatus | undefined;
  #closing: Promise<void> = Promise.resolve();
  #removed = false;

  constructor(settings: ConnectionSettings, log: Log, sessionFilters: SessionFilters) {
    this.settings = settings.embeddedBind === undefined ? settings : withLocalAddress(settings, settings.embeddedBind);
    this.#log = log;
    this.#statusLog = new ConnectionLog(log);
    this.#sessionFilters = sessionFilters;
    claimEmbeddedBroker(settings.id, settings.embeddedBind === undefined ? undefined : settings.address.port);
  }

  /** Subscribes with a client of its own. */
  subscribe(options: SourceOptions): Subscription {
    const user = {};
    const onStatus: StatusListener = (status) => {
      this.#statusLog.report(user, status);
      options.onStatus(status);
    };
    const source = new SourceClient(this.settings, { ...options, onStatus }, this.#sessionFilters);
    this.#add(user, options.onStatus);
    this.#whenReady(() => {
      source.open();
    });
    return {
      get inFlight() {
        return source.inFlight;
      },
      stop: () => {
        source.stop();
      },
      release: async (removed) => {
        await source.close(removed);
        await this.#remove(user);
      },
    };
  }

  /** Publishes with the client all sinks of the connection share. */
  publisher(onStatus: StatusListener): Publisher {
    const user = {};
    const client = this.#openPublisher();
    this.#add(user, onStatus);
    this.#publishers.add(user);
    onStatus(this.#publisherStatus);
    return {
      get waiting() {
        return client.waitingOf(user);
      },
      publish: (message) => client.publish(message, user),
      release: async () => {
        this.#publishers.delete(user);
        // Where it is the last user, the client closes and waits for everything at once.
        await Promise.all([this.#remove(user), client.leave(user)]);
      },
    };
  }

  /** The connection itself was stopped; its users release it themselves. Resolves when nothing is open any more. */
  async close(removed: boolean): Promise<void> {
    this.#removed = removed;
    if (this.#users.size > 0) return;
    await this.#closing;
    // Node-RED closes the users first: when the last of them left, it was not known that the connection goes too.
    // An embedded broker has stopped with them.
    if (this.settings.embeddedBind === undefined) await this.#endSession();
    else this.#forgetBroker();
  }

  #add(user: object, onStatus: StatusListener): void {
    const { birth, will } = this.settings;
    if (birth !== undefined || will !== undefined) this.#openPublisher();
    this.#users.set(user, onStatus);
  }

  async #remove(user: object): Promise<void> {
    this.#users.delete(user);
    this.#statusLog.forget(user);
    if (this.#users.size === 0) this.#closing = this.#closeAll();
    await this.#closing;
  }

  #openPublisher(): SinkClient {
    if (this.#publisher !== undefined) return this.#publisher;
    const client = new SinkClient(this.settings, (status) => {
      if (this.#publisher === client) this.#tellPublishers(status);
    });
    this.#publisher = client;
    this.#publisherStatus = { kind: 'connecting' };
    this.#whenReady(() => {
      client.open();
    });
    return client;
  }

  #tellPublishers(status: ConnectionStatus): void {
    this.#publisherStatus = status;
    this.#statusLog.report(this.#publishers, status);
    for (const user of this.#publishers) this.#users.get(user)?.(status);
  }

  async #closeAll(): Promise<void> {
    const publisher = this.#publisher;
    const embedded = this.#embedded;
    this.#publisher = undefined;
    this.#embedded = undefined;
    this.#statusLog.forget(this.#publishers);
    embedded?.abort.abort();
    await publisher?.close();
    this.#formerPublisher = publisher;
    await this.#endSession();
    await (await embedded?.ready)?.release();
    if (embedded !== undefined) this.#forgetBroker();
  }

  /** What an embedded broker keeps for the next deploy is for nobody once its connection was removed. */
  #forgetBroker(): void {
    if (this.#removed) claimEmbeddedBroker(this.settings.id, undefined);
  }

  async #endSession(): Promise<void> {
    const publisher = this.#formerPublisher;
    if (!this.#removed || publisher === undefined) return;
    this.#formerPublisher = undefined;
    if (!(await publisher.endSession())) {
      this.#log.warn(
        'The broker could not be asked to end the session of the connection: it stays until it expires. End it on the broker if that is too long.',
      );
    }
  }

  /** Opens a client once the embedded broker runs, if there is to be one. */
  #whenReady(open: () => void): void {
    const { embeddedBind } = this.settings;
    if (embeddedBind === undefined) {
      open();
      return;
    }
    if (this.#embedded === undefined) {
      const abort = new AbortController();
      const before = this.#closing;
      this.#embedded = { abort, ready: before.then(() => this.#startBroker(embeddedBind, abort.signal)) };
    }
    const { ready, abort } = this.#embedded;
    void ready.then((broker) => {
      if (broker !== undefined) open();
      else if (this.#embeddedFailure !== undefined && !abort.signal.aborted) this.#tellAll(this.#embeddedFailure);
    });
  }

  async #startBroker(bind: string, signal: AbortSignal): Promise<EmbeddedBroker | undefined> {
    const { address, protocolVersion, credentials } = this.settings;
    while (!signal.aborted) {
      try {
        if (isSecure(address)) {
          throw new MqttError(
            'configuration',
            'An embedded broker serves mqtt:// and ws:// only. Choose one of them in the connection.',
          );
        }
        if (protocolVersion === 5) {
          throw new MqttError(
            'configuration',
            'An embedded broker speaks MQTT 3.1.1 only. Choose that version in the connection.',
          );
        }
        const transport = isWebSocket(address) ? 'websocket' : 'tcp';
        const warn = (text: string): void => {
          this.#log.warn(text);
        };
        const broker = await startEmbeddedBroker({ bind, port: address.port, transport, credentials, warn });
        this.#statusLog.forget(this);
        return broker;
      } catch (error) {
        this.#embeddedFailure = { kind: 'failed', reason: 'embedded', message: (error as Error).message };
        this.#tellAll(this.#embeddedFailure);
        if (!(error instanceof UnavailableError)) return undefined;
        await sleep(LISTEN_RETRY, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  #tellAll(status: ConnectionStatus): void {
    this.#publisherStatus = status;
    this.#statusLog.report(this, status);
    for (const onStatus of this.#users.values()) onStatus(status);
  }
}

/** The clients of an embedded broker go where it listens, whatever host the URL names. */
function withLocalAddress(settings: ConnectionSettings, bind: string): ConnectionSettings {
  const host = bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' ? '::1' : bind;
  return { ...settings, address: { ...settings.address, host } };
}
