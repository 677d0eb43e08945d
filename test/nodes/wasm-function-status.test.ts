import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { NodeStatus } from 'node-red';
import { ERROR_CODES, WasmFunctionError } from '#dist/host/errors';
import type { FunctionState } from '#dist/host/wasm-function';
import { Activity } from '#dist/nodes/wasm-function/activity';
import { formatRate, shorten } from '#dist/nodes/wasm-function/status';
import { Flow } from '../support/flow';
import { guestFile } from '../support/guests';
import { repository } from '../support/node-red';

const READY: FunctionState = {
  kind: 'ready',
  inspection: {} as never,
  export: 'triple',
  signature: 'triple (f64) → f64',
  types: { parameters: [{ type: 'f64' }], results: [{ type: 'f64' }] },
};
const REST = 'green (f64) → f64';

describe('the status of a wasm-function with messages on their way', () => {
  let published: NodeStatus[];
  let activity: Activity;
  let now: number;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    now = 0;
    published = [];
    activity = new Activity(
      (status) => published.push(status),
      2,
      () => now,
    );
    activity.become({ kind: 'loading' });
    activity.become(READY);
  });
  afterEach(() => mock.timers.reset());

  function pass(seconds: number, each: () => void = () => undefined): void {
    for (let second = 0; second < seconds; second++) {
      each();
      now += 1000;
      mock.timers.tick(1000);
    }
  }

  function answer(count: number): void {
    for (let index = 0; index < count; index++) {
      activity.began(now);
      activity.answered();
    }
  }

  function fail(code: (typeof ERROR_CODES)[number] = 'trap'): void {
    activity.began(now);
    activity.failed(new WasmFunctionError(code, 'test'));
  }

  const shown = (): string[] => published.map(({ fill, text }) => `${String(fill)} ${String(text)}`);
  const last = (): string | undefined => shown().at(-1);

  test('a ready node shows its types, and is silent while nothing happens', () => {
    assert.deepEqual(shown(), ['yellow wasm-function.status.loading', REST]);
    pass(100);
    assert.equal(published.length, 2);
  });

  test('messages show as so many a second, and the types come back some seconds after the last', () => {
    pass(3, () => answer(120));
    assert.equal(last(), 'green 120/s');
    assert.equal(published.length, 3, 'a steady flow is published once');
    pass(4);
    assert.equal(last(), 'green 120/s');
    pass(2);
    assert.equal(last(), REST);
    const before = published.length;
    pass(100);
    assert.equal(published.length, before);
    answer(7);
    pass(1);
    assert.equal(last(), 'green 7/s', 'what was before the rest does not count');
  });

  test('one message alone makes no rate; a slow flow keeps the one that it has', () => {
    answer(1);
    pass(3);
    assert.equal(published.length, 2, shown().join(', '));
    for (let round = 0; round < 4; round++) {
      answer(1);
      pass(3);
    }
    const rates = shown().slice(2);
    assert.match(rates[0] ?? '', /^green 0\.[3-7]\/s$/);
    assert.ok(!rates.includes(REST), rates.join(', '));
  });

  test('however much changes, a status is published once a second at most', () => {
    let count = 10;
    pass(20, () => {
      answer((count *= 1.5));
      fail();
      answer(1);
      fail('timeout');
    });
    assert.ok(published.length <= 2 + 21, String(published.length));
  });

  test('a failed call shows its reason at once, until the next one succeeds; failures since the deploy are counted', () => {
    pass(1);
    fail();
    assert.equal(last(), 'red wasm-function.status.failed.trap');
    pass(20);
    assert.equal(last(), 'red wasm-function.status.failed.trap');
    pass(1, () => answer(3));
    assert.equal(last(), 'green 3/s ✗ 1');
    pass(10);
    assert.equal(last(), 'green (f64) → f64 ✗ 1');
    fail('timeout');
    pass(1, () => answer(1500));
    assert.equal(last(), 'green 1.5 k/s ✗ 2');
  });

  test('the number of failed calls takes turns with the reason while messages come', () => {
    pass(1);
    fail('timeout');
    const turns: (string | undefined)[] = [];
    for (let second = 0; second < 6; second++) {
      turns.push(last());
      pass(1, () => fail('timeout'));
    }
    const reason = 'red wasm-function.status.failed.timeout';
    assert.deepEqual(turns, [reason, reason, 'red ✗ 3', 'red ✗ 4', reason, reason]);
    pass(10);
    assert.equal(last(), reason, 'a node that rests shows the reason');
    const before = published.length;
    pass(20);
    assert.equal(published.length, before);
  });

  test('a call that hangs after one that timed out shows since when, how many wait, and what has failed', () => {
    activity.began(now);
    activity.began(now);
    for (let index = 0; index < 5; index++) activity.began(now);
    pass(5);
    activity.failed(new WasmFunctionError('timeout', 'test'));
    pass(1);
    assert.equal(last(), 'red wasm-function.status.failed.timeout', 'the reason shows first');
    pass(1);
    assert.equal(last(), 'red ⏳ 1 s, +4 ✗ 1');
    pass(2);
    assert.equal(last(), 'red ⏳ 3 s, +4 ✗ 1');
    for (let index = 0; index < 6; index++) activity.answered();
    pass(1);
    assert.match(last() ?? '', /^green [\d.]+\/s ✗ 1$/);
  });

  test('a call that takes long shows since when, and how many messages wait', () => {
    activity.began(now);
    pass(1);
    assert.equal(last(), 'blue ⏳ 1 s');
    for (let index = 0; index < 12; index++) activity.began(now);
    pass(2);
    assert.equal(last(), 'blue ⏳ 3 s, +11');
    for (let index = 0; index < 13; index++) activity.answered();
    pass(1);
    assert.match(last() ?? '', /^green [\d.]+\/s$/);
  });

  test('a call shorter than a second is no long one, whenever it comes', () => {
    answer(2);
    pass(2);
    now += 500;
    activity.began(now);
    now += 500;
    mock.timers.tick(1000);
    assert.equal(last(), 'green 2/s');
  });

  test('a refused file says that the earlier module runs on, whatever the rate', () => {
    pass(2);
    activity.become({ ...READY, refused: new WasmFunctionError('module', 'test') } as FunctionState);
    assert.equal(last(), 'yellow wasm-function.status.refused');
    pass(3, () => answer(5));
    assert.equal(last(), 'yellow wasm-function.status.refused');
    pass(1, () => fail());
    assert.equal(last(), 'red wasm-function.status.failed.trap');
  });

  test('what failed for want of a module is past when there is one', () => {
    pass(2);
    activity.become({ kind: 'failed', error: new WasmFunctionError('file', 'test') });
    fail('file');
    assert.equal(last(), 'red wasm-function.status.failed.file');
    activity.become(READY);
    pass(10);
    assert.equal(last(), 'green (f64) → f64 ✗ 1');
  });

  test('after the close nothing is published', () => {
    answer(1);
    activity.close();
    fail();
    pass(3);
    assert.equal(last(), REST);
  });
});

describe('the texts of a status', () => {
  test('rates have two figures and a unit', () => {
    const rates = [0.2, 0.993, 1, 7, 123, 999, 1234, 12_345, 78_400, 999_999, 2_345_678];
    assert.deepEqual(rates.map(formatRate), [
      '0.2/s',
      '1/s',
      '1/s',
      '7/s',
      '120/s',
      '1 k/s',
      '1.2 k/s',
      '12 k/s',
      '78 k/s',
      '1 M/s',
      '2.3 M/s',
    ]);
  });

  test('a long signature loses its last parameters, then its end', () => {
    assert.equal(shorten('(string, u32) → bytes', 21), '(string, u32) → bytes');
    assert.equal(shorten('(string, u32) → bytes', 20), '(string, …) → bytes');
    assert.equal(shorten('(string, u32) → bytes', 12), '(…) → bytes');
    assert.equal(shorten('(f64) → (string, bytes, i64)', 20), '(f64) → (string, by…');
  });

  test('words are in the catalogue, short enough, for each code of an error', () => {
    const file = join(repository, 'nodes/wasm-function/locales/en-US/wasm-function.json');
    const catalogue = JSON.parse(readFileSync(file, 'utf8')) as {
      'wasm-function': { status: Record<string, string> & { failed: Record<string, string> } };
    };
    const { failed, ...others } = catalogue['wasm-function'].status;
    assert.deepEqual(Object.keys(failed).sort(), [...ERROR_CODES].sort());
    assert.deepEqual(Object.keys(others).sort(), ['loading', 'misconfigured', 'refused']);
    for (const text of [...Object.values(failed), ...Object.values(others)]) assert.ok(text.length < 21, text);
  });
});

describe('the status of a wasm-function in a flow', () => {
  let flow: Flow;
  afterEach(() => flow.unload());

  test('shows a failed call, and the next that succeeds', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple') });
    await flow.untilStatus('(f64) → f64');
    await flow.call({ payload: 'x' });
    await flow.untilStatus('wasm-function.status.failed.arguments');
    await flow.call({ payload: 1 });
    await flow.untilStatus(/^[\d.]+\/s ✗ 1$/);
  });

  test('shows a call that does not end, and that it was stopped', async () => {
    flow = await Flow.load({ file: guestFile('wat/loop'), export: 'spin', timeout: 2.5 });
    await flow.untilStatus('() → ()');
    const ids = [flow.send({ payload: 1 }), flow.send({ payload: 2 })];
    await flow.untilStatus(/^⏳ [12] s, \+1$/);
    await flow.outcome(ids[0] ?? '');
    await flow.untilStatus('wasm-function.status.failed.timeout');
    await flow.untilStatus(/^⏳ [12] s ✗ 1$/);
  });

  test('shows that a changed file was refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wasm-function-'));
    const file = join(folder, 'changing.wasm');
    await copyFile(guestFile('wat/triple'), file);
    flow = await Flow.load({ file });
    await flow.untilStatus('(f64) → f64');
    await writeFile(file, 'no module');
    await flow.untilStatus('wasm-function.status.refused');
    assert.equal((await flow.call({ payload: 1 })).sent[0]?.payload, 3);
    await rm(folder, { recursive: true });
  });
});
