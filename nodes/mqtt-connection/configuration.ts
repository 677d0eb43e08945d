import type { NodeDef } from 'node-red';
import { isSecure, parseBrokerAddress } from '../../mqtt/address';
import { MqttError } from '../../mqtt/errors';
import type { QoS } from '../../mqtt/message';
import type { Announcement, ConnectionSettings } from '../../mqtt/settings';
import type { TlsOptions } from '../../mqtt/stream';
import { invalidTopic } from '../../mqtt/topic';
import { readBoolean, readNumber, readText, SavedValueError } from '../saved-value';

export interface SavedAnnouncement {
  readonly topic?: unknown;
  readonly payload?: unknown;
  readonly qos?: unknown;
  readonly retain?: unknown;
}

/** As saved in a flow. */
export interface ConnectionDefinition extends NodeDef {
  readonly url?: unknown;
  readonly clientId?: unknown;
  readonly protocolVersion?: unknown;
  readonly persistent?: unknown;
  readonly sessionExpiry?: unknown;
  readonly keepalive?: unknown;
  readonly tls?: unknown;
  readonly embedded?: unknown;
  readonly bind?: unknown;
  readonly birth?: unknown;
  readonly will?: unknown;
}

/** What is not in the flow's file. */
export interface ConnectionSurroundings {
  readonly user: string;
  readonly password: string;
  /** The options of the tls-config node with this id; undefined where there is none, `unusable` where it says so. */
  tlsOptions(id: string): TlsOptions | 'unusable' | undefined;
  readonly environment: (name: string) => string | undefined;
}

/** Seconds, in two bytes (MQTT 5, section 3.1.2.10). */
const LONGEST_KEEPALIVE = 0xffff;
/** Seconds; the largest value means that the session never expires (MQTT 5, section 3.1.2.11.2). */
const LONGEST_EXPIRY = 0xffffffff;

/** @throws MqttError `configuration`, SavedValueError: what is wrong with the definition */
export function parseConnection(
  definition: ConnectionDefinition,
  surroundings: ConnectionSurroundings,
): ConnectionSettings {
  const address = parseBrokerAddress(readText('url', definition.url).trim() || 'mqtt://127.0.0.1:1883');
  const clientId = readText('clientId', definition.clientId).trim();
  const persistent = readBoolean('persistent', definition.persistent, false);
  if (persistent && clientId === '') {
    throw new MqttError(
      'configuration',
      'A persistent session needs a client identifier. Give a prefix for it in the connection.',
    );
  }
  const { user, password } = surroundings;
  return {
    id: definition.id,
    address,
    clientId,
    protocolVersion: readNumber(
      'protocolVersion',
      definition.protocolVersion,
      { least: 4, most: 5, whole: true },
      4,
    ) as 4 | 5,
    persistent,
    sessionExpiry: readNumber(
      'sessionExpiry',
      definition.sessionExpiry,
      { least: 0, most: LONGEST_EXPIRY, whole: true },
      86400,
    ),
    keepalive: readNumber('keepalive', definition.keepalive, { least: 0, most: LONGEST_KEEPALIVE, whole: true }, 60),
    tls: isSecure(address) ? readTls(readText('tls', definition.tls).trim(), surroundings) : {},
    credentials: user === '' && password === '' ? undefined : { user, password },
    embeddedBind: readBoolean('embedded', definition.embedded, false)
      ? readText('bind', definition.bind).trim() || '127.0.0.1'
      : undefined,
    birth: readAnnouncement(definition.birth, 'birth'),
    will: readAnnouncement(definition.will, 'will'),
    environment: surroundings.environment,
  };
}

function readTls(id: string, surroundings: ConnectionSurroundings): TlsOptions {
  if (id === '') return {};
  const options = surroundings.tlsOptions(id);
  if (options === 'unusable') {
    // Without its certificates the connection would be another one than was asked for, and might come about.
    throw new MqttError(
      'configuration',
      'The TLS configuration of the connection cannot be used: a file of it is missing or cannot be read, or of certificate and key there is one only. Its own line in the log says which. Correct it there and deploy again.',
    );
  }
  if (options !== undefined) return options;
  throw new MqttError('configuration', 'The TLS configuration of the connection is missing. Choose another one there.');
}

function readAnnouncement(value: unknown, name: string): Announcement | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'object') throw new SavedValueError(name, value, 'an object with a topic');
  const { topic, payload, qos, retain } = value as SavedAnnouncement;
  const text = readText(`${name}.topic`, topic).trim();
  if (text === '') return undefined;
  const reason = invalidTopic(text);
  if (reason !== undefined)
    throw new MqttError('configuration', `The ${name} message of the connection is not valid. ${reason}`);
  return {
    topic: text,
    payload: typeof payload === 'string' ? payload : payload === undefined ? '' : JSON.stringify(payload),
    qos: readNumber(`${name}.qos`, qos, { least: 0, most: 2, whole: true }, 0) as QoS,
    retain: readBoolean(`${name}.retain`, retain, false),
  };
}
