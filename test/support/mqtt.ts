/** Parts that tests of MQTT clients share. */
import type { MqttClient, IClientOptions, IPublishPacket } from 'mqtt';
import { connectAsync } from 'mqtt';
import { parseBrokerAddress } from '#dist/mqtt/address';
import type { Delivery } from '#dist/mqtt/in-flight';
import { SessionFilters } from '#dist/mqtt/session-filters';
import type { ConnectionSettings } from '#dist/mqtt/settings';
import { SourceClient, type SourceOptions } from '#dist/mqtt/source-client';
import type { ConnectionStatus } from '#dist/mqtt/status';

/** What a test that failed half-way has left open would keep its file's process alive. */
const open = new Set<{ end(): Promise<void> }>();

/** Ends every client that is still open: for `after` of a file. */
export async function endClients(): Promise<void> {
  await Promise.all([...open].map((client) => client.end()));
}

export const silentLog = { info: (): void => undefined, warn: (): void => undefined };

/** What all sources of this process share, as in Node-RED. */
export const sessionFilters = new SessionFilters(undefined, () => undefined);

export function settingsFor(url: string, changes: Partial<ConnectionSettings> = {}): ConnectionSettings {
  return {
    id: 'connection',
    address: parseBrokerAddress(url),
    clientId: '',
    protocolVersion: 4,
    persistent: false,
    sessionExpiry: 3600,
    keepalive: 60,
    tls: {},
    credentials: undefined,
    embeddedBind: undefined,
    birth: undefined,
    will: undefined,
    environment: () => undefined,
    ...changes,
  };
}

/** A source that keeps what it receives. */
export class CollectingSource {
  readonly deliveries: Delivery[] = [];
  readonly statuses: ConnectionStatus[] = [];
  readonly warnings: string[] = [];
  readonly client: SourceClient;

  constructor(settings: ConnectionSettings, options: Partial<SourceOptions> = {}, filters = sessionFilters) {
    const defaults: SourceOptions = {
      id: 'source',
      filter: 'in/#',
      qos: 1,
      maxInFlight: 100,
      onDelivery: (delivery) => this.deliveries.push(delivery),
      onStatus: (status) => this.statuses.push(status),
      log: { info: () => undefined, warn: (text) => this.warnings.push(text) },
    };
    this.client = new SourceClient(settings, { ...defaults, ...options }, filters);
    this.client.open();
    open.add(this);
  }

  async end(): Promise<void> {
    open.delete(this);
    await this.client.close(false);
  }

  get status(): ConnectionStatus | undefined {
    return this.statuses.at(-1);
  }

  get isConnected(): boolean {
    return this.status?.kind === 'connected';
  }

  get payloads(): string[] {
    return this.deliveries.map(({ packet }) => String(packet.payload));
  }
}

/** A plain client of the library, which acknowledges at once. */
export class Probe {
  readonly received: IPublishPacket[] = [];

  private constructor(readonly client: MqttClient) {
    client.on('message', (_topic, _payload, packet) => this.received.push(packet));
    open.add(this);
  }

  static async connect(url: string, options: IClientOptions = {}, filter?: string): Promise<Probe> {
    const probe = new Probe(await connectAsync(url, { reconnectPeriod: 0, ...options }, false));
    if (filter !== undefined) await probe.client.subscribeAsync(filter, { qos: 1 });
    return probe;
  }

  get payloads(): string[] {
    return this.received.map(({ payload }) => String(payload));
  }

  async end(): Promise<void> {
    open.delete(this);
    await this.client.endAsync(true);
  }
}

export function range(length: number): number[] {
  return [...new Array(length).keys()];
}
