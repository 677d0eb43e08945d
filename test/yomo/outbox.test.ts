/** What waits for a connection, without one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { YomoError } from '#dist/yomo/errors';
import { MAX_WAITING_BYTES } from '#dist/yomo/limits';
import { Outbox } from '#dist/yomo/outbox';

/** A connection whose writes end when the test says so. */
class Line {
  readonly written: string[] = [];
  #end: { resolve: () => void; reject: (error: Error) => void } | undefined;

  readonly write = (bytes: Uint8Array): Promise<void> => {
    this.written.push(Buffer.from(bytes).toString());
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
    });
  };

  async take(): Promise<void> {
    this.#end?.resolve();
    await turn();
  }

  async break(): Promise<void> {
    this.#end?.reject(new Error('gone'));
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Adds frames and notes which have been handed over. */
function fill(outbox: Outbox, texts: readonly string[], done: string[] = []): string[] {
  for (const text of texts) {
    outbox.add(Buffer.from(text)).then(
      () => done.push(text),
      (error: unknown) => done.push(`${text}: ${(error as YomoError).code}`),
    );
  }
  return done;
}

describe('the frames that wait', () => {
  test('go together in the order they came, and are done when they are taken', async () => {
    const [outbox, line] = [new Outbox(10), new Line()];
    const done = fill(outbox, ['a', 'b']);
    outbox.connect(line.write);
    await turn();
    fill(outbox, ['c'], done);
    assert.deepEqual([line.written, done, outbox.waiting], [['ab'], [], 3]);
    await line.take();
    assert.deepEqual([line.written, done, outbox.waiting], [['ab', 'c'], ['a', 'b'], 1]);
    await line.take();
    await outbox.drained();
    assert.deepEqual([done, outbox.waiting], [['a', 'b', 'c'], 0]);
  });

  test('are divided into writes of 64 KiB, but none of them in two', async () => {
    const [outbox, line] = [new Outbox(10), new Line()];
    outbox.connect(line.write);
    fill(
      outbox,
      [1, 40_000, 40_000, 100_000, 1].map((size) => 'x'.repeat(size)),
    );
    for (let round = 0; round < 4; round += 1) {
      await turn();
      await line.take();
    }
    assert.deepEqual(
      line.written.map(({ length }) => length),
      [40_001, 40_000, 100_000, 1],
    );
  });

  test('are written again on the next connection where they were being handed over', async () => {
    const [outbox, first, second] = [new Outbox(10), new Line(), new Line()];
    outbox.connect(first.write);
    const done = fill(outbox, ['a']);
    await turn();
    fill(outbox, ['b'], done);
    outbox.disconnect();
    await first.break();
    assert.deepEqual(done, []);
    outbox.connect(second.write);
    await turn();
    await second.take();
    assert.deepEqual([first.written, second.written, done], [['a'], ['ab'], ['a', 'b']]);
  });

  test('are on the next connection even where the write of the last one ends later', async () => {
    const [outbox, first, second] = [new Outbox(10), new Line(), new Line()];
    outbox.connect(first.write);
    const done = fill(outbox, ['a']);
    await turn();
    outbox.disconnect();
    outbox.connect(second.write);
    await first.break();
    await second.take();
    assert.deepEqual([second.written, done], [['a'], ['a']]);
  });

  test('are held back on a connection that is not ready, and written when it is, or when they are released', async () => {
    for (const isReleased of [false, true]) {
      const [outbox, line] = [new Outbox(10), new Line()];
      let beReady = (): void => undefined;
      outbox.connect(line.write, new Promise((resolve) => (beReady = resolve)));
      const done = fill(outbox, ['a']);
      await turn();
      assert.deepEqual(line.written, []);
      if (isReleased) outbox.release();
      else beReady();
      await outbox.released();
      await turn();
      await line.take();
      beReady();
      await turn();
      assert.deepEqual([line.written, done], [['a'], ['a']]);
    }
  });

  test('are not written to a connection that goes before it is ready', async () => {
    const [outbox, first, second] = [new Outbox(10), new Line(), new Line()];
    let beReady = (): void => undefined;
    outbox.connect(first.write, new Promise((resolve) => (beReady = resolve)));
    fill(outbox, ['a']);
    const released = outbox.released();
    outbox.disconnect();
    await released;
    beReady();
    await turn();
    outbox.release();
    outbox.connect(second.write);
    await turn();
    assert.deepEqual([first.written, second.written], [[], ['a']]);
  });

  test('are as many as the buffer without a connection, and more with one', async () => {
    const [outbox, line] = [new Outbox(1), new Line()];
    const done = fill(outbox, ['a', 'b']);
    await turn();
    assert.deepEqual(done, ['b: buffer']);
    outbox.connect(line.write);
    fill(outbox, ['c', 'd'], done);
    assert.equal(outbox.waiting, 3);
  });

  test('have a limit in bytes, connected or not', async () => {
    const [outbox, line] = [new Outbox(1000), new Line()];
    outbox.connect(line.write);
    const quarter = Buffer.alloc(MAX_WAITING_BYTES / 4 - 1000);
    const ends = [1, 2, 3, 4].map(() => outbox.add(quarter));
    await assert.rejects(outbox.add(quarter), { code: 'buffer', message: /64 MiB/ });
    for (let round = 0; round < 4; round += 1) {
      await turn();
      await line.take();
    }
    await Promise.all(ends);
    await Promise.race([outbox.add(quarter), turn()]);
    assert.equal(outbox.waiting, 1);
  });

  test('all end in one error, and nothing of them is written any more', async () => {
    const [outbox, line] = [new Outbox(10), new Line()];
    const done = fill(outbox, ['a', 'b']);
    outbox.reject(new YomoError('closed', 'The client was closed.'));
    outbox.connect(line.write);
    await turn();
    assert.deepEqual([line.written, done, outbox.waiting], [[], ['a: closed', 'b: closed'], 0]);
  });

  test('that are being written are told once, however the write ends', async () => {
    const [outbox, line] = [new Outbox(10), new Line()];
    outbox.connect(line.write);
    const done = fill(outbox, ['a']);
    await turn();
    outbox.reject(new YomoError('closed', 'The client was closed.'));
    fill(outbox, ['b'], done);
    await line.take();
    assert.deepEqual([line.written, done], [['a', 'b'], ['a: closed']]);
    await line.take();
    assert.deepEqual(done, ['a: closed', 'b']);
  });
});
