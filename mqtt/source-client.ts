import type { IPublishPacket, MqttClient, Packet } from 'mqtt';
import { addressText } from './address';
import { BrokerClient, discardSession } from './broker-client';
import { clientIdOf } from './client-id';
import { InFlight, type Delivery } from './in-flight';
import type { QoS } from './message';
import type { SessionFilters } from './session-filters';
import type { ConnectionSettings, Log } from './settings';
import type { ConnectionStatus, StatusListener } from './status';
import { matchesFilter } from './topic';
import { AcknowledgementGate } from './withhold-acknowledgement';

export interface SourceOptions {
  /** The node's id: the end of the client identifier. */
  readonly id: string;
  readonly filter: string;
  readonly qos: QoS;
  /** Messages of QoS 1 and 2 in the flow at once. */
  readonly maxInFlight: number;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly onStatus: StatusListener;
  readonly log: Log;
}

/** Subscribes with a client of its own and acknowledges a message of QoS 1 or 2 when told so. */
export class SourceClient {
  readonly #settings: ConnectionSettings;
  readonly #options: SourceOptions;
  readonly #clientId: string;
  readonly #sessionFilters: SessionFilters;
  readonly #sessionName: string;
  readonly #inFlight: InFlight;
  #client: BrokerClient | undefined;
  #gate: AcknowledgementGate | undefined;
  #subscribed = false;
  #hasWarnedOfOthers = false;
  #closed = false;

  constructor(settings: ConnectionSettings, options: SourceOptions, sessionFilters: SessionFilters) {
    this.#settings = settings;
    this.#options = options;
    this.#clientId = clientIdOf(settings.clientId, options.id, (name) => settings.environment(name));
    this.#sessionFilters = sessionFilters;
    this.#sessionName = `${addressText(settings.address)} ${this.#clientId}`;
    this.#inFlight = new InFlight({
      limit: options.maxInFlight,
      start: (delivery) => {
        this.#start(delivery);
      },
      acknowledge: (packetId, qos) => this.#gate?.acknowledge(packetId, qos) ?? false,
      hold: (isHeld) => this.#gate?.hold(isHeld),
    });
  }

  /** Messages received that wait for their turn. */
  get waiting(): number {
    return this.#inFlight.waiting;
  }

  /** Messages of QoS 1 and 2 in the flow. */
  get inFlight(): number {
    return this.#inFlight.running;
  }

  open(): void {
    if (this.#closed) return;
    this.#client = new BrokerClient({
      settings: this.#settings,
      clientId: this.#clientId,
      receiveMaximum: this.#options.maxInFlight,
      isHeld: () => this.#gate?.isHeld ?? false,
      wrap: (stream) => (this.#gate = new AcknowledgementGate(stream)),
      // The node is ready when it is subscribed: `connected` is said then.
      onStatus: (status) => {
        if (status.kind !== 'connected') this.#options.onStatus(status);
      },
      onPacket: (packet) => {
        this.#received(packet);
      },
      onClose: () => {
        this.#inFlight.disconnected();
      },
      onConnect: ({ sessionPresent }) => {
        this.#subscribe(sessionPresent);
      },
    });
  }

  /** Hands over nothing more: what comes stays with the broker. Messages in the flow may still be acknowledged. */
  stop(): void {
    this.#closed = true;
    this.#inFlight.stop();
  }

  /**
   * Ends the connection. A kept session stays with the broker, subscribed, unless the source was removed.
   * Messages in the flow may be acknowledged until `close` is called, not after.
   */
  async close(removed: boolean): Promise<void> {
    this.stop();
    await this.#client?.end();
    if (!removed || !this.#settings.persistent) return;
    this.#sessionFilters.delete(this.#sessionName);
    if (!(await discardSession(this.#settings, this.#clientId))) {
      this.#options.log.warn(
        `The broker could not be asked to end the session "${this.#clientId}": it keeps messages until it expires. End it on the broker if that is too long.`,
      );
    }
  }

  /** The library gives a QoS 2 message out only after PUBREL, which comes after our PUBREC: so packets are read. */
  #received(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.#inFlight.connected(packet.sessionPresent);
        return;
      case 'publish':
        if (!this.#closed) this.#inFlight.received(packet satisfies IPublishPacket);
        return;
      case 'pubrel':
        if (packet.messageId !== undefined) this.#inFlight.released(packet.messageId);
        return;
      default:
    }
  }

  /**
   * A kept session may bring what an earlier topic of the node was subscribed to: messages the broker had kept, or, where
   * the topic was changed while Node-RED did not run, new ones. The flow does not get them.
   */
  #start(delivery: Delivery): void {
    const { filter, log, onDelivery } = this.#options;
    const { topic } = delivery.packet;
    if (matchesFilter(filter, topic)) {
      onDelivery(delivery);
      return;
    }
    if (!this.#hasWarnedOfOthers) {
      this.#hasWarnedOfOthers = true;
      log.warn(
        `The session "${this.#clientId}" brings messages on "${topic}", which an earlier topic of this node has subscribed to. They are acknowledged and not given to the flow; nothing is to be done.`,
      );
    }
    delivery.acknowledge();
  }

  /** A topic the session was subscribed to is remembered until the broker has confirmed that it is given up. */
  #giveUpFormer(mqtt: MqttClient, sessionPresent: boolean): void {
    const filters = this.#sessionFilters;
    const name = this.#sessionName;
    const { filter } = this.#options;
    const former = sessionPresent ? filters.get(name).filter((each) => each !== filter) : [];
    filters.set(name, [...former, filter]);
    for (const each of former) {
      mqtt.unsubscribe(each, (error) => {
        // Without an answer it is given up on the next connection.
        if (error !== undefined && error !== null) return;
        filters.set(
          name,
          filters.get(name).filter((kept) => kept !== each),
        );
      });
    }
  }

  #subscribe(sessionPresent: boolean): void {
    const { filter, qos } = this.#options;
    const mqtt = this.#client?.mqtt;
    if (mqtt === undefined) return;
    if (sessionPresent && this.#subscribed) {
      this.#options.onStatus({ kind: 'connected' });
      return;
    }
    if (this.#settings.persistent) this.#giveUpFormer(mqtt, sessionPresent);
    mqtt.subscribe(filter, { qos }, (error, _granted, answer) => {
      // Without an answer the connection has ended; the next one subscribes again.
      if (this.#closed || (error !== null && answer === undefined)) return;
      this.#subscribed = error === null;
      this.#options.onStatus(error === null ? { kind: 'connected' } : refusal(filter, error));
    });
  }
}

function refusal(filter: string, error: Error): ConnectionStatus {
  const message = `The subscription to "${filter}" was not accepted (${error.message}). Check the topic and the rights of the user; it is tried again with the next connection.`;
  return { kind: 'failed', reason: 'subscription', message };
}
