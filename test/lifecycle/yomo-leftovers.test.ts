/** After the YoMo nodes are gone nothing of them is left, on either side of the connection. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../support/node-red';
import { sinkNode, sourceNode, WatchedZipper, zipperNode } from '../support/yomo-flow';
import { LoadedRuntime } from './runtime';

const tab = { id: 'tab', type: 'tab', label: 'YoMo' };
const debug = { id: 'debug', type: 'debug', z: 'tab', x: 1, y: 1, active: false, wires: [] };
const nodesOf = (zipper: { readonly port: number }, names: readonly string[]): { id: string; type: string }[] => [
  tab,
  debug,
  zipperNode(zipper),
  ...names.flatMap((name) => [
    sourceNode(`${name}-source`, [1], ['debug'], { name: `${name}-source` }),
    sinkNode(`${name}-sink`, 2, { name: `${name}-sink` }),
  ]),
];

describe('what is left over of YoMo nodes', () => {
  let runtime: LoadedRuntime;
  let zipper: WatchedZipper;

  before(async () => {
    zipper = await WatchedZipper.start();
    runtime = await LoadedRuntime.start();
    // what the runtime and the library keep for good from the first connection on is not ours
    await runtime.nodeRed.deploy(nodesOf(zipper, ['first']));
    await zipper.untilJoined('first-source', 'first-sink');
    await runtime.remember();
  });
  after(async () => {
    await runtime.stop();
    await zipper.stop();
  });

  test('after deploys that replace and remove them: nothing', async () => {
    for (const names of [['one', 'two'], ['two', 'three'], ['one']]) {
      await runtime.nodeRed.deploy(nodesOf(zipper, names));
      await zipper.untilJoined(...names.flatMap((name) => [`${name}-source`, `${name}-sink`]));
      assert.equal(zipper.zipper.clients.length, 2 * names.length);
    }
    await runtime.clear();
    assert.deepEqual(zipper.zipper.clients, []);
  });

  test('of nodes that were still looking for their zipper: nothing', async () => {
    const port = await freePort();
    for (const names of [['one'], ['two', 'three']]) await runtime.nodeRed.deploy(nodesOf({ port }, names));
    await runtime.clear();
  });
});
