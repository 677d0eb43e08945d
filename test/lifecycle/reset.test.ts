/** `msg.reset` at every moment of a node's life: each message sees the state it would see if all were quick. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Flow } from '../support/flow';
import { guestFile } from '../support/guests';

/** Each call returns how many its instance has had. */
const counter = { file: guestFile('wat/counter') };

describe('a reset', () => {
  let flow: Flow;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reset-'));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(() => flow.unload());

  /** Sends everything at once. @returns the results, in the order they came out */
  async function counts(messages: readonly object[]): Promise<unknown[]> {
    const before = flow.sent.length;
    for (const id of messages.map((message) => flow.send({ ...message }))) {
      const { error } = await flow.outcome(id);
      assert.equal(error, undefined);
      assert.equal(flow.endings(id), 1);
    }
    return flow.sent.slice(before).map(({ payload }) => payload);
  }

  const call = { payload: 0 };
  const reset = { reset: true };
  const both = { payload: 0, reset: true };

  test('that comes while the module is loaded has its place among the messages that wait', async () => {
    flow = await Flow.load(counter);
    assert.deepEqual(await counts([reset, call, call, reset, call, both, call, reset]), [1, 2, 1, 1, 2]);
  });

  test('is no error while the module is missing, and the state starts clean when it has come', async () => {
    const file = join(folder, 'late.wasm');
    flow = await Flow.load({ file });
    assert.equal((await flow.call({ ...call })).error?.code, 'file');
    const alone = await flow.call({ ...reset });
    assert.ok(alone.error === undefined || alone.error.code === 'file');
    await copyFile(guestFile('wat/counter'), file);
    await flow.untilStatus(/^\(\) → i32/);
    assert.deepEqual(await counts([call, reset, call]), [1, 1]);
  });

  test('with calls in flight leaves those their state, and the ones after it start anew', async () => {
    flow = await Flow.load(counter);
    await flow.untilStatus(/^\(\) → i32/);
    const calls = Array.from({ length: 300 }, () => call);
    const expected = calls.map((_, index) => index + 1);
    assert.deepEqual(await counts([...calls, reset, ...calls, both, ...calls.slice(1)]), [
      ...expected,
      ...expected,
      ...expected,
    ]);
  });

  test('reaches every instance of a node that has several', async () => {
    flow = await Flow.load({ ...counter, concurrency: 3 });
    const calls = Array.from({ length: 30 }, () => call);
    await counts(calls);
    const after = await counts([reset, ...calls]);
    // however the calls were spread: each instance counts on its own, from one
    const largest = Math.max(...(after as number[]));
    for (let count = 1; count <= largest; count++) {
      const times = after.filter((each) => each === count).length;
      assert.ok(times >= 1 && times <= 3, `${String(count)} came ${String(times)} times`);
    }
    assert.ok(after.filter((each) => each === 1).length === 3, 'all three instances were new');
  });

  test('alone is enough where the input is nested, in flight too', async () => {
    flow = await Flow.load({ ...counter, input: 'payload.reading.value' });
    const nested = { payload: { reading: { value: 0 } } };
    const flat = { payload: 'flat', reset: true };
    assert.deepEqual(await counts([nested, nested, reset, nested, flat, nested]), [1, 2, 1, 1]);
  });

  test('changes nothing where each message has an instance of its own', async () => {
    flow = await Flow.load({ ...counter, instance: 'fresh', concurrency: 2 });
    assert.deepEqual(await counts([call, reset, call, both, call]), [1, 1, 1, 1]);
  });

  test('reaches the function whose path stands in the context', async () => {
    await copyFile(guestFile('wat/counter'), join(folder, 'chosen.wasm'));
    flow = await Flow.load({ file: 'path', fileType: 'flow' }, { userDir: folder });
    flow.node.context().flow.set('path', 'chosen.wasm');
    assert.deepEqual(await counts([call, call, reset, call, call]), [1, 2, 1, 2]);
  });
});
