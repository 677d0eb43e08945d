/** Where a broker is. */
import { MqttError } from './errors';

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;

export type Protocol = keyof typeof DEFAULT_PORTS;

export interface BrokerAddress {
  readonly protocol: Protocol;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query; used by ws and wss only. */
  readonly path: string;
}

export function isSecure(address: BrokerAddress): boolean {
  return address.protocol === 'mqtts' || address.protocol === 'wss';
}

export function isWebSocket(address: BrokerAddress): boolean {
  return address.protocol === 'ws' || address.protocol === 'wss';
}

/** @throws MqttError `configuration` when `url` is no broker address */
export function parseBrokerAddress(url: string): BrokerAddress {
  const text = url.trim();
  const protocol = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (!isProtocol(protocol)) throw noAddress(url);
  let parsed: URL;
  try {
    // The URL parser knows hosts and ports of http only: other schemes are parsed loosely.
    parsed = new URL(text.replace(/^[a-z]+:/i, 'http:'));
  } catch {
    throw text.includes('@') ? holdsUser() : noAddress(url);
  }
  if (parsed.username !== '' || parsed.password !== '' || hasCutUser(protocol, text)) throw holdsUser();
  return {
    protocol,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: explicitPort(text) ?? DEFAULT_PORTS[protocol],
    path: parsed.pathname + parsed.search,
  };
}

/**
 * A password may hold what ends a host: `mqtt://user:12/3@broker` would be the host `user`. Only WebSocket has a path or
 * query, which may hold an `@`.
 */
function hasCutUser(protocol: Protocol, text: string): boolean {
  return (protocol === 'mqtt' || protocol === 'mqtts') && text.includes('@');
}

function holdsUser(): MqttError {
  return new MqttError(
    'configuration',
    'The broker address holds a user or password. Give them in their own fields, which are encrypted.',
  );
}

function noAddress(url: string): MqttError {
  return new MqttError(
    'configuration',
    `"${withoutUser(url)}" is no broker address: expected mqtt://, mqtts://, ws:// or wss:// with a host. ` +
      'Correct it in the connection, such as mqtt://127.0.0.1:1883.',
  );
}

/** What cannot be parsed may still hold a password, with any character in it: all before the last `@` is left out. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]*:\/\/)?.*@/is, '$1…@');
}

/** As text for logs and messages. */
export function addressText({ protocol, host, port }: BrokerAddress): string {
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function isProtocol(text: string): text is Protocol {
  return Object.keys(DEFAULT_PORTS).includes(text);
}

/** The port as written: a URL object hides its scheme's default one (80 after http:). */
function explicitPort(url: string): number | undefined {
  const digits = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^:/?#]*):(\d+)/i.exec(url)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
