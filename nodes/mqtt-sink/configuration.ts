import type { NodeDef } from 'node-red';
import { SINK_FORMATS } from '../../mqtt/format';
import type { QoS, SinkSettings } from '../../mqtt/message';
import { invalidTopic } from '../../mqtt/topic';
import { readBoolean, readChoice, readInteger, readText } from '../mqtt-connection/saved-values';

/** As saved in a flow. */
export interface SinkDefinition extends NodeDef {
  readonly connection?: unknown;
  readonly topic?: unknown;
  readonly qos?: unknown;
  readonly retain?: unknown;
  readonly format?: unknown;
}

/** @throws Error with a sentence that says what is wrong with the definition */
export function parseSink(definition: SinkDefinition): SinkSettings {
  const topic = readText(definition.topic);
  const reason = topic === '' ? undefined : invalidTopic(topic);
  if (reason !== undefined) throw new Error(reason);
  return {
    topic,
    qos: readQos(definition.qos),
    retain: readBoolean(definition.retain, false),
    format: readChoice(definition.format, 'format', SINK_FORMATS),
  };
}

/** Blank text leaves it to `msg.qos`; a property that is missing has its default. */
function readQos(value: unknown): QoS | undefined {
  if (value === '') return undefined;
  return readInteger(value, 'qos', 1, 0, 2) as QoS;
}
