/** When a client that has lost its zipper tries again. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FIRST_RETRY, LONGEST_RETRY, STABLE_AFTER } from '#dist/yomo/limits';
import { Reconnection } from '#dist/yomo/reconnection';

const zipper = { host: '127.0.0.1', port: 9000 };

/** What each attempt does, in milliseconds: how long it takes, and how long the connection is there then. */
interface Attempt {
  readonly takes: number;
  readonly lasts?: number;
}

describe('attempts to connect', () => {
  /** Milliseconds. */
  let time: number;

  beforeEach(() => {
    time = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(performance, 'now', () => time);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  async function pass(milliseconds: number): Promise<void> {
    time += milliseconds;
    mock.timers.tick(milliseconds);
    await nextTurn();
  }

  /** A client whose zipper goes as `attempt` says, over and over. */
  function start(attempt: Attempt) {
    const tries: number[] = [];
    const reconnection: Reconnection = new Reconnection(zipper, undefined, {
      connect: () => {
        tries.push(time);
        time += attempt.takes;
        if (attempt.lasts !== undefined) {
          reconnection.connected(zipper);
          time += attempt.lasts;
        }
        return Promise.resolve({ kind: 'lost', reason: 'gone' });
      },
      refused: () => assert.fail('refused'),
    });
    const waits: number[] = [];
    reconnection.onState((state) => {
      if (state.kind === 'waiting') waits.push(state.retryIn);
    });
    reconnection.open();
    return { reconnection, waits, tries };
  }

  /** The waits before so many attempts. */
  async function waitsOf(attempt: Attempt, count: number): Promise<number[]> {
    const { reconnection, waits } = start(attempt);
    while (waits.length < count) await pass(waits.at(-1) ?? 0);
    const closed = reconnection.close();
    await pass(LONGEST_RETRY);
    await closed;
    return waits;
  }

  const longest = (retry: number): number => Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** retry);

  for (const [what, attempt] of [
    ['that fail at once', { takes: 0 }],
    ['that take their time to fail', { takes: 2 * STABLE_AFTER }],
    ['whose connection is soon gone', { takes: 0, lasts: STABLE_AFTER / 2 }],
  ] as const) {
    test(`${what} come later and later, up to half a minute apart`, async () => {
      const waits = await waitsOf(attempt, 10);
      for (const [retry, wait] of waits.entries()) {
        assert.ok(wait >= longest(retry) / 2 && wait <= longest(retry), `${String(retry)}: ${String(waits)}`);
      }
    });
  }

  test('come as soon as after the first loss where the connection had lasted', async () => {
    const waits = await waitsOf({ takes: 0, lasts: 2 * STABLE_AFTER }, 10);
    assert.ok(
      waits.every((wait) => wait <= FIRST_RETRY),
      String(waits),
    );
  });

  test('of several clients do not come at once', async () => {
    const waits = (await Promise.all(Array.from({ length: 10 }, () => waitsOf({ takes: 0 }, 1)))).flat();
    assert.ok(new Set(waits).size > 1, String(waits));
  });

  test('are made at once where another client got through, but once until a connection has lasted', async () => {
    const { reconnection, tries } = start({ takes: 0, lasts: 1 });
    await nextTurn();
    assert.equal(tries.length, 1);
    for (let round = 0; round < 5; round += 1) {
      reconnection.hurry();
      await nextTurn();
    }
    assert.equal(tries.length, 2);
    const closed = reconnection.close();
    await pass(LONGEST_RETRY);
    await closed;
  });

  test('may be hurried again after a connection that has lasted', async () => {
    const { reconnection, tries } = start({ takes: 0, lasts: 2 * STABLE_AFTER });
    await nextTurn();
    for (let round = 0; round < 5; round += 1) {
      reconnection.hurry();
      await nextTurn();
    }
    assert.equal(tries.length, 6);
    const closed = reconnection.close();
    await pass(LONGEST_RETRY);
    await closed;
  });
});
