import { setImmediate as nextTurn } from 'node:timers/promises';
import { BrokerClient, discardSession } from './broker-client';
import { clientIdOf } from './client-id';
import { addressText } from './address';
import { MqttError } from './errors';
import type { OutgoingMessage } from './message';
import type { ConnectionSettings } from './settings';
import type { StatusListener } from './status';

/** Messages that may wait for the connection or the broker, over all sinks of it; one more is an error. */
export const MAX_WAITING = 1000;

/** What a broker takes at once that does not say so (MQTT 5, section 3.2.2.3.3). */
const UNSAID_RECEIVE_MAXIMUM = 0xffff;
/**
 * MQTT 3.1.1 cannot say it. Brokers have their limits all the same: mosquitto takes 20 unfinished messages of QoS 2
 * unless it is told otherwise, and answers those beyond as if it had taken them.
 */
const RECEIVE_MAXIMUM_311 = 20;

/** Milliseconds that is waited for the broker's last acknowledgements when a node leaves or the client closes. */
const DRAIN_TIMEOUT = 3000;

interface Publication {
  readonly message: OutgoingMessage;
  /** Whoever publishes it. */
  readonly owner: object;
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
  /** Messages of QoS 1 and 2 the broker takes at once; undefined while it is not connected. */
  #receiveMaximum: number | undefined;
  /** Messages of QoS 1 and 2 that are sent and not acknowledged. */
  #inFlight = 0;
  #everConnected = false;
  #closed = false;
  readonly #gone = new WeakSet();
  /** Called with each publication that ends. */
  readonly #onEnd = new Set<() => void>();

  constructor(settings: ConnectionSettings, onStatus: StatusListener) {
    this.#settings = settings;
    this.#onStatus = onStatus;
    this.#clientId = clientIdOf(settings.clientId, settings.id, (name) => settings.environment(name));
  }

  /** Messages of this owner that wait for the connection, or for their turn. */
  waitingOf(owner: object): number {
    const isOwn = (publication: Publication): boolean => publication.owner === owner;
    const waiting = this.#waiting.filter(isOwn).length;
    // What was under way when the connection broke is sent again on the next one.
    return this.#receiveMaximum === undefined ? waiting + [...this.#unacknowledged].filter(isOwn).length : waiting;
  }

  open(): void {
    if (this.#closed) return;
    this.#client = new BrokerClient({
      settings: this.#settings,
      clientId: this.#clientId,
      will: this.#settings.will,
      onStatus: (status) => {
        this.#onStatus(status);
      },
      onConnect: ({ properties }) => {
        this.#connected(properties?.receiveMaximum);
      },
      onClose: () => {
        this.#receiveMaximum = undefined;
      },
    });
  }

  /**
   * Resolves when the broker has acknowledged (QoS 1: PUBACK, QoS 2: PUBCOMP; QoS 0: when it is written).
   * While there is no connection, or the broker has as many as it takes at once, up to MAX_WAITING messages of QoS 1
   * and 2 wait; those of QoS 0 wait only for the first connection.
   * @param owner the node that publishes: any object that stands for it
   */
  publish(message: OutgoingMessage, owner: object): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed || this.#gone.has(owner)) {
        reject(closedError());
        return;
      }
      const publication = { message, owner, resolve, reject };
      const hasTurn = message.qos === 0 || this.#waiting.length === 0;
      if (hasTurn && this.#takes(publication)) this.#send(publication);
      else this.#wait(publication);
    });
  }

  /**
   * Waits shortly for the broker to take what this owner has published; what is not acknowledged then is an error, and
   * what was not sent yet is not sent any more: whoever gave the message gives it again. Publishes nothing more for it.
   */
  async leave(owner: object): Promise<void> {
    this.#gone.add(owner);
    const isOwn = (publication: Publication): boolean => publication.owner === owner;
    await this.#end(isOwn);
    this.#sendWaiting();
    // The node that published says so to its flow before it counts as closed.
    await nextTurn();
  }

  /** The same for all owners, and ends the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end(() => true);
    await this.#client?.end();
  }

  /**
   * Once it is closed: ends the session that a persistent connection has left on the broker.
   * @returns false when the broker could not be asked
   */
  async endSession(): Promise<boolean> {
    return !this.#settings.persistent || (await discardSession(this.#settings, this.#clientId));
  }

  #takes({ message }: Publication): boolean {
    if (this.#receiveMaximum === undefined) return false;
    return message.qos === 0 || this.#inFlight < this.#receiveMaximum;
  }

  #wait(publication: Publication): void {
    if (publication.message.qos === 0 && this.#everConnected) {
      publication.reject(notConnected());
    } else if (this.#waiting.length >= MAX_WAITING) {
      publication.reject(queueError(this.#receiveMaximum !== undefined));
    } else {
      this.#waiting.push(publication);
    }
  }

  #connected(receiveMaximum: number | undefined): void {
    this.#everConnected = true;
    this.#receiveMaximum =
      this.#settings.protocolVersion === 5 ? (receiveMaximum ?? UNSAID_RECEIVE_MAXIMUM) : RECEIVE_MAXIMUM_311;
    const { birth } = this.#settings;
    if (birth !== undefined) {
      this.#send({
        message: { ...birth, payload: Buffer.from(birth.payload, 'utf8') },
        owner: this,
        resolve: ignore,
        reject: ignore,
      });
    }
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#takes(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#send(next);
    }
  }

  /** What is under way when the connection breaks is kept by the library and sent again on the next one. */
  #send(publication: Publication): void {
    const { topic, payload, qos, retain, properties } = publication.message;
    this.#unacknowledged.add(publication);
    if (qos > 0) this.#inFlight += 1;
    this.#client?.mqtt.publish(
      topic,
      payload,
      { qos, retain, ...(properties === undefined ? {} : { properties }) },
      (error) => {
        this.#unacknowledged.delete(publication);
        if (qos > 0) this.#inFlight -= 1;
        if (error === undefined || (error as Error | null) === null) publication.resolve();
        else publication.reject(publishError(topic, error).in({ broker: addressText(this.#settings.address) }));
        this.#sendWaiting();
        for (const look of this.#onEnd) look();
      },
    );
  }

  /** Waits for those under way while there is a connection, and answers the rest with an error. */
  async #end(isMeant: (publication: Publication) => boolean): Promise<void> {
    if (this.#receiveMaximum !== undefined) await this.#drain(isMeant);
    const left = [...this.#waiting, ...this.#unacknowledged].filter(isMeant);
    const kept = this.#waiting.filter((publication) => !isMeant(publication));
    this.#waiting.splice(0, this.#waiting.length, ...kept);
    for (const publication of left) {
      this.#unacknowledged.delete(publication);
      publication.reject(closedError());
    }
  }

  async #drain(isMeant: (publication: Publication) => boolean): Promise<void> {
    const isDrained = (): boolean => !this.#waiting.some(isMeant) && ![...this.#unacknowledged].some(isMeant);
    if (isDrained()) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#onEnd.delete(look);
        resolve();
      };
      const look = (): void => {
        if (isDrained()) end();
      };
      const timer = setTimeout(end, DRAIN_TIMEOUT);
      this.#onEnd.add(look);
    });
  }
}

/** A birth message that is not taken is sent again with the next connection. */
function ignore(): void {
  // See above.
}

function notConnected(): MqttError {
  return new MqttError(
    'broker',
    'The broker is not connected, and a message of QoS 0 does not wait for it. Send it again, or use QoS 1.',
  );
}

/** The codes `closed` and `queue` say to whoever delivers the message again that the fault is not the message's. */
function closedError(): MqttError {
  return new MqttError(
    'closed',
    'The MQTT connection was closed before the broker had acknowledged the message. Send it again.',
  );
}

function queueError(isConnected: boolean): MqttError {
  const waiting = String(MAX_WAITING);
  return new MqttError(
    'queue',
    isConnected
      ? `The broker takes messages more slowly than they come, and ${waiting} wait for it already. Send less, or use a faster broker.`
      : `The broker is not connected, and ${waiting} messages wait for it already. See why in the status of the node; what waits is sent then.`,
  );
}

function publishError(topic: string, error: Error): MqttError {
  return new MqttError(
    'broker',
    `The broker did not take the message on "${topic}" (${error.message}). Check the topic and the rights of the user.`,
    { reason: error.message },
  );
}
