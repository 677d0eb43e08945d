/** What the nodes of one zipper do together when it has been away. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Zipper as NodesZipper } from '#dist/nodes/yomo-zipper/zipper';
import type { YomoClient } from '#dist/yomo/client';
import type { Transport } from '#dist/yomo/transport';
import { MemoryZipper } from '../support/memory-zipper';
import { eventually } from '../support/node-red';
import { Zipper } from '../support/zipper';

const LONG = process.env.TEST_LONG !== undefined;
const FRAMES = 20;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const open: (() => Promise<void>)[] = [];

async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((close) => close()));
}

/** The nodes of a flow over one zipper. */
function nodesOf(port: number, transport?: Transport) {
  const address = { host: '127.0.0.1', port, verify: false };
  const zipper = new NodesZipper({ protocol: 'v1', address, buffer: 100 }, silent, transport);
  return {
    sink: (name: string): YomoClient => {
      const sink = zipper.source(name);
      open.push(() => sink.close());
      sink.open();
      return sink;
    },
    source: (name: string, tag: number) => {
      const { client, leave } = zipper.streamFunction(name, { name, target: '', observe: [tag] });
      const came: string[] = [];
      client.onFrame(({ payload }) => came.push(Buffer.from(payload).toString()));
      open.push(leave);
      client.open();
      return { client, came, leave };
    },
  };
}

/** @returns what resolves when all of it is written */
async function sendAll(client: YomoClient, tag: number, texts: readonly string[]): Promise<void> {
  let written = 0;
  for (const text of texts) {
    void client.send({ tag, payload: Buffer.from(text), metadata: new Map() }).then(() => (written += 1));
  }
  await eventually('all is written', () => written === texts.length);
}

async function untilAll(kind: 'connected' | 'waiting', ...clients: readonly YomoClient[]): Promise<void> {
  await eventually(`all are ${kind}`, () => clients.every(({ state }) => state.kind === kind));
}

describe('what waited for a zipper that was away', () => {
  afterEach(closeAll);

  test('reaches the stream function beside the sink, where the sink is back first', async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    const [sink, { client, came }] = [nodes.sink('sink'), nodes.source('function', 1)];
    await untilAll('connected', sink, client);
    zipper.restart();
    zipper.keepWaiting('function');
    for (const name of ['sink', 'function']) zipper.notice(name);
    await untilAll('waiting', sink, client);
    const sent = sendAll(sink, 1, ['a', 'b']);
    await untilAll('connected', sink);
    await eventually('the function has asked', () => zipper.hasHeardOf('function'));
    assert.deepEqual(zipper.received, []);
    zipper.answer('function');
    await sent;
    assert.deepEqual(came, ['a', 'b']);
  });

  test('reaches it also where the function notices later than the sink that its connection leads nowhere', async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    const [sink, { client, came }] = [nodes.sink('sink'), nodes.source('function', 1)];
    await untilAll('connected', sink, client);
    zipper.restart();
    zipper.notice('sink');
    await untilAll('waiting', sink);
    const sent = sendAll(sink, 1, ['a', 'b']);
    await untilAll('connected', sink);
    await nextTurn();
    assert.deepEqual(zipper.received, []);
    zipper.notice('function');
    await sent;
    assert.deepEqual(came, ['a', 'b']);
  });

  test('is written where the function turns out to have kept its connection', async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    const sink = nodes.sink('sink');
    await untilAll('connected', sink);
    zipper.restart();
    const { client, came } = nodes.source('function', 1);
    await untilAll('connected', client);
    zipper.notice('sink');
    await untilAll('waiting', sink);
    await sendAll(sink, 1, ['a']);
    assert.deepEqual(came, ['a']);
  });

  test('what a stream function writes waits for the others as well', async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    const [first, second] = [nodes.source('first', 1), nodes.source('second', 2)];
    await untilAll('connected', first.client, second.client);
    zipper.restart();
    zipper.keepWaiting('second');
    for (const name of ['first', 'second']) zipper.notice(name);
    await untilAll('waiting', first.client, second.client);
    const sent = sendAll(first.client, 2, ['a']);
    await untilAll('connected', first.client);
    await eventually('the second has asked', () => zipper.hasHeardOf('second'));
    assert.deepEqual(zipper.received, []);
    zipper.answer('second');
    await sent;
    assert.deepEqual(second.came, ['a']);
  });

  test('is written when both are closed, since nobody else will come', async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    zipper.keepWaiting('function');
    const [sink, { leave }] = [nodes.sink('sink'), nodes.source('function', 1)];
    const sent = sendAll(sink, 1, ['a', 'b']);
    await untilAll('connected', sink);
    assert.deepEqual(zipper.received, []);
    await Promise.all([leave(), sink.close(), sent]);
    assert.equal(zipper.received.length, 2);
  });

  test(
    'is written by a sink that closes, though the function has not come',
    { skip: !LONG && 'takes 3 s' },
    async () => {
      const zipper = new MemoryZipper();
      const nodes = nodesOf(9, zipper);
      zipper.keepWaiting('function');
      nodes.source('function', 1);
      const sink = nodes.sink('sink');
      const sent = sendAll(sink, 1, ['a']);
      await untilAll('connected', sink);
      await Promise.all([sink.close(), sent]);
      assert.equal(zipper.received.length, 1);
    },
  );

  test('is written in the end where the function does not come', { skip: !LONG && 'takes 5 s' }, async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    zipper.keepWaiting('function');
    nodes.source('function', 1);
    await sendAll(nodes.sink('sink'), 1, ['a']);
    assert.equal(zipper.received.length, 1);
  });

  test('whoever is connected first makes the others try at once', async () => {
    const zipper = new MemoryZipper();
    const nodes = nodesOf(9, zipper);
    const { client } = nodes.source('function', 1);
    await untilAll('connected', client);
    zipper.restart();
    zipper.notice('function');
    await untilAll('waiting', client);
    const sink = nodes.sink('sink');
    while (sink.state.kind !== 'connected') await nextTurn();
    await nextTurn();
    assert.notEqual(client.state.kind, 'waiting');
  });
});

test('over QUIC, what waited reaches the stream function beside the sink', { timeout: 60_000 }, async () => {
  let running = await Zipper.start();
  const { port } = running;
  const nodes = nodesOf(port);
  const [sink, { client, came }] = [nodes.sink('sink'), nodes.source('function', 1)];
  try {
    for (let round = 1; round <= 3; round += 1) {
      await untilAll('connected', client, sink);
      await running.stop('away');
      await untilAll('waiting', client, sink);
      const texts = Array.from({ length: FRAMES }, (_, index) => `${String(round)}.${String(index)}`);
      const sent = sendAll(sink, 1, texts);
      running = await Zipper.start({ port });
      await sent;
      await eventually('all came', () => came.length === round * FRAMES).catch(() => undefined);
      assert.deepEqual(came.slice(-FRAMES), texts);
    }
  } finally {
    await closeAll();
    await running.stop();
  }
});
