/** A worker thread that fails in a way no guest can bring about. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { createWasmHost } from '#dist/host/host';
import { DEFAULT_LIMITS } from '#dist/host/limits';
import type { WasmFunction, WasmHost } from '#dist/host/wasm-function';
import { guestFile } from '../../support/guests';
import { eventually } from '../../support/node-red';

const threads = createRequire(__filename)('node:worker_threads') as { Worker: typeof Worker };
const { Worker: RealWorker } = threads;

describe('an answer that cannot be read', () => {
  /** Worker threads that run calls. */
  let started: Worker[];
  let host: WasmHost;

  beforeEach(() => {
    started = [];
    threads.Worker = class extends RealWorker {
      constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
        super(file, options);
        if (String(file).endsWith('worker-main.js')) started.push(this);
      }
    };
    host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  });
  afterEach(async () => {
    threads.Worker = RealWorker;
    await host.close();
  });

  function open(file: string, name: string): WasmFunction {
    return host.open({
      file: guestFile(file),
      export: name,
      abi: 'auto',
      signature: '',
      convention: 'auto',
      result: 'auto',
      timeout: 60,
      memory: 16,
      instance: 'shared',
      concurrency: 1,
      queue: 1000,
    });
  }

  test('fails the call that runs, and those behind it are made in another worker', async () => {
    const busy = open('wat/busy', 'work');
    assert.deepEqual(await busy.call(1), { kind: 'value', value: 1_013_904_223 });
    const [running, ...waiting] = [0x7fff_ffff, 1, 1, 1].map((rounds) => busy.call(rounds));
    const failed = assert.rejects(running!, (error: Error & { code: string; cause: object }) => {
      assert.equal(error.code, 'result');
      assert.match(error.message, /ended before it had answered \(no such class\)/);
      return true;
    });
    const activeTime = (): number => started[0]!.performance.eventLoopUtilization().active;
    const before = activeTime();
    await eventually('the call runs', () => activeTime() > before + 20);
    started[0]!.emit('messageerror', new Error('no such class'));
    await failed;
    for (const call of waiting) assert.deepEqual(await call, { kind: 'value', value: 1_013_904_223 });
    assert.equal(started.length, 2);
    await eventually('the first thread is gone', () => started[0]!.threadId === -1);
  });
});
