/** Which worker a node's calls are given, and beside whom. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Execution, ExecutionOptions } from '#dist/host/execution/executor';
import { WorkerExecutor } from '#dist/host/execution/worker-executor';
import { openGuest } from './open';

/** Iterations of busy's `work` that no time-out here waits for. */
const ENDLESS = 0x7fff_ffff;

let warnings: string[] = [];
let executor: WorkerExecutor;

function limitWorkers(workers: number): void {
  executor = new WorkerExecutor({ workers, spare: false, log: { warn: (text) => warnings.push(text) } });
}

beforeEach(() => {
  warnings = [];
  limitWorkers(8);
});

afterEach(async () => {
  await executor.close();
  assert.equal(executor.threads, 0);
});

function open(guest: string, name: string, options?: Partial<ExecutionOptions>): Promise<Execution> {
  return openGuest(executor, guest, name, options);
}

describe('neighbours', () => {
  test('a stuck function delays nobody who has a worker of his own', async () => {
    const spin = await open('wat/loop', 'spin', { timeout: 1 });
    const ok = await open('wat/loop', 'ok');
    await ok.call([]);
    let isStuck = true;
    const stuck = assert.rejects(spin.call([]), { code: 'timeout' }).then(() => (isStuck = false));
    for (let index = 0; index < 20; index++) assert.deepEqual(await ok.call([]), [1]);
    assert.equal(isStuck, true);
    await stuck;
  });

  test('where nodes share, waiting calls without state move away from a stuck one', async () => {
    limitWorkers(2);
    const spin = await open('wat/loop', 'spin', { timeout: 3 });
    const other = await open('wat/loop', 'ok');
    const fresh = await open('wat/loop', 'ok', { instance: 'fresh' });
    await other.call([]);
    let isStuck = true;
    const stuck = assert.rejects(spin.call([]), { code: 'timeout' }).then(() => (isStuck = false));
    // the third node shares a worker with one of the two
    for (let index = 0; index < 10; index++) assert.deepEqual(await fresh.call([]), [1]);
    assert.equal(isStuck, true);
    await stuck;
  });

  for (const instance of ['shared', 'fresh'] as const) {
    test(`nodes that wait for room beside a stuck one are served by another worker (${instance})`, async () => {
      limitWorkers(1);
      const counters = await Promise.all(Array.from({ length: 12 }, () => open('wat/counter', 'next', { instance })));
      await Promise.all(counters.map((counter) => counter.call([])));
      const spin = await open('wat/loop', 'spin', { timeout: 0.3 });
      const stuck = assert.rejects(spin.call([]), { code: 'timeout' });
      // more than one worker may hold at once
      const calls = counters.map((counter) => Promise.all(Array.from({ length: 200 }, () => counter.call([]))));
      await Promise.all([stuck, ...calls]);
    });
  }

  test('many that are called for the first time and do not end keep nobody waiting who has answered before', async () => {
    limitWorkers(2);
    const counter = await open('wat/counter', 'next');
    await counter.call([]);
    const spinning = await Promise.all(Array.from({ length: 6 }, () => open('wat/loop', 'spin', { timeout: 0.2 })));
    let ended = 0;
    const stuck = spinning.map((spin) => assert.rejects(spin.call([]), { code: 'timeout' }).then(() => (ended += 1)));
    let calls = 1;
    while (ended < spinning.length) {
      const before = ended;
      calls += 1;
      assert.deepEqual(await counter.call([]), [calls], 'it is where it was');
      assert.ok(ended - before <= 1, 'it did not wait for one after the other');
    }
    await Promise.all(stuck);
    assert.deepEqual(warnings, []);
  });

  test('one that comes when a call is known to be stuck moves away, too', async () => {
    limitWorkers(1);
    const [first, second] = await Promise.all([open('wat/loop', 'ok'), open('wat/loop', 'ok')]);
    await first.call([]);
    const spin = await open('wat/loop', 'spin', { timeout: 3 });
    let isStuck = true;
    const stuck = assert.rejects(spin.call([]), { code: 'timeout' }).then(() => (isStuck = false));
    // longer than it takes until the call counts as stuck
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(await second.call([]), [1]);
    assert.equal(isStuck, true);
    await stuck;
  });

  test('beyond the limit nodes share workers', async () => {
    limitWorkers(2);
    const nodes = await Promise.all(Array.from({ length: 6 }, () => open('wat/triple', 'triple')));
    assert.deepEqual(await Promise.all(nodes.map((node, index) => node.call([index]))), [
      [0],
      [3],
      [6],
      [9],
      [12],
      [15],
    ]);
    assert.equal(executor.threads, 2);
  });
});

describe('nodes that time out', () => {
  test('one that shared a worker is kept apart from then on; the others are told', async () => {
    limitWorkers(1);
    const counter = await open('wat/counter', 'next');
    const spin = await open('wat/loop', 'spin', { timeout: 0.2 });
    assert.deepEqual(await counter.call([]), [1]);
    await assert.rejects(spin.call([]), { code: 'timeout' });
    assert.deepEqual(await counter.call([]), [1]);
    assert.match(warnings.join('\n'), /"next" starts anew/);
    await Promise.all([
      assert.rejects(spin.call([]), { code: 'timeout' }),
      ...Array.from({ length: 5 }, (_, index) =>
        counter.call([]).then((values) => {
          assert.deepEqual(values, [index + 2]);
        }),
      ),
    ]);
    assert.deepEqual(await counter.call([]), [7], 'its state was not touched by the second time-out');
  });

  test('no node is placed beside one that has timed out', async () => {
    limitWorkers(2);
    const spin = await open('wat/loop', 'spin', { timeout: 0.2 });
    await assert.rejects(spin.call([]), { code: 'timeout' });
    const counters = await Promise.all(Array.from({ length: 3 }, () => open('wat/counter', 'next')));
    const again = assert.rejects(spin.call([]), { code: 'timeout' });
    await Promise.all(counters.map((counter) => counter.call([])));
    await again;
    assert.deepEqual(await Promise.all(counters.map((counter) => counter.call([]))), [[2], [2], [2]]);
    assert.deepEqual(warnings, []);
  });

  test('one that has a worker to itself again is not given another node', async () => {
    limitWorkers(1);
    const spin = await open('wat/loop', 'spin', { timeout: 0.2 });
    const counter = await open('wat/counter', 'next');
    await assert.rejects(spin.call([]), { code: 'timeout' });
    const again = assert.rejects(spin.call([]), { code: 'timeout' });
    assert.deepEqual(await counter.call([]), [1]);
    await again;
    assert.deepEqual(await counter.call([]), [2]);
    assert.deepEqual(warnings, []);
  });

  test('one that timed out alone is not put beside the node that has taken its place', async () => {
    limitWorkers(1);
    const spin = await open('wat/loop', 'spin', { timeout: 0.2 });
    const counter = await open('wat/counter', 'next');
    await assert.rejects(spin.call([]), { code: 'timeout' });
    assert.deepEqual(await counter.call([]), [1]);
    await Promise.all([
      assert.rejects(spin.call([]), { code: 'timeout' }),
      counter.call([]).then((values) => {
        assert.deepEqual(values, [2]);
      }),
    ]);
    assert.deepEqual(await counter.call([]), [3], 'its state was not touched');
    assert.deepEqual(warnings, []);
  });

  test('one with several instances leaves with all of them', async () => {
    limitWorkers(2);
    const work = await open('wat/busy', 'work', { timeout: 0.3, concurrency: 2 });
    const counter = await open('wat/counter', 'next');
    await Promise.all([work.call([1]), work.call([1])]);
    // beside the first instance; the second one times out
    assert.deepEqual(await counter.call([]), [1]);
    const short = work.call([1]);
    await assert.rejects(work.call([ENDLESS]), { code: 'timeout' });
    await short;
    await Promise.all([1, 2].map(() => assert.rejects(work.call([ENDLESS]), { code: 'timeout' })));
    assert.deepEqual(await counter.call([]), [2]);
    assert.deepEqual(warnings, []);
  });

  test('they share one worker beyond the limit, however many they are, and the others keep their state', async () => {
    limitWorkers(2);
    const spins = await Promise.all(Array.from({ length: 10 }, () => open('wat/loop', 'spin', { timeout: 0.05 })));
    const counters = await Promise.all(Array.from({ length: 4 }, () => open('wat/counter', 'next')));
    for (const spin of spins) {
      await assert.rejects(spin.call([]), { code: 'timeout' });
      assert.ok(executor.threads <= 3, `${String(executor.threads)} threads`);
    }
    await Promise.all(counters.map((counter) => counter.call([])));
    // state of nodes that shared a worker with one that had not timed out before may have gone with it; not from now on
    const before = await Promise.all(counters.map((counter) => counter.call([])));
    warnings = [];
    await Promise.all(spins.map((spin) => assert.rejects(spin.call([]), { code: 'timeout' })));
    const after = await Promise.all(counters.map((counter) => counter.call([])));
    assert.deepEqual(
      after,
      before.map(([count]) => [Number(count) + 1]),
    );
    assert.deepEqual(warnings, []);
  });

  for (const seed of process.env.TEST_LONG === undefined ? [1] : [1, 2, 3, 4, 5, 6]) {
    test(`no order of calls and time-outs starts more workers than the limit and one (seed ${String(seed)})`, async () => {
      limitWorkers(2);
      const random = numbers(seed);
      const nodes = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          open('wat/busy', 'work', {
            timeout: 0.05,
            concurrency: 1 + (index % 2),
            instance: index < 4 ? 'shared' : 'fresh',
          }),
        ),
      );
      for (let round = 0; round < 6; round += 1) {
        await Promise.allSettled(nodes.map((node) => node.call([random() < 0.2 ? ENDLESS : 10])));
        assert.ok(executor.threads <= 3, `${String(executor.threads)} threads in round ${String(round)}`);
      }
    });
  }
});

/** Pseudo-random numbers below 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
