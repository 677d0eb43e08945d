/** After the nodes are gone nothing of them is left: no thread, watcher, socket, timer, listener or file. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadOf, LoadedRuntime, multiplier } from './runtime';

describe('what is left over', () => {
  let runtime: LoadedRuntime;
  let file: string;

  before(async () => {
    runtime = await LoadedRuntime.start();
    file = await runtime.write('multiply.wasm', multiplier(3));
    // what the runtime keeps for good from its first flow on is not ours
    await runtime.nodeRed.deploy(loadOf([{ id: 'first', type: 'wasm-function', file }]));
    await runtime.load(10);
    await runtime.more(100);
    await runtime.settle();
    await runtime.remember();
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

  test('anything left over is noticed', async () => {
    for (const kind of ['timer', 'worker', 'watcher', 'socket', 'listener']) {
      await runtime.untilNothingIsLeft();
      await runtime.leak(kind);
      await assert.rejects(runtime.untilNothingIsLeft(0), assert.AssertionError, kind);
      await runtime.remember();
    }
  });
});
