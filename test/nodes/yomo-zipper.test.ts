/** What the nodes of one zipper do together when it has been away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Zipper as NodesZipper } from '#dist/nodes/yomo-zipper/zipper';
import { eventually } from '../support/node-red';
import { Zipper } from '../support/zipper';

const FRAMES = 20;

test('what waited for a zipper reaches the stream function beside it, whichever of the two is back first', async () => {
  let running = await Zipper.start();
  const { port } = running;
  const address = { host: '127.0.0.1', port, verify: false };
  const zipper = new NodesZipper(
    { protocol: 'v1', address, buffer: 100 },
    { info: () => undefined, warn: () => undefined },
  );
  const { client, leave } = zipper.streamFunction('source', { name: 'function', target: '', observe: [1] });
  const sink = zipper.source('sink');
  const came: string[] = [];
  client.onFrame(({ payload }) => came.push(Buffer.from(payload).toString()));
  client.open();
  sink.open();
  const isConnected = (): boolean => [client, sink].every(({ state }) => state.kind === 'connected');
  try {
    for (let round = 1; round <= 3; round += 1) {
      await eventually('both are connected', isConnected);
      await running.stop('away');
      await eventually('both have noticed', () => [client, sink].every(({ state }) => state.kind === 'waiting'));
      const texts = Array.from({ length: FRAMES }, (_, index) => `${String(round)}.${String(index)}`);
      const sent = texts.map((text) => sink.send({ tag: 1, payload: Buffer.from(text), metadata: new Map() }));
      running = await Zipper.start({ port });
      await Promise.all(sent);
      await eventually('all came', () => came.length === round * FRAMES).catch(() => undefined);
      assert.deepEqual(came.slice(-FRAMES), texts);
    }
  } finally {
    await Promise.all([leave(), sink.close()]);
    await running.stop();
  }
});
