import type { NodeDef } from 'node-red';
import { MqttError } from '../../mqtt/errors';
import { SOURCE_FORMATS, type SourceFormat } from '../../payload/format';
import type { QoS } from '../../mqtt/message';
import { invalidFilter, invalidTopic } from '../../mqtt/topic';
import { readChoice, readNumber, readText, type NumberRange } from '../saved-value';

/** As saved in a flow. */
export interface SourceDefinition extends NodeDef {
  readonly connection?: unknown;
  readonly topic?: unknown;
  readonly qos?: unknown;
  readonly format?: unknown;
  readonly acknowledge?: unknown;
  readonly maxInFlight?: unknown;
  readonly attempts?: unknown;
  readonly deadLetter?: unknown;
  readonly settle?: unknown;
}

export interface SourceSettings {
  readonly filter: string;
  readonly qos: QoS;
  readonly format: SourceFormat;
  readonly acknowledge: 'completed' | 'received';
  readonly maxInFlight: number;
  /** Deliveries into the flow, the first included. */
  readonly attempts: number;
  /** The topic of messages that could not be delivered; blank for none. */
  readonly deadLetter: string;
  /** Seconds without progress. */
  readonly settle: number;
}

/** Packet identifiers, and so messages in flight, are 65535 at most (MQTT 5, section 2.2.1). */
const MOST_IN_FLIGHT = 0xffff;
const MOST_ATTEMPTS = 1_000_000;
/** Fractions allowed; a day at most. */
const SETTLE_RANGE: NumberRange = { least: 0.001, most: 86_400, unit: 'seconds' };

/** @throws MqttError `configuration`, SavedValueError: what is wrong with the definition */
export function parseSource(definition: SourceDefinition): SourceSettings {
  const filter = readText('topic', definition.topic).trim();
  const deadLetter = readText('deadLetter', definition.deadLetter).trim();
  const reason = invalidFilter(filter) ?? (deadLetter === '' ? undefined : invalidTopic(deadLetter));
  if (reason !== undefined) throw new MqttError('configuration', reason);
  return {
    filter,
    qos: readNumber('qos', definition.qos, { least: 0, most: 2, whole: true }, 1) as QoS,
    format: readChoice('format', definition.format, SOURCE_FORMATS, 'auto'),
    acknowledge: readChoice('acknowledge', definition.acknowledge, ['completed', 'received'], 'completed'),
    maxInFlight: readNumber(
      'maxInFlight',
      definition.maxInFlight,
      { least: 1, most: MOST_IN_FLIGHT, whole: true },
      100,
    ),
    attempts: readNumber('attempts', definition.attempts, { least: 1, most: MOST_ATTEMPTS, whole: true }, 3),
    deadLetter,
    settle: readNumber('settle', definition.settle, SETTLE_RANGE, 60),
  };
}
