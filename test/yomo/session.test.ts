/** What a client does at the bounds of one connection, over a network within the process. */
import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { YomoClient, type YomoState } from '#dist/yomo/client';
import type { DataFrame } from '#dist/yomo/frames';
import { HANDSHAKE_TIMEOUT, LINGER, MAX_FRAME_LENGTH } from '#dist/yomo/limits';
import type { Transport } from '#dist/yomo/transport';
import { MemoryZipper } from '../support/memory-zipper';

const NAME = 'client';
const data: DataFrame = { type: 'data', tag: 1, metadata: new Uint8Array(0), payload: Buffer.from('x') };

function clientOf(transport: Transport) {
  const client = new YomoClient(
    { host: '127.0.0.1', port: 9, verify: false },
    { name: NAME, kind: 'function', observe: [1], buffer: 10 },
    transport,
  );
  const states: YomoState[] = [];
  const frames: string[] = [];
  client.onState((state) => states.push(state));
  client.onFrame(({ payload }) => frames.push(Buffer.from(payload).toString()));
  client.open();
  return { client, states, frames };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

describe('the handshake', () => {
  afterEach(() => {
    mock.timers.reset();
  });

  test('that is not answered in 10 s ends the connection, and another one is made later', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const zipper = new MemoryZipper();
    zipper.keepWaiting(NAME);
    const { client, states } = clientOf(zipper);
    await until(() => zipper.hasHeardOf(NAME));
    mock.timers.tick(HANDSHAKE_TIMEOUT - 1);
    await nextTurn();
    assert.equal(client.state.kind, 'connecting');
    mock.timers.tick(1);
    await nextTurn();
    const state = states.find(({ kind }) => kind === 'waiting');
    assert.match(state?.kind === 'waiting' ? state.reason : '', /^The zipper did not answer the handshake\./);
    await client.close();
  });

  test('that was answered in time is not ended by its time-out', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { client, states } = clientOf(new MemoryZipper());
    await until(() => client.state.kind === 'connected');
    mock.timers.tick(2 * HANDSHAKE_TIMEOUT);
    await nextTurn();
    assert.deepEqual(
      states.map(({ kind }) => kind),
      ['connecting', 'connected'],
    );
    await client.close();
  });

  test('comes before all data: what comes earlier reaches nobody and ends the connection', async () => {
    const zipper = new MemoryZipper();
    zipper.keepWaiting(NAME);
    const { client, states, frames } = clientOf(zipper);
    await until(() => zipper.hasHeardOf(NAME));
    zipper.tell(NAME, data);
    zipper.answer(NAME);
    await until(() => states.length > 1);
    const [, state] = states;
    assert.match(
      state?.kind === 'waiting' ? state.reason : '',
      /sent data where the answer to a handshake is expected/,
    );
    assert.deepEqual(frames, []);
    await client.close();
  });

  test('tells YoMo from other protocols: what seems to be a frame over 16 MiB before it may be anything', async () => {
    const zipper = new MemoryZipper();
    const large = { ...data, payload: Buffer.alloc(MAX_FRAME_LENGTH) };
    zipper.keepWaiting(NAME);
    const { client, states } = clientOf(zipper);
    const reasons = (): string[] => states.flatMap((state) => (state.kind === 'waiting' ? [state.reason] : []));
    await until(() => zipper.hasHeardOf(NAME));
    zipper.tell(NAME, large);
    await until(() => reasons().length === 1);
    zipper.answer(NAME);
    client.hurry();
    await until(() => client.state.kind === 'connected');
    zipper.tell(NAME, large);
    await until(() => reasons().length === 2);
    assert.match(reasons()[0] ?? '', /^What came is not YoMo's protocol v1: A frame has \d+ bytes; at most 16777216/);
    assert.match(reasons()[1] ?? '', /^A frame has \d+ bytes; at most 16777216/);
    await client.close();
  });
});

describe('a client that is closed', () => {
  /** Over a zipper, and when its connection was closed. */
  function watched() {
    const zipper = new MemoryZipper();
    const closed: number[] = [];
    const dial = async (): Promise<Awaited<ReturnType<Transport['dial']>>> => {
      const line = await zipper.dial();
      const close = line.close.bind(line);
      line.close = (...why) => {
        closed.push(performance.now());
        return close(...why);
      };
      return line;
    };
    return { ...clientOf({ dial }), closed };
  }

  test('leaves its connection open for a moment after the last frame, which the zipper may not have read yet', async () => {
    const { client, closed } = watched();
    await client.send({ tag: 2, payload: Buffer.from('last'), metadata: new Map() });
    const sent = performance.now();
    await client.close();
    // A timer may come up to a millisecond early.
    assert.ok((closed[0] ?? 0) - sent >= LINGER - 2, `closed after ${String((closed[0] ?? 0) - sent)} ms`);
  });

  test('does not wait where it has sent nothing', async () => {
    const { client, closed } = watched();
    await until(() => client.state.kind === 'connected');
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      // With a clock that stands still, whoever waited would wait for ever.
      await client.close();
    } finally {
      mock.timers.reset();
    }
    assert.equal(closed.length, 1);
  });
});
