/** A machine that has no thread left: what is started for a call or a module fails, and works again later. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { WorkerExecutor } from '#dist/host/execution/worker-executor';
import { createWasmHost } from '#dist/host/host';
import { DEFAULT_LIMITS } from '#dist/host/limits';
import type { FunctionOptions, WasmHost } from '#dist/host/wasm-function';
import { guestFile } from '../../support/guests';
import { eventually } from '../../support/node-red';
import { openGuest } from './open';

const threads = createRequire(__filename)('node:worker_threads') as { Worker: typeof Worker };
const { Worker: RealWorker } = threads;

/** As Node fails where the system grants no thread. */
const REFUSED = {
  code: 'closed',
  message: /No worker thread could be started \(Worker initialization failure: EAGAIN\)/,
};

/** Threads that may still be started. */
let granted: number;
let refusals: number;

beforeEach(() => {
  granted = Infinity;
  refusals = 0;
  threads.Worker = class extends RealWorker {
    constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
      if (granted === 0) {
        refusals += 1;
        throw Object.assign(new Error('Worker initialization failure: EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
      }
      granted -= 1;
      super(file, options);
    }
  };
});
afterEach(() => {
  threads.Worker = RealWorker;
});

describe('an executor that is refused a thread', () => {
  let executor: WorkerExecutor;

  function start(workers: number, spare = false): void {
    executor = new WorkerExecutor({ workers, spare, log: { warn: () => undefined } });
  }

  afterEach(() => executor.close());

  test('fails the calls that wait for it; they do not run later, and the next one asks for a thread again', async () => {
    start(8);
    const next = await openGuest(executor, 'wat/counter', 'next');
    granted = 0;
    await Promise.all([1, 2, 3].map(() => assert.rejects(next.call([]), REFUSED)));
    granted = Infinity;
    assert.deepEqual(await next.call([]), [1]);
  });

  test('lets the instances that have a worker do the work', async () => {
    start(8);
    granted = 1;
    const next = await openGuest(executor, 'wat/counter', 'next', { concurrency: 3 });
    const counts = await Promise.all(Array.from({ length: 5 }, () => next.call([])));
    assert.deepEqual(counts, [[1], [2], [3], [4], [5]]);
    assert.ok(refusals > 0);
  });

  test('goes on without a warm spare', async () => {
    start(8, true);
    granted = 1;
    const next = await openGuest(executor, 'wat/counter', 'next');
    assert.deepEqual(await next.call([]), [1]);
    await eventually('a spare was asked for', () => refusals > 0);
    assert.deepEqual(await next.call([]), [2]);
    await assert.rejects(executor.warm(), REFUSED);
  });

  test('fails the calls behind one that has timed out, and the time-out is told as one', async () => {
    start(1);
    const spin = await openGuest(executor, 'wat/loop', 'spin', { timeout: 0.2 });
    const calls = [spin.call([]), spin.call([])];
    granted = 0;
    await assert.rejects(calls[0]!, { code: 'timeout' });
    await assert.rejects(calls[1]!, REFUSED);
  });

  test('leaves calls behind a stuck one where they are', async () => {
    start(1);
    const spin = await openGuest(executor, 'wat/loop', 'spin', { timeout: 0.5 });
    const other = await openGuest(executor, 'wat/loop', 'ok', { instance: 'fresh' });
    granted = 1;
    const stuck = assert.rejects(spin.call([]), { code: 'timeout' });
    const waiting = other.call([]);
    await eventually('another worker was asked for', () => refusals > 0);
    granted = Infinity;
    await stuck;
    assert.deepEqual(await waiting, [1]);
  });
});

describe('a host that is refused a thread', () => {
  let host: WasmHost;

  beforeEach(() => {
    host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  });
  afterEach(() => host.close());

  const options: FunctionOptions = {
    file: guestFile('wat/triple'),
    export: 'triple',
    abi: 'auto',
    signature: '',
    convention: 'auto',
    result: 'auto',
    timeout: 20,
    memory: 16,
    instance: 'shared',
    concurrency: 1,
    queue: 1000,
  };

  test('says so when a module is to be loaded, and loads it once there is one', async () => {
    granted = 0;
    const triple = host.open(options);
    await assert.rejects(triple.call(2), REFUSED);
    assert.equal(triple.state.kind, 'failed');
    await assert.rejects(host.inspectFile(options.file), REFUSED);
    granted = Infinity;
    assert.equal((await host.inspectFile(options.file)).defaultExport, 'triple');
    await eventually('the module is ready', () => triple.state.kind === 'ready');
    assert.deepEqual(await triple.call(2), { kind: 'value', value: 6 });
  });

  test('says so when a call is tried', async () => {
    await host.inspectFile(options.file);
    granted = 0;
    const trial = await host.try(options, 2, new AbortController().signal);
    assert.equal(trial.kind, 'failed');
    assert.equal(trial.kind === 'failed' && trial.error.code, 'closed');
  });
});
