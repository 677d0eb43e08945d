import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findAbi } from '#dist/host/abi/index';
import type { Execution, ExecutionOptions } from '#dist/host/execution/executor';
import { WorkerExecutor } from '#dist/host/execution/worker-executor';
import { parseSignature } from '#dist/host/values/parse-signature';
import { eventually } from '../../support/node-red';
import { compile, LONG, MEMORY, openGuest } from './open';

let warnings: string[] = [];
let executor: WorkerExecutor;

function newExecutor(workers: number, spare = false): WorkerExecutor {
  return new WorkerExecutor({ workers, spare, log: { warn: (text) => warnings.push(text) } });
}

beforeEach(() => {
  warnings = [];
  executor = newExecutor(8);
});

afterEach(async () => {
  await executor.close();
  assert.equal(executor.threads, 0);
});

function open(guest: string, name: string, options?: Partial<ExecutionOptions>): Promise<Execution> {
  return openGuest(executor, guest, name, options);
}

describe('answers', () => {
  test('a number, a BigInt, several results, none', async () => {
    assert.deepEqual(await (await open('wat/add', 'add')).call([2, 3]), [5]);
    assert.deepEqual(await (await open('wat/add64', 'add')).call([2n ** 62n, 1n]), [2n ** 62n + 1n]);
    assert.deepEqual(await (await open('wat/swap', 'swap')).call([1, 2]), [2, 1]);
    assert.deepEqual(await (await open('wat/nothing', 'nothing')).call([]), []);
  });

  test('many at once come back each with its own, in the order they were made', async () => {
    const triple = await open('wat/triple', 'triple', { queue: 10_000 });
    const ended: number[] = [];
    await Promise.all(
      Array.from({ length: 10_000 }, async (_, index) => {
        assert.deepEqual(await triple.call([index]), [index * 3]);
        ended.push(index);
      }),
    );
    assert.deepEqual(ended, [...ended.keys()]);
  });
});

describe('large and small values', () => {
  test('come back each with its own when they mix', async () => {
    const compiled = await compile('rust-bytes/guest');
    const signature = parseSignature('(bytes) -> bytes');
    const choice = { export: 'reverse', convention: 'packed', signature } as const;
    const plan = findAbi('bytes')!.caller!.plan(compiled.description, choice);
    const reverse = executor.open(
      compiled,
      { ...plan, abi: 'bytes', maxOutput: 1_000_000 },
      { memory: MEMORY, timeout: 20, instance: 'shared', concurrency: 1, queue: 1000 },
    );
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const data = Uint8Array.from({ length: index % 3 === 0 ? 10_000 : 10 }, (__, at) => (at + index) % 256);
        assert.deepEqual(await reverse.call([data]), [data.slice().reverse()]);
      }),
    );
  });
});

describe('the deadline', () => {
  test('ends an endless loop; the next call is answered', async () => {
    const spin = await open('wat/loop', 'spin', { timeout: 0.1 });
    await assert.rejects(spin.call([]), { code: 'timeout', message: /0\.1 s/ });
    await assert.rejects(spin.call([]), { code: 'timeout' });
    assert.deepEqual(await (await open('wat/loop', 'ok')).call([]), [1]);
  });

  test('covers a start function', async () => {
    const compiled = await compile('wat/start-loop');
    const name = compiled.description.exports.find(({ kind }) => kind === 'function')!.name;
    const call = (await open('wat/start-loop', name, { timeout: 0.1 })).call([]);
    await assert.rejects(call, { code: 'timeout' });
  });

  test('counts from the start of a call, not while it waits', async () => {
    /** Seconds. */
    const TIMEOUT = 0.5;
    const busy = await open('wat/busy', 'work', { timeout: TIMEOUT });
    // each call takes a small part of the time-out; they are doubled until the last one has waited for longer than it
    let waited = 0;
    for (let count = 32; waited <= TIMEOUT * 1000; count *= 2) {
      const posted = performance.now();
      await Promise.all(Array.from({ length: count }, () => busy.call([LONG / 30])));
      waited = performance.now() - posted;
    }
  });

  test('what had finished before is kept and what waits behind runs, each exactly once', async () => {
    const compiled = await compile('wat/loop');
    const plan = findAbi('numeric')!.caller!.plan(compiled.description, { export: 'ok', convention: 'auto' });
    const spinPlan = findAbi('numeric')!.caller!.plan(compiled.description, { export: 'spin', convention: 'auto' });
    await executor.close();
    executor = newExecutor(1);
    const options = { memory: MEMORY, timeout: 0.2, instance: 'shared', concurrency: 1, queue: 1000 } as const;
    const ok = executor.open(compiled, { ...plan, abi: 'numeric', maxOutput: 100 }, options);
    const spin = executor.open(compiled, { ...spinPlan, abi: 'numeric', maxOutput: 100 }, options);
    await ok.call([]);
    const before = Array.from({ length: 50 }, () => ok.call([]));
    const stuck = assert.rejects(spin.call([]), { code: 'timeout' });
    const behind = Array.from({ length: 50 }, () => ok.call([]));
    assert.deepEqual(await Promise.all([...before, ...behind]), Array<number[]>(100).fill([1]));
    await stuck;
  });
});

describe('instances', () => {
  test('shared keeps its state, until it is reset', async () => {
    const next = await open('wat/counter', 'next');
    assert.deepEqual([await next.call([]), await next.call([])], [[1], [2]]);
    next.reset();
    assert.deepEqual([await next.call([]), await next.call([])], [[1], [2]]);
  });

  test('calls made before a reset see the old instance', async () => {
    const next = await open('wat/counter', 'next');
    const calls = [next.call([]), next.call([])];
    next.reset();
    calls.push(next.call([]));
    assert.deepEqual(await Promise.all(calls), [[1], [2], [1]]);
  });

  test('fresh starts clean with each call', async () => {
    const next = await open('wat/counter', 'next', { instance: 'fresh' });
    assert.deepEqual([await next.call([]), await next.call([])], [[1], [1]]);
  });

  test('two nodes with the same module share no state', async () => {
    const [one, other] = [await open('wat/counter', 'next'), await open('wat/counter', 'next')];
    await one.call([]);
    assert.deepEqual(await other.call([]), [1]);
  });

  test('concurrency lets a short call pass a long one', async () => {
    const work = await open('wat/busy', 'work', { concurrency: 2 });
    await Promise.all([work.call([1]), work.call([1])]);
    const ended: string[] = [];
    await Promise.all([
      work.call([LONG]).then(() => ended.push('long')),
      ...Array.from({ length: 5 }, () => work.call([10]).then(() => ended.push('short'))),
    ]);
    assert.equal(ended.at(-1), 'long');
  });
});

describe('failures', () => {
  for (const [name, pattern] of [
    ['unreachable', /unreachable/],
    ['div', /zero/],
    ['oob', /memory/],
  ] as const) {
    test(`a trap (${name}) is an error, and the next call is answered by a new instance`, async () => {
      const compiled = await compile('wat/trap');
      const type = compiled.description.exports.find((each) => each.name === name);
      assert.ok(type?.kind === 'function');
      const trap = await open('wat/trap', name);
      const args = type.type.parameters.map(() => 0);
      await assert.rejects(trap.call(args), { code: 'trap', message: pattern });
      await assert.rejects(trap.call(args), { code: 'trap' });
    });
  }

  test('endless recursion is a trap', async () => {
    const compiled = await compile('wat/recurse');
    const recurse = compiled.description.exports.find(({ kind }) => kind === 'function')!;
    assert.ok(recurse.kind === 'function');
    const call = (await open('wat/recurse', recurse.name)).call(recurse.type.parameters.map(() => 1));
    await assert.rejects(call, { code: 'trap', message: /stack/ });
  });

  test('memory that is full is said to be full', async () => {
    const exhaust = await open('wat/grow', 'exhaust');
    await assert.rejects(exhaust.call([]), { code: 'memory', message: /4 MiB/ });
    assert.deepEqual(await (await open('wat/grow', 'grow')).call([]), [MEMORY * 16], 'pages, up to the cap');
  });

  test('the queue has an end', async () => {
    const work = await open('wat/busy', 'work', { queue: 2 });
    const accepted = [work.call([LONG]), work.call([1]), work.call([1])];
    await assert.rejects(work.call([1]), { code: 'queue', message: /2 calls/ });
    await Promise.all(accepted);
  });
});

describe('ending', () => {
  test('close refuses what has not ended, at once, and leaves no thread', async () => {
    const spin = await open('wat/loop', 'spin', { timeout: 60 });
    const calls = [spin.call([]), spin.call([])];
    const refused = Promise.all(calls.map((call) => assert.rejects(call, { code: 'closed' })));
    await new Promise((resolve) => setImmediate(resolve));
    await spin.close();
    await refused;
    assert.equal(executor.threads, 0);
    await assert.rejects(spin.call([]), { code: 'closed' });
  });

  test('closing one node leaves those it shares a worker with alone', async () => {
    await executor.close();
    executor = newExecutor(1);
    const work = await open('wat/busy', 'work');
    const counter = await open('wat/counter', 'next');
    await counter.call([]);
    // as long as a call of a closed node may take before it is ended, with much to spare
    const refused = assert.rejects(work.call([LONG / 10]), { code: 'closed' });
    const counted = counter.call([]);
    await work.close();
    await refused;
    assert.deepEqual(await counted, [2]);
  });

  /** Settles when the call made before it in the only worker runs for long: this one is moved away from it. */
  async function untilStuck(): Promise<void> {
    const fresh = await open('wat/loop', 'ok', { instance: 'fresh' });
    await fresh.call([]);
    await fresh.close();
  }

  test(
    'a call of a closed node that does not end is ended for those who wait behind it',
    { timeout: 30_000 },
    async () => {
      await executor.close();
      executor = newExecutor(1);
      const spin = await open('wat/loop', 'spin', { timeout: 600 });
      const counter = await open('wat/counter', 'next');
      assert.deepEqual(await counter.call([]), [1]);
      const refused = assert.rejects(spin.call([]), { code: 'closed' });
      await untilStuck();
      const early = counter.call([]);
      await spin.close();
      await refused;
      const late = counter.call([]);
      assert.deepEqual(await Promise.all([early, late]), [[1], [2]]);
      assert.match(warnings.join(), /"next" starts anew/);
    },
  );

  test('where nobody waits behind a call of a closed node, those beside it keep their state', async () => {
    await executor.close();
    executor = newExecutor(1);
    const spin = await open('wat/loop', 'spin', { timeout: 600 });
    const counter = await open('wat/counter', 'next');
    await counter.call([]);
    const refused = assert.rejects(spin.call([]), { code: 'closed' });
    await untilStuck();
    await spin.close();
    await refused;
    assert.deepEqual(warnings, []);
    // it is the last one here now, so that nobody pays for the call
    await counter.close();
    assert.equal(executor.threads, 0);
  });

  test('drain waits for the calls made so far', async () => {
    const work = await open('wat/busy', 'work');
    const call = work.call([LONG]);
    await work.drain();
    assert.equal((await call).length, 1);
    assert.equal(executor.threads, 0);
  });

  test('a warm spare is kept and ended with the rest', async () => {
    await executor.close();
    executor = newExecutor(8, true);
    await (await open('wat/triple', 'triple')).call([1]);
    await eventually('a spare was started', () => executor.threads === 2);
  });
});
