import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createWasmHost } from '#dist/host/host';
import { DEFAULT_LIMITS } from '#dist/host/limits';
import type { Trial, TrialOptions, WasmHost } from '#dist/host/wasm-function';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';

const never = new AbortController().signal;

function options(guest: string, more: Partial<TrialOptions> = {}): TrialOptions {
  return {
    file: guestFile(guest),
    export: '',
    abi: 'auto',
    signature: '',
    convention: 'auto',
    result: 'auto',
    timeout: 60,
    memory: 64,
    ...more,
  };
}

const SPIN = options('wat/loop', { export: 'spin' });

function errorOf(trial: Trial): { code: string; cause: object } {
  assert.equal(trial.kind, 'failed');
  return trial.kind === 'failed' ? trial.error : assert.fail();
}

describe('a call that is tried', () => {
  let host: WasmHost;
  before(() => {
    host = createWasmHost({ ...DEFAULT_LIMITS, workers: 1 }, { warn: (text) => assert.fail(text) });
  });
  after(() => host.close());

  test('is answered like any other', async () => {
    const trial = await host.try(options('wat/triple'), '14', never);
    assert.ok(trial.kind === 'answered');
    assert.deepEqual(trial.result, { kind: 'value', value: 42 });
    assert.equal(trial.signature, 'triple (f64) → f64');
  });

  test('takes no time of its thread’s start and none of loading', async () => {
    const times: number[] = [];
    for (let index = 0; index < 5; index++) {
      const trial = await host.try(options('wat/triple'), 1, never);
      times.push(trial.milliseconds ?? NaN);
    }
    const atStart = performance.now();
    await host.try(options('wat/triple'), 1, never);
    const whole = performance.now() - atStart;
    assert.ok(Math.min(...times) < whole / 2, `${String(times)} of ${String(whole)} ms`);
  });

  test('runs under the limits that are given', async () => {
    assert.equal(errorOf(await host.try({ ...SPIN, timeout: 0.1 }, undefined, never)).code, 'timeout');
    const { code, cause } = errorOf(await host.try(options('wat/triple'), 'x', never));
    assert.equal(code, 'arguments');
    assert.deepEqual(cause, { file: guestFile('wat/triple'), export: 'triple', signature: 'triple (f64) → f64' });
    assert.equal(errorOf(await host.try(options('wat/loop'), 1, never)).code, 'export');
    assert.equal(errorOf(await host.try(options('wat/none'), 1, never)).code, 'file');
  });

  test('shares neither a thread nor an instance with open functions', async () => {
    const { timeout, memory, ...rest } = options('wat/counter');
    const open = host.open({ ...rest, timeout, memory, instance: 'shared', concurrency: 1, queue: 10 });
    const next = async (): Promise<unknown> => {
      const result = await open.call(undefined);
      return result.kind === 'value' ? result.value : undefined;
    };
    assert.equal(await next(), 1);
    const ended = new AbortController();
    const stuck = [1, 2].map(() => host.try(SPIN, undefined, ended.signal));
    // with one worker for open functions, a shared one would be taken by the calls that do not end
    const tried = await host.try(options('wat/counter'), undefined, never);
    assert.deepEqual(tried.kind === 'answered' && tried.result, { kind: 'value', value: 1 });
    assert.equal(await next(), 2);
    ended.abort();
    for (const trial of await Promise.all(stuck)) assert.equal(errorOf(trial).code, 'closed');
    assert.equal(await next(), 3);
    await open.close();
  });

  test('ends at once while its module still waits to be loaded', async () => {
    const stopped = new AbortController();
    let isLooked = false;
    const looking = host.inspectFile(guestFile('rust-bindgen/guest')).then(() => (isLooked = true));
    const waiting = host.try(SPIN, undefined, stopped.signal);
    stopped.abort();
    assert.equal(errorOf(await waiting).code, 'closed');
    assert.equal(isLooked, false, 'what is looked at before it was not waited for');
    await looking;
  });

  test('ends at once when nobody waits for it any more, and with the host', async () => {
    const before = new AbortController();
    before.abort();
    assert.equal(errorOf(await host.try(SPIN, undefined, before.signal)).code, 'closed');
    const other = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined });
    let loaded = false;
    const running = other.try(SPIN, undefined, never);
    void other.try({ ...SPIN, export: 'ok' }, undefined, never).then(() => (loaded = true));
    await eventually('the one beside it has ended, so that it runs', () => loaded);
    await other.close();
    assert.equal(errorOf(await running).code, 'closed');
  });
});
