import type { NodeDef } from 'node-red';
import { MqttError } from '../../mqtt/errors';
import { SINK_FORMATS } from '../../payload/format';
import type { QoS, SinkSettings } from '../../mqtt/message';
import { invalidTopic } from '../../mqtt/topic';
import { readBoolean, readChoice, readNumber, readText } from '../saved-value';

/** As saved in a flow. */
export interface SinkDefinition extends NodeDef {
  readonly connection?: unknown;
  readonly topic?: unknown;
  readonly qos?: unknown;
  readonly retain?: unknown;
  readonly format?: unknown;
}

/** @throws MqttError `configuration`, SavedValueError: what is wrong with the definition */
export function parseSink(definition: SinkDefinition): SinkSettings {
  const topic = readText('topic', definition.topic).trim();
  const reason = topic === '' ? undefined : invalidTopic(topic);
  if (reason !== undefined) throw new MqttError('configuration', reason);
  return {
    topic,
    qos: readQos(definition.qos),
    retain: readBoolean('retain', definition.retain, false),
    format: readChoice('format', definition.format, SINK_FORMATS, 'auto'),
  };
}

/** Blank text leaves it to `msg.qos`; a property that is missing has its default. */
function readQos(value: unknown): QoS | undefined {
  if (value === '') return undefined;
  return readNumber('qos', value, { least: 0, most: 2, whole: true }, 1) as QoS;
}
