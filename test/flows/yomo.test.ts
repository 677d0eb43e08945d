/** From a zipper through a wasm-function back to it, in a real Node-RED. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { guestFile } from '../support/guests';
import type { FlowNode } from '../support/mqtt-flow';
import { eventually, freePort, NodeRed } from '../support/node-red';
import { Peer, sinkNode, sourceNode, WatchedZipper, zipperNode } from '../support/yomo-flow';

const FRAMES = process.env.TEST_LONG === undefined ? 300 : 20_000;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const tab = { id: 'tab', type: 'tab', label: 'YoMo' };
const triple: FlowNode = {
  id: 'function',
  type: 'wasm-function',
  z: 'tab',
  x: 200,
  y: 100,
  file: guestFile('wat/triple'),
  export: 'triple',
  wires: [['sink']],
};
const change = (id: string, to: string): FlowNode => ({
  id,
  type: 'change',
  z: 'tab',
  x: 200,
  y: 200,
  rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '"seen by " & $string(payload)', tot: 'jsonata' }],
  wires: [[to]],
});

function flows(zipper: { readonly port: number }, changes: object = {}): FlowNode[] {
  return [
    tab,
    zipperNode(zipper, changes),
    sourceNode('source', [0x10], ['function'], { name: 'triple' }),
    triple,
    sinkNode('sink', 0x11, { name: 'sink' }),
    // a second flow on the same tag
    sourceNode('second', ['0x10'], ['change'], { name: 'second' }),
    change('change', 'second-sink'),
    sinkNode('second-sink', '0x12'),
  ];
}

describe('YoMo → wasm-function → YoMo', () => {
  let zipper: WatchedZipper;
  let nodeRed: NodeRed;
  const peers: Peer[] = [];
  const join = async (...options: Parameters<typeof Peer.join>): Promise<Peer> => {
    const peer = await Peer.join(...options);
    peers.push(peer);
    return peer;
  };

  before(async () => {
    zipper = await WatchedZipper.start();
    nodeRed = await NodeRed.start({ flows: flows(zipper) });
    await zipper.untilJoined('triple', 'second', 'sink');
  });
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.close()));
  });
  after(async () => {
    await nodeRed.stop();
    await zipper.stop();
  });

  test('frames come in, are worked on in order and go out with their metadata over the connection they came by', async () => {
    const reader = await join(zipper.port, { kind: 'function', observe: [0x11] });
    const writer = await join(zipper.port);
    const before = zipper.written.length;
    await Promise.all(
      range(FRAMES).map((index) => writer.write(0x10, String(index), { index: String(index), kept: 'yes' })),
    );
    await eventually('all results', () => reader.frames.length >= FRAMES, 60);
    assert.deepEqual(
      reader.payloads(0x11),
      range(FRAMES).map((index) => String(index * 3)),
    );
    assert.deepEqual(
      reader.frames.map(({ metadata }) => [metadata.get('index'), metadata.get('kept')]),
      range(FRAMES).map((index) => [String(index), 'yes']),
    );
    const connections = new Set(
      zipper.written
        .slice(before)
        .filter(({ tag }) => tag === 0x11)
        .map(({ from }) => from),
    );
    assert.deepEqual([...connections], zipper.idsOf('triple'));
  });

  test('two flows that observe one tag both get each frame', async () => {
    const reader = await join(zipper.port, { kind: 'function', observe: [0x11, 0x12] });
    await (await join(zipper.port)).write(0x10, '14');
    await eventually('both results', () => reader.frames.length >= 2);
    assert.deepEqual([reader.payloads(0x11), reader.payloads(0x12)], [['42'], ['seen by 14']]);
  });

  test('deploys under load leave one connection of each node, through which frames go on', async () => {
    const writer = await join(zipper.port);
    let isWriting = true;
    const written = (async () => {
      for (let index = 0; isWriting; index++) await writer.write(0x10, String(index));
    })();
    for (const round of range(3)) await nodeRed.deploy(flows(zipper, { name: `round ${String(round)}` }));
    assert.match(nodeRed.output, /\[yomo-source:triple\] The stream function leaves the zipper/);
    isWriting = false;
    await written;
    await zipper.untilJoined('triple', 'second', 'sink');
    await eventually('the others have left', () => zipper.zipper.clients.length === 4 + 1);
    for (const name of ['triple', 'second', 'sink']) assert.equal(zipper.idsOf(name).length, 1, name);
    const reader = await join(zipper.port, { kind: 'function', observe: [0x11] });
    await writer.write(0x10, '7');
    await eventually('a frame still goes through', () => reader.payloads(0x11).includes('21'));
    assert.equal(nodeRed.exitCode, undefined);
    await nodeRed.deploy([tab]);
    await eventually('all have left', () => zipper.zipper.clients.length === 2);
  });
});

describe('a zipper that goes and comes back', () => {
  test('is joined again: what is written meanwhile waits and goes on in order, and what is observed comes again', async () => {
    const port = await freePort();
    const nodes = [
      tab,
      zipperNode({ port }),
      { id: 'in', type: 'http in', z: 'tab', x: 0, y: 0, url: '/write', method: 'post', wires: [['sink', 'answer']] },
      { id: 'answer', type: 'http response', z: 'tab', x: 0, y: 0, statusCode: '200', wires: [] },
      sinkNode('sink', 0x20, { name: 'sink' }),
      sourceNode('source', [0x21], ['answering'], { name: 'source' }),
      sinkNode('answering', 0x22),
    ];
    const nodeRed = await NodeRed.start({ flows: nodes });
    const write = (payload: string): Promise<Response> =>
      nodeRed.fetch('/write', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: payload });
    try {
      await write('1');
      await write('2');
      let zipper = await WatchedZipper.start({ port });
      await eventually('what waited has come', () => zipper.written.length === 2);
      await zipper.stop();
      await eventually('the loss is told', () => /The zipper closed the connection: stopped/.test(nodeRed.output));
      await write('3');
      const earlier = zipper.written.map(({ payload }) => payload);
      zipper = await WatchedZipper.start({ port });
      await eventually('it goes on', () => zipper.written.length === 1);
      assert.deepEqual([...earlier, ...zipper.written.map(({ payload }) => payload)], ['1', '2', '3']);
      await zipper.untilJoined('source');
      const writer = await Peer.join(port);
      await writer.write(0x21, '4');
      await eventually('the stream function is back', () => zipper.written.some(({ tag }) => tag === 0x22));
      await writer.close();
      await zipper.stop();
    } finally {
      await nodeRed.stop();
    }
  });
});
