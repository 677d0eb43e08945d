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
  if (hasMore(protocol, text)) throw holdsMore(protocol);
  return {
    protocol,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: explicitPort(text) ?? DEFAULT_PORTS[protocol],
    path: parsed.pathname + parsed.search,
  };
}

/**
 * A password may hold what ends a host: `mqtt://user:12/3@broker` would be the host `user`. Only WebSocket has a path or
 * query, which may hold an `@`; a port before it, as in `ws://user:12/3@broker`, may as well be the begin of a password,
 * and a password does not become part of an address, which is logged.
 */
function hasCutUser(protocol: Protocol, text: string): boolean {
  return hasPath(protocol) ? /^[a-z]+:\/\/(?:[^/?]*#|[^/?#]*:\d*[/?]).*@/is.test(text) : text.includes('@');
}

/** A fragment, which no address has, or a path where there is none; a bare slash at the end says nothing. */
function hasMore(protocol: Protocol, text: string): boolean {
  return text.includes('#') || (!hasPath(protocol) && /^[a-z]+:\/\/.*(?:\?|\/.)/is.test(text));
}

function hasPath(protocol: Protocol): boolean {
  return protocol === 'ws' || protocol === 'wss';
}

function holdsMore(protocol: Protocol): MqttError {
  return new MqttError(
    'configuration',
    hasPath(protocol)
      ? 'The broker address holds a #, which no WebSocket address has. Leave out what begins there, or write %23 in a path.'
      : `The broker address holds more than a host and port: ${protocol}:// has no path, ? or #. Leave out what follows the port.`,
  );
}

function holdsUser(): MqttError {
  return new MqttError(
    'configuration',
    'The broker address holds a user or password. Give them in their own fields, which are encrypted; in a path write %40 for @.',
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
