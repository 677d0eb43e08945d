import { BrokerClient, discardSession } from './broker-client';
import { clientIdOf } from './client-id';
import type { OutgoingMessage } from './message';
import type { ConnectionSettings } from './settings';
import type { ConnectionStatus, StatusListener } from './status';

/** Messages that may wait for the connection, over all sinks of it; one more is an error. */
export const MAX_WAITING = 1000;

/** Milliseconds a closing client waits for the broker's last acknowledgements. */
const DRAIN_TIMEOUT = 3000;

interface Publication {
  readonly message: OutgoingMessage;
  resolve(): void;
  reject(error: Error): void;
}

/** The one publishing client of a connection: its birth and will are the connection's. */
export class SinkClient {
  readonly #settings: ConnectionSettings;
  readonly #clientId: string;
  readonly #onStatus: StatusListener;
  readonly #waiting: Publication[] = [];
  readonly #unacknowledged = new Set<Publication>();
  #client: BrokerClient | undefined;
  #everConnected = false;
  #closed = false;
  #drained: (() => void) | undefined;
  status: ConnectionStatus = { kind: 'connecting' };

  constructor(settings: ConnectionSettings, onStatus: StatusListener) {
    this.#settings = settings;
    this.#onStatus = onStatus;
    this.#clientId = clientIdOf(settings.clientId, settings.id, (name) => settings.environment(name));
  }

  open(): void {
    if (this.#closed) return;
    this.#client = new BrokerClient({
      settings: this.#settings,
      clientId: this.#clientId,
      will: this.#settings.will,
      onStatus: (status) => {
        this.status = status;
        this.#onStatus(status);
      },
      onConnect: () => {
        this.#connected();
      },
    });
  }

  /**
   * Resolves when the broker has acknowledged (QoS 1: PUBACK, QoS 2: PUBCOMP; QoS 0: when it is written).
   * While there is no connection up to MAX_WAITING messages of QoS 1 and 2 wait; those of QoS 0 only for the first.
   */
  publish(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(closedError());
        return;
      }
      const publication = { message, resolve, reject };
      if (this.#client?.mqtt.connected === true && this.#waiting.length === 0) this.#send(publication);
      else this.#wait(publication);
    });
  }

  /** Waits shortly for acknowledgements that are under way; what is not acknowledged then is an error. */
  async close(removed: boolean): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    if (this.#client?.mqtt.connected === true) await this.#drain();
    for (const { reject } of this.#unacknowledged) reject(closedError());
    this.#unacknowledged.clear();
    await this.#client?.end();
    if (removed && this.#settings.persistent) await discardSession(this.#settings, this.#clientId);
  }

  #wait(publication: Publication): void {
    if (publication.message.qos === 0 && this.#everConnected) {
      publication.reject(new Error('The broker is not connected: a message of QoS 0 does not wait for it.'));
    } else if (this.#waiting.length >= MAX_WAITING) {
      publication.reject(
        new Error(`The broker is not connected and ${String(MAX_WAITING)} messages wait for it already: no more do.`),
      );
    } else {
      this.#waiting.push(publication);
    }
  }

  #connected(): void {
    this.#everConnected = true;
    const { birth } = this.#settings;
    if (birth !== undefined) {
      this.#send({
        message: { ...birth, payload: Buffer.from(birth.payload, 'utf8') },
        resolve: ignore,
        reject: ignore,
      });
    }
    for (const publication of this.#waiting.splice(0)) this.#send(publication);
  }

  /** What is under way when the connection breaks is kept by the library and sent again on the next one. */
  #send(publication: Publication): void {
    const { topic, payload, qos, retain, properties } = publication.message;
    this.#unacknowledged.add(publication);
    this.#client?.mqtt.publish(
      topic,
      payload,
      { qos, retain, ...(properties === undefined ? {} : { properties }) },
      (error) => {
        this.#unacknowledged.delete(publication);
        if (error === undefined || (error as Error | null) === null) publication.resolve();
        else publication.reject(publishError(topic, error));
        if (this.#unacknowledged.size === 0) this.#drained?.();
      },
    );
  }

  async #drain(): Promise<void> {
    if (this.#unacknowledged.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, DRAIN_TIMEOUT);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A birth message that is not taken is sent again with the next connection. */
function ignore(): void {
  // See above.
}

function closedError(): Error {
  return new Error('The MQTT connection was closed before the broker had acknowledged the message.');
}

function publishError(topic: string, error: Error): Error {
  return new Error(`The broker did not take the message on "${topic}": ${error.message}.`, { cause: error });
}
