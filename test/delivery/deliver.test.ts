import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { deliver, type Delivered } from '#dist/delivery/deliver';
import { backOff, retryAfter } from '#dist/delivery/retry-policy';
import type { FlowOutcome, FlowTracker } from '#dist/delivery/outcome';
import { ERROR_CODES } from '#dist/host/errors';

function failed(code?: string): FlowOutcome {
  return { kind: 'failed', error: { message: `failed with ${String(code)}`, ...(code === undefined ? {} : { code }) } };
}

const completed: FlowOutcome = { kind: 'completed' };

interface Run {
  readonly result: Delivered;
  readonly sent: string[];
  readonly waits: number[];
  readonly warnings: string[];
}

/** Delivers one message into a flow whose outcomes are given, one a delivery. */
async function run(outcomes: (FlowOutcome | (() => void))[], attempts = 3): Promise<Run> {
  const controller = new AbortController();
  const sent: string[] = [];
  const waits: number[] = [];
  const warnings: string[] = [];
  const followed: string[] = [];
  const tracker: FlowTracker = {
    deploy: undefined,
    follow(id, settle) {
      assert.equal(settle, 60);
      followed.push(id);
      const outcome = outcomes[followed.length - 1];
      assert.ok(outcome !== undefined, 'one delivery more than expected');
      return typeof outcome === 'function' ? new Promise(() => queueMicrotask(outcome)) : Promise.resolve(outcome);
    },
    close: () => undefined,
  };
  const stop = outcomes.findIndex((outcome) => typeof outcome === 'function');
  if (stop >= 0) outcomes[stop] = () => controller.abort();
  const result = await deliver({
    tracker,
    attempts,
    settle: 60,
    message: (attempt) => ({ _msgid: `id ${String(attempt)}` }),
    send: (message) => {
      assert.equal(followed.at(-1), message._msgid, 'followed before it is sent');
      sent.push(message._msgid);
    },
    signal: controller.signal,
    log: { warn: (text) => warnings.push(text) },
    wait: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
  });
  return { result, sent, waits, warnings };
}

describe('deliver', () => {
  test('acknowledges what the flow completed', async () => {
    const { result, sent, warnings } = await run([completed]);
    assert.deepEqual(result, { kind: 'acknowledge' });
    assert.deepEqual(sent, ['id 1']);
    assert.deepEqual(warnings, []);
  });

  test('acknowledges what settled, with a warning', async () => {
    const { result, warnings } = await run([{ kind: 'settled' }]);
    assert.deepEqual(result, { kind: 'acknowledge' });
    assert.match(warnings.join(), /no progress in the flow for 60 s/);
  });

  test('delivers again after an error, with a new id and longer pauses', async () => {
    const { result, sent, waits } = await run([failed('trap'), failed(), completed]);
    assert.deepEqual(result, { kind: 'acknowledge' });
    assert.deepEqual(sent, ['id 1', 'id 2', 'id 3']);
    assert.deepEqual(waits, [1000, 2000]);
  });

  test('gives up after as many deliveries as were allowed, the first included', async () => {
    const { result, sent } = await run([failed('trap'), failed('timeout'), failed('guest')]);
    assert.deepEqual(result, {
      kind: 'dead-letter',
      attempts: 3,
      error: { code: 'guest', message: 'failed with guest' },
    });
    assert.equal(sent.length, 3);
    assert.equal((await run([failed('trap')], 1)).result.kind, 'dead-letter');
  });

  for (const code of ['arguments', 'abi', 'export', 'result', 'permission', 'topic', 'payload']) {
    test(`gives up at once after ${code}`, async () => {
      const { result } = await run([failed(code)]);
      assert.deepEqual(result, { kind: 'dead-letter', attempts: 1, error: { code, message: `failed with ${code}` } });
    });
  }

  for (const code of ['file', 'module', 'queue', 'closed', 'configuration']) {
    test(`waits as long as it takes after ${code}, and warns once`, async () => {
      const { result, waits, warnings } = await run([...Array.from({ length: 7 }, () => failed(code)), completed], 1);
      assert.deepEqual(result, { kind: 'acknowledge' });
      assert.deepEqual(waits, [1000, 2000, 4000, 5000, 5000, 5000, 5000]);
      assert.equal(warnings.length, 1);
    });
  }

  test('a message that has waited for a module has its attempts, and their pauses, still before it', async () => {
    const waiting = Array.from({ length: 6 }, () => failed('module'));
    const { result, waits } = await run([...waiting, failed('trap'), failed('queue'), failed('trap'), failed('trap')]);
    assert.deepEqual(waits, [1000, 2000, 4000, 5000, 5000, 5000, 1000, 5000, 2000]);
    assert.deepEqual(result, {
      kind: 'dead-letter',
      attempts: 3,
      error: { code: 'trap', message: 'failed with trap' },
    });
  });

  test('delivers again what a deploy stopped on its way', async () => {
    const { result, sent } = await run([{ kind: 'abandoned' }, completed], 1);
    assert.deepEqual(result, { kind: 'acknowledge' });
    assert.equal(sent.length, 2);
  });

  for (const aborted of [false, true]) {
    test(`sends nothing during a deploy, ${aborted ? 'nor when it is aborted then' : 'but after it'}`, async () => {
      const controller = new AbortController();
      let sent = 0;
      let endDeploy = (): void => undefined;
      let deploy: Promise<void> | undefined = new Promise((resolve) => (endDeploy = resolve));
      const result = deliver({
        tracker: {
          get deploy() {
            return deploy;
          },
          follow: () => Promise.resolve(completed),
          close: () => undefined,
        },
        attempts: 1,
        settle: 1,
        message: () => ({ _msgid: '1' }),
        send: () => sent++,
        signal: controller.signal,
        log: { warn: () => undefined },
      });
      await new Promise(setImmediate);
      assert.equal(sent, 0);
      if (aborted) controller.abort();
      deploy = undefined;
      endDeploy();
      assert.deepEqual(await result, { kind: aborted ? 'abandoned' : 'acknowledge' });
      assert.equal(sent, aborted ? 0 : 1);
    });
  }

  test('ends as abandoned when it is aborted while the flow has the message', async () => {
    const { result } = await run([failed('trap'), () => undefined]);
    assert.deepEqual(result, { kind: 'abandoned' });
  });

  test('ends as abandoned when it is aborted during a pause, with the real clock', async () => {
    const controller = new AbortController();
    const result = await deliver({
      tracker: { deploy: undefined, follow: () => Promise.resolve(failed('queue')), close: () => undefined },
      attempts: 3,
      settle: 1,
      message: () => ({ _msgid: '1' }),
      send: () => setImmediate(() => controller.abort()),
      signal: controller.signal,
      log: { warn: () => undefined },
    });
    assert.deepEqual(result, { kind: 'abandoned' });
  });

  test('sends nothing when it is aborted already', async () => {
    const result = await deliver({
      tracker: { deploy: undefined, follow: () => assert.fail('followed'), close: () => undefined },
      attempts: 3,
      settle: 1,
      message: () => assert.fail('made'),
      send: () => assert.fail('sent'),
      signal: AbortSignal.abort(),
      log: { warn: () => undefined },
    });
    assert.deepEqual(result, { kind: 'abandoned' });
  });
});

describe('retry policy', () => {
  test('every code of the host has its place', () => {
    const places = Object.fromEntries(ERROR_CODES.map((code) => [code, retryAfter({ code, message: '' })]));
    assert.deepEqual(places, {
      file: 'wait',
      module: 'wait',
      abi: 'give-up',
      export: 'give-up',
      arguments: 'give-up',
      result: 'give-up',
      trap: 'count',
      timeout: 'count',
      memory: 'count',
      exit: 'count',
      guest: 'count',
      queue: 'wait',
      permission: 'give-up',
      closed: 'wait',
    });
    assert.equal(retryAfter({ message: 'of any node' }), 'count');
    assert.equal(retryAfter({ code: 'ECONNREFUSED', message: '' }), 'count');
  });

  test('the pause doubles to 30 s and stays there; what can be mended any time is looked for every 5 s', () => {
    const deliveries = [1, 2, 3, 4, 5, 6, 7, 5000];
    const pauses = [1000, 2000, 4000, 8000, 16e3, 30e3, 30e3, 30e3];
    assert.deepEqual(
      deliveries.map((count) => backOff(count)),
      pauses,
    );
    assert.deepEqual(
      deliveries.map((count) => backOff(count, 'wait')),
      pauses.map((pause) => Math.min(pause, 5000)),
    );
  });
});
