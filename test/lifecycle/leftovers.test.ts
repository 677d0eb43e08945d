/** After the nodes are gone nothing of them is left: no thread, watcher, socket, timer, listener or file. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Probe } from '../support/mqtt';
import { lane } from '../support/mqtt-flow';
import { eventually, freePort } from '../support/node-red';
import { loadOf, LoadedRuntime, multiplier, type FlowNode } from './runtime';

describe('what is left over', () => {
  let runtime: LoadedRuntime;
  let file: string;

  before(async () => {
    ({ runtime, file } = await LoadedRuntime.startUsed());
  });
  after(() => runtime.stop());

  test('of functions with several workers, and of one whose module is missing: nothing', async () => {
    await runtime.nodeRed.deploy(
      loadOf([
        { id: 'one', type: 'wasm-function', file },
        { id: 'four', type: 'wasm-function', file, concurrency: 4 },
        { id: 'fresh', type: 'wasm-function', file, instance: 'fresh' },
        { id: 'path', type: 'wasm-function', file: 'nowhere.wasm' },
      ]),
    );
    await runtime.load(100);
    await runtime.more(2000);
    const busy = await runtime.resources();
    assert.ok(
      (busy.handles.STATWATCHER ?? 0) > 0 && (busy.handles.MESSAGEPORT ?? 0) >= 6,
      JSON.stringify(busy.handles),
    );
    await runtime.settle('file');
    await runtime.clear();
  });

  for (const protocol of ['mqtt', 'ws']) {
    test(`of MQTT nodes on a broker in Node-RED (${protocol}), with a client that stays until it stops: nothing`, async () => {
      const url = `${protocol}://127.0.0.1:${String(await freePort())}`;
      const { handles: before } = await runtime.resources();
      const broker = { id: 'broker', type: 'mqtt-connection', url, embedded: true, persistent: true, clientId: 'left' };
      await runtime.nodeRed.deploy(loadOf([], [broker, ...(lane('left', { function: { file } }) as FlowNode[])]));
      const probe = await eventually('the broker runs', () => Probe.connect(url, {}, 'out/left'));
      try {
        await eventually('results', async () => {
          // what is published before the source has subscribed is for nobody
          await probe.client.publishAsync('in/left', '14', { qos: 1 });
          return probe.payloads.includes('42');
        });
        const { handles: busy } = await runtime.resources();
        const more = (kind: string): number => (busy[kind] ?? 0) - (before[kind] ?? 0);
        assert.ok(more('TCPSERVERWRAP') === 1 && more('TCPWRAP') >= 5, JSON.stringify(busy));
        await runtime.clear();
        await eventually('the broker is gone', () => !probe.client.connected);
      } finally {
        await probe.end();
      }
    });
  }

  test('of functions that are deleted while their modules load: nothing, and their messages end', async () => {
    const { emitted: before } = await runtime.tally();
    const files = await Promise.all(
      ['a', 'b'].map((name) => runtime.write(`held-${name}.wasm`, multiplier(3, name.charCodeAt(0)))),
    );
    await runtime.holdLoader();
    try {
      await runtime.load(4);
      await runtime.nodeRed.deploy(
        loadOf(files.map((held, index) => ({ id: `held-${String(index)}`, type: 'wasm-function', file: held }))),
      );
      await eventually('a file is open', () => runtime.isLoaderHeld());
      const { open, factors } = await eventually('messages wait', async () => {
        const tally = await runtime.tally();
        return tally.emitted === before + 4 && tally;
      });
      assert.equal(open, 4);
      assert.deepEqual([factors['held-0'], factors['held-1']], [undefined, undefined], 'neither is there yet');
      // with the thread in the middle of a file; the nodes have the patience for their messages that they always have
      await runtime.clear();
    } finally {
      await runtime.releaseLoader();
    }
    // of a missing file in another test
    const { ended } = await runtime.settle('closed', 'file');
    assert.equal(ended, before + 4);
  });

  test('anything left over is noticed', async () => {
    for (const kind of ['timer', 'worker', 'watcher', 'socket', 'listener']) {
      await runtime.untilNothingIsLeft();
      await runtime.leak(kind);
      await assert.rejects(runtime.untilNothingIsLeft(0), assert.AssertionError, kind);
      await runtime.remember();
    }
  });
});
