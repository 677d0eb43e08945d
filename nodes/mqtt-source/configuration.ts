import type { NodeDef } from 'node-red';
import { SOURCE_FORMATS, type SourceFormat } from '../../mqtt/format';
import type { QoS } from '../../mqtt/message';
import { invalidFilter, invalidTopic } from '../../mqtt/topic';
import { readChoice, readInteger, readSeconds, readText } from '../mqtt-connection/saved-values';

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

/** @throws Error with a sentence that says what is wrong with the definition */
export function parseSource(definition: SourceDefinition): SourceSettings {
  const filter = readText(definition.topic);
  const deadLetter = readText(definition.deadLetter);
  const reason = invalidFilter(filter) ?? (deadLetter === '' ? undefined : invalidTopic(deadLetter));
  if (reason !== undefined) throw new Error(reason);
  return {
    filter,
    qos: readInteger(definition.qos, 'qos', 1, 0, 2) as QoS,
    format: readChoice(definition.format, 'format', SOURCE_FORMATS),
    acknowledge: readChoice(definition.acknowledge, 'acknowledge', ['completed', 'received']),
    maxInFlight: readInteger(definition.maxInFlight, 'maxInFlight', 100, 1, MOST_IN_FLIGHT),
    attempts: readInteger(definition.attempts, 'attempts', 3, 1, MOST_ATTEMPTS),
    deadLetter,
    settle: readSeconds(definition.settle, 'settle', 60),
  };
}
