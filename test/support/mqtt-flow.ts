/** Flows from an MQTT topic through a wasm-function to another topic, and what the broker saw of them. */
import type { Mosquitto } from './mosquitto';
import type { Probe } from './mqtt';

export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** The prefix of the client identifiers of `keptSession`. */
const CLIENT_PREFIX = 'flow';

/** A connection whose sessions outlive it. */
export function keptSession(url: string, protocolVersion: 4 | 5): FlowNode {
  return { id: 'broker', type: 'mqtt-connection', url, protocolVersion, persistent: true, clientId: CLIENT_PREFIX };
}

export interface LaneProperties {
  readonly source?: Readonly<Record<string, unknown>>;
  readonly function: Readonly<Record<string, unknown>>;
  readonly sink?: Readonly<Record<string, unknown>>;
}

/**
 * Messages on `in/<name>` go through a wasm-function to `out/<name>`. Each delivery into the flow is published to
 * `seen/<name>`, and what is given up to `dead/<name>`.
 */
export function lane(name: string, properties: LaneProperties): FlowNode[] {
  const ids = { source: sourceOf(name), function: `${name}-function`, sink: `${name}-sink`, seen: `${name}-seen` };
  // without a place they would be taken for configuration nodes
  const shared = { z: 'tab', x: 100, y: 100, wires: [] };
  const mqtt = { ...shared, connection: 'broker' };
  return [
    {
      ...mqtt,
      type: 'mqtt-source',
      id: ids.source,
      topic: `in/${name}`,
      deadLetter: `dead/${name}`,
      ...properties.source,
      wires: [[ids.seen, ids.function]],
    },
    { ...shared, type: 'wasm-function', id: ids.function, ...properties.function, wires: [[ids.sink]] },
    { ...mqtt, type: 'mqtt-sink', id: ids.sink, topic: `out/${name}`, ...properties.sink },
    { ...mqtt, type: 'mqtt-sink', id: ids.seen, topic: `seen/${name}` },
  ];
}

/** The id of a lane's source. */
function sourceOf(name: string): string {
  return `${name}-source`;
}

/** What a probe that is subscribed to everything has received on one topic, in order. */
export function payloadsOn(probe: Probe, topic: string): string[] {
  return probe.received.filter((packet) => packet.topic === topic).map(({ payload }) => String(payload));
}

export interface Deliveries {
  /** Messages sent to the source's client, each delivery counted. */
  readonly sent: number;
  /** Those the client has not acknowledged. */
  readonly open: number;
  /** The largest number that was open at once. */
  readonly mostOpen: number;
}

/** How the broker stands with a lane's source, from its log; QoS 1. */
export function deliveriesTo(broker: Mosquitto, name: string): Deliveries {
  const client = `${CLIENT_PREFIX}-${sourceOf(name)}`;
  const packets = new RegExp(
    `Sending PUBLISH to ${client} \\(d\\d, q1, r\\d, m(\\d+)|Received PUBACK from ${client} \\(Mid: (\\d+)`,
    'g',
  );
  const open = new Set<string>();
  let sent = 0;
  let mostOpen = 0;
  for (const [, published, acknowledged] of broker.output.matchAll(packets)) {
    if (published !== undefined) {
      open.add(published);
      sent++;
    }
    if (acknowledged !== undefined) open.delete(acknowledged);
    mostOpen = Math.max(mostOpen, open.size);
  }
  return { sent, open: open.size, mostOpen };
}
