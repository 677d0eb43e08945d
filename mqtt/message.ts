/** MQTT packets as Node-RED messages and back, with the property names of Node-RED's own MQTT nodes. */
import type { IPublishPacket } from 'mqtt';
import { MqttError } from './errors';
import { decodePayload, encodePayload, type SinkFormat, type SourceFormat } from '../payload/format';
import { invalidTopic } from './topic';

export type QoS = 0 | 1 | 2;
export type MqttProperties = NonNullable<IPublishPacket['properties']>;

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Sent with MQTT 5 only. */
  readonly properties?: MqttProperties;
}

export interface SinkSettings {
  /** Blank: `msg.topic`. */
  readonly topic: string;
  /** Undefined: `msg.qos`, then 1. */
  readonly qos: QoS | undefined;
  readonly retain: boolean;
  readonly format: SinkFormat;
}

/** The largest value of a four-byte integer (MQTT 5, section 1.5.3). */
const MAX_FOUR_BYTES = 0xffffffff;

export function payloadBytes(packet: IPublishPacket): Buffer {
  return typeof packet.payload === 'string' ? Buffer.from(packet.payload, 'utf8') : packet.payload;
}

/** The properties of a flow's message; each call gives values of its own. */
export function toFlowMessage(packet: IPublishPacket, format: SourceFormat): Record<string, unknown> {
  const message: Record<string, unknown> = {
    payload: decodePayload(payloadBytes(packet), format),
    topic: packet.topic,
    qos: packet.qos,
    retain: packet.retain,
  };
  const { properties } = packet;
  if (properties === undefined) return message;
  for (const name of ['responseTopic', 'contentType', 'messageExpiryInterval', 'payloadFormatIndicator'] as const) {
    if (properties[name] !== undefined) message[name] = properties[name];
  }
  if (properties.correlationData !== undefined) message.correlationData = Buffer.from(properties.correlationData);
  // mqtt-packet's object has no prototype, which cloning in a flow does not keep well.
  if (properties.userProperties !== undefined) message.userProperties = { ...properties.userProperties };
  return message;
}

/**
 * What a sink publishes: its settings first, then the message's own properties.
 * @throws MqttError `topic`, PayloadError where the message cannot be published
 */
export function toOutgoingMessage(
  message: Readonly<Record<string, unknown>>,
  settings: SinkSettings,
  protocolVersion: 4 | 5,
): OutgoingMessage {
  const properties = protocolVersion === 5 ? outgoingProperties(message) : {};
  const topic = settings.topic === '' ? asTopic(message.topic) : settings.topic;
  // A topic alias stands for the topic that was sent with it before (MQTT 5, section 3.3.2.3.4).
  const reason = topic === '' && properties.topicAlias !== undefined ? undefined : invalidTopic(topic);
  if (reason !== undefined) throw new MqttError('topic', reason, { topic });
  return {
    topic,
    payload: encodePayload(message.payload, settings.format),
    qos: settings.qos ?? asQos(message.qos) ?? 1,
    retain: settings.retain || message.retain === true || message.retain === 'true',
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

function outgoingProperties(message: Readonly<Record<string, unknown>>): MqttProperties {
  const properties: MqttProperties = {};
  const { responseTopic, contentType, correlationData } = message;
  if (typeof responseTopic === 'string' && responseTopic !== '') properties.responseTopic = responseTopic;
  if (typeof contentType === 'string' && contentType !== '') properties.contentType = contentType;
  if (Buffer.isBuffer(correlationData) || typeof correlationData === 'string') {
    properties.correlationData = Buffer.from(correlationData as string);
  }
  const expiry = asInteger(message.messageExpiryInterval, 0, MAX_FOUR_BYTES);
  if (expiry !== undefined) properties.messageExpiryInterval = expiry;
  const alias = asInteger(message.topicAlias, 1, 0xffff);
  if (alias !== undefined) properties.topicAlias = alias;
  const userProperties = asUserProperties(message.userProperties);
  if (userProperties !== undefined) properties.userProperties = userProperties;
  return properties;
}

function asUserProperties(value: unknown): Record<string, string | string[]> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const texts = Object.entries(value)
    .filter(([, entry]) => entry !== undefined && entry !== null)
    .map(([name, entry]): [string, string | string[]] => [name, userPropertyText(entry)]);
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

function userPropertyText(value: unknown): string | string[] {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  return JSON.stringify(value) ?? String(value);
}

function asTopic(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asQos(value: unknown): QoS | undefined {
  return asInteger(value, 0, 2) as QoS | undefined;
}

function asInteger(value: unknown, least: number, most: number): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  if (value === '') return undefined;
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
}
