import type { BrokerAddress } from './address';
import type { QoS } from './message';
import type { TlsOptions } from './stream';

/** A birth or will message. */
export interface Announcement {
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface ConnectionSettings {
  /** The connection's own identifier: its publishing client carries it in its client identifier. */
  readonly id: string;
  readonly address: BrokerAddress;
  /** Prefix of every client identifier; blank for random ones. */
  readonly clientId: string;
  readonly protocolVersion: 4 | 5;
  readonly persistent: boolean;
  /** Seconds a session outlives its connection (MQTT 5). */
  readonly sessionExpiry: number;
  /** Seconds. */
  readonly keepalive: number;
  readonly tls: TlsOptions;
  readonly credentials: Credentials | undefined;
  /** The address an embedded broker listens on; undefined runs none. */
  readonly embeddedBind: string | undefined;
  readonly birth: Announcement | undefined;
  readonly will: Announcement | undefined;
  /** Looks up `${NAME}` in `clientId`. */
  environment(name: string): string | undefined;
}

export interface Log {
  info(text: string): void;
  warn(text: string): void;
}
