/**
 * YoMo beside MQTT, in one Node-RED and by turns: frames out of a flow, frames into it, and through a wasm call with what
 * that takes. The MQTT broker is the embedded one, in the same process as the flows; the zipper is the one of the tests, in
 * this process, since there is none to embed. `--zipper=host:port` takes another, such as YoMo's own.
 */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { YomoClient } from '#dist/yomo/client';
import { parseEndpoint, type Endpoint } from '#dist/yomo/endpoint';
import { guestFile } from '../test/support/guests';
import { eventually, freePort, NodeRed, repository } from '../test/support/node-red';
import { Zipper } from '../test/support/zipper';
import { post, type Flood } from './nodes';
import { median, medianRatio, quantile } from './statistics';

const BRIDGES = ['yomo', 'mqtt-0', 'mqtt-1'] as const;
type Bridge = (typeof BRIDGES)[number];

const NAMES: Readonly<Record<Bridge, string>> = { yomo: 'YoMo', 'mqtt-0': 'MQTT QoS 0', 'mqtt-1': 'MQTT QoS 1' };
const IN_FLIGHT = 64;
/** Milliseconds after which a frame that has not come is not waited for. */
const PATIENCE = 20_000;
/** As tags, and in topics. */
const CHANNELS = { out: 1, in: 2, call: 3, result: 4 } as const;

/** A program outside of Node-RED. */
interface Peer {
  send(channel: 'in' | 'call', payload: Buffer): void;
  onResult: () => void;
  close(): Promise<void>;
}

interface Round {
  /** Messages per second. */
  readonly out: number;
  readonly in: number;
  readonly through: number;
  /** Milliseconds from the peer through the function and back, one message at a time. */
  readonly half: number;
  readonly slowest: number;
}

function bridgeNode(bridge: Bridge, role: 'source' | 'sink', channel: keyof typeof CHANNELS): Record<string, unknown> {
  if (bridge === 'yomo') {
    const tag = CHANNELS[channel];
    return role === 'source'
      ? { type: 'yomo-source', zipper: 'zipper', appName: channel, tags: [tag] }
      : { type: 'yomo-sink', zipper: 'zipper', appName: channel, tag: String(tag) };
  }
  const common = { connection: 'connection', topic: topicOf(bridge, channel), qos: qosOf(bridge) };
  return role === 'source' ? { type: 'mqtt-source', ...common } : { type: 'mqtt-sink', ...common };
}

function topicOf(bridge: Bridge, channel: keyof typeof CHANNELS): string {
  return `bench/${bridge}/${channel}`;
}

function qosOf(bridge: Bridge): 0 | 1 {
  return bridge === 'mqtt-1' ? 1 : 0;
}

function lanes(bridge: Bridge): object[] {
  const place = { z: 'tab', x: 100, y: 100, wires: [] };
  const id = (name: string): string => `${bridge}-${name}`;
  return [
    { ...place, id: id('out'), type: 'bench-source', wires: [[id('out-sink')]] },
    { ...place, id: id('out-sink'), ...bridgeNode(bridge, 'sink', 'out') },
    { ...place, id: id('out-done'), type: 'complete', scope: [id('out-sink')], wires: [[id('out-end')]] },
    { ...place, id: id('out-end'), type: 'bench-sink', source: id('out') },
    { ...place, id: id('in'), type: 'bench-source' },
    { ...place, id: id('in-source'), ...bridgeNode(bridge, 'source', 'in'), wires: [[id('in-end')]] },
    { ...place, id: id('in-end'), type: 'bench-sink', source: id('in') },
    { ...place, id: id('call'), ...bridgeNode(bridge, 'source', 'call'), wires: [[id('function')]] },
    {
      ...place,
      id: id('function'),
      type: 'wasm-function',
      file: guestFile('wat/triple'),
      export: 'triple',
      wires: [[id('result')]],
    },
    { ...place, id: id('result'), ...bridgeNode(bridge, 'sink', 'result') },
  ];
}

async function yomoPeer(zipper: Endpoint): Promise<Peer> {
  const client = new YomoClient(
    { ...zipper, verify: false },
    { name: 'bench', kind: 'function', observe: [CHANNELS.result], target: '', buffer: 100_000 },
  );
  const metadata = new Map<string, string>();
  const peer: Peer = {
    send: (channel, payload) => void client.send({ tag: CHANNELS[channel], payload, metadata }),
    onResult: () => undefined,
    close: () => client.close(),
  };
  client.onFrame(() => {
    peer.onResult();
  });
  client.open();
  await eventually('the peer is connected to the zipper', () => client.state.kind === 'connected');
  return peer;
}

async function mqttPeer(url: string, bridge: Bridge): Promise<Peer> {
  const client: MqttClient = await connectAsync(url);
  // Otherwise a PUBLISH behind a PUBACK waits for the broker's system to acknowledge that one: 40 ms of the peer's own.
  (client.stream as Socket).setNoDelay(true);
  const qos = qosOf(bridge);
  const peer: Peer = {
    send: (channel, payload) => void client.publish(topicOf(bridge, channel), payload, { qos }),
    onResult: () => undefined,
    close: () => client.endAsync(true),
  };
  client.on('message', () => {
    peer.onResult();
  });
  await client.subscribeAsync(topicOf(bridge, 'result'), { qos });
  return peer;
}

const PAYLOAD = Buffer.from('1.5');

/** Keeps `inFlight` calls on their way for so many milliseconds. @returns how long each took, in milliseconds */
async function call(peer: Peer, inFlight: number, milliseconds: number): Promise<number[]> {
  const begun: number[] = [];
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  const send = (): void => {
    begun.push(performance.now());
    peer.send('call', PAYLOAD);
  };
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${String(begun.length)} results did not come.`));
    }, milliseconds + PATIENCE);
    // results come in the order of the calls
    peer.onResult = () => {
      times.push(performance.now() - (begun.shift() ?? NaN));
      if (performance.now() < end) send();
      if (begun.length > 0) return;
      clearTimeout(timer);
      resolve();
    };
    for (let index = 0; index < inFlight; index++) send();
  });
  return times;
}

/** A zipper drops what comes before somebody observes it, and does not tell. */
async function untilThrough(nodeRed: NodeRed, bridge: Bridge, peer: Peer): Promise<void> {
  let results = 0;
  peer.onResult = () => {
    results += 1;
  };
  await eventually(`${NAMES[bridge]} goes through`, async () => {
    await post(nodeRed, `${bridge}-in/expect`, { messages: 1, milliseconds: 500 });
    peer.send('call', PAYLOAD);
    peer.send('in', PAYLOAD);
    const { messages } = await post<Flood>(nodeRed, `${bridge}-in/counted`, {});
    return messages > 0 && results > 0;
  });
}

async function measure(nodeRed: NodeRed, bridge: Bridge, peer: Peer, milliseconds: number): Promise<Round> {
  const flood = await post<Flood>(nodeRed, `${bridge}-out/flood`, { payload: 1.5, inFlight: IN_FLIGHT, milliseconds });
  const messages = 2 * milliseconds;
  await post(nodeRed, `${bridge}-in/expect`, { messages, milliseconds: PATIENCE });
  for (let index = 0; index < messages; index++) peer.send('in', PAYLOAD);
  const counted = await post<Flood>(nodeRed, `${bridge}-in/counted`, {});
  if (counted.messages < messages) {
    throw new Error(`${String(messages - counted.messages)} messages did not come in over ${NAMES[bridge]}.`);
  }
  const start = performance.now();
  const through = await call(peer, IN_FLIGHT, milliseconds);
  const seconds = (performance.now() - start) / 1000;
  const alone = await call(peer, 1, milliseconds);
  return {
    out: flood.messages / flood.seconds,
    in: counted.messages / counted.seconds,
    through: through.length / seconds,
    half: median(alone),
    slowest: quantile(alone, 0.99),
  };
}

function report(rounds: Readonly<Record<Bridge, readonly Round[]>>): void {
  const of = (bridge: Bridge, figure: keyof Round): number[] => rounds[bridge].map((round) => round[figure]);
  const lines: readonly (readonly [keyof Round, string, string])[] = [
    ['out', 'out of a flow', '/s'],
    ['in', 'into a flow', '/s'],
    ['through', `in, wasm call, out; ${String(IN_FLIGHT)} in flight`, '/s'],
    ['half', 'the same, one at a time: p50', 'ms'],
    ['slowest', 'p99', 'ms'],
  ];
  for (const [figure, name, unit] of lines) {
    const digits = unit === 'ms' ? 2 : 0;
    const figures = BRIDGES.map((bridge) => `${NAMES[bridge]} ${median(of(bridge, figure)).toFixed(digits)} ${unit}`);
    const ratios = BRIDGES.slice(1).map((bridge) => medianRatio(of('yomo', figure), of(bridge, figure)).toFixed(2));
    console.log(`  ${name.padEnd(36)} ${figures.join(', ')}; YoMo is ${ratios.join(' and ')} ×`);
  }
}

/** @param address of a zipper that is there, as `127.0.0.1:9000`; the one of the tests without it */
export async function measureBridges(isShort: boolean, address: string | undefined): Promise<void> {
  const own = address === undefined ? await Zipper.start() : undefined;
  try {
    await measureAll(isShort, parseEndpoint(own?.endpoint ?? address ?? ''));
  } finally {
    await own?.stop();
  }
}

async function measureAll(isShort: boolean, zipper: Endpoint): Promise<void> {
  const roundCount = isShort ? 3 : 9;
  const milliseconds = isShort ? 500 : 1500;
  const url = `mqtt://127.0.0.1:${String(await freePort())}`;
  const nodeRed = await NodeRed.start({
    flows: [
      { id: 'tab', type: 'tab', label: 'bench' },
      { id: 'zipper', type: 'yomo-zipper', ...zipper },
      { id: 'connection', type: 'mqtt-connection', url, embedded: true },
      ...BRIDGES.flatMap(lanes),
    ],
    settings: { nodesDir: [repository, join(repository, 'bench', 'fixture')] },
  });
  const peers: Partial<Record<Bridge, Peer>> = {};
  try {
    peers.yomo = await yomoPeer(zipper);
    peers['mqtt-0'] = await mqttPeer(url, 'mqtt-0');
    peers['mqtt-1'] = await mqttPeer(url, 'mqtt-1');
    const rounds: Record<Bridge, Round[]> = { yomo: [], 'mqtt-0': [], 'mqtt-1': [] };
    for (const [bridge, peer] of Object.entries(peers) as [Bridge, Peer][]) await untilThrough(nodeRed, bridge, peer);
    for (let round = 0; round <= roundCount; round++) {
      for (const [bridge, peer] of Object.entries(peers) as [Bridge, Peer][]) {
        const measured = await measure(nodeRed, bridge, peer, milliseconds);
        // the first round warms up
        if (round > 0) rounds[bridge].push(measured);
      }
    }
    console.log(`\nBridges, a number as text (median of ${String(roundCount)} rounds; YoMo beside QoS 0 and QoS 1):`);
    report(rounds);
  } finally {
    await Promise.all(Object.values(peers).map((peer) => peer.close()));
    await nodeRed.stop();
  }
}
