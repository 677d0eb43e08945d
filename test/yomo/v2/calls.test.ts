/** Calls of tools over connections whose other end is the test. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MAX_CALLS } from '#dist/yomo/limits';
import { Calls } from '#dist/yomo/v2/calls';
import { encodeFrames } from '#dist/yomo/v2/frames';
import { encodeMessage } from '#dist/yomo/v2/exchange';
import { encodeReplyHead } from '#dist/yomo/v2/heads';
import { breakStreams, FedConnection } from '../../support/fed-stream';
import { eventually } from '../../support/node-red';

const reply = (text: string): Buffer =>
  encodeMessage(encodeReplyHead({ status: 200, error: '', bodyFormat: 'bytes', extension: '' }), Buffer.from(text));

/** What becomes of a call, as a word. */
const outcome = (call: Promise<{ readonly body: Buffer }>): Promise<string> =>
  call.then(
    ({ body }) => body.toString(),
    (error: unknown) => String((error as Error).message),
  );

const LOST = /^The connection was lost before the tool answered/;

describe('calls of tools', () => {
  after(breakStreams);

  for (const first of ['streams', 'connection'] as const) {
    test(`those that were not sent wait for the next connection, where the ${first} are the first to tell of the loss`, async () => {
      const waiting = 50;
      const calls = new Calls(1000);
      const broken = new FedConnection();
      calls.connect(broken);
      const outcomes = Array.from({ length: MAX_CALLS + waiting }, (_, index) =>
        outcome(calls.add(Buffer.from(String(index)))),
      );
      assert.equal(broken.streams.length, MAX_CALLS);
      if (first === 'connection') broken.lose();
      for (const stream of broken.streams) {
        stream.finish('broken');
        if (first === 'streams') await turn();
      }
      broken.lose();
      for (const lost of await Promise.all(outcomes.slice(0, MAX_CALLS))) assert.match(lost, LOST);
      assert.equal(broken.streams.length, MAX_CALLS, 'nothing more went over the broken connection');
      assert.equal(calls.waiting, waiting);
      const next = new FedConnection();
      calls.connect(next);
      assert.deepEqual(
        next.streams.map(({ text }) => Number(text)),
        Array.from({ length: waiting }, (_, index) => MAX_CALLS + index),
      );
      for (const stream of next.streams) stream.feed(reply('answer'));
      assert.deepEqual(new Set(await Promise.all(outcomes.slice(MAX_CALLS))), new Set(['answer']));
      await calls.drained();
    });
  }

  test('a stream that breaks alone is one lost call: the others go on over the same connection', async () => {
    const calls = new Calls(1000);
    const connection = new FedConnection();
    calls.connect(connection);
    const lost = outcome(calls.add(Buffer.from('one')));
    connection.streams[0]?.finish('broken');
    assert.match(await lost, LOST);
    const next = outcome(calls.add(Buffer.from('two')));
    await eventually('the next one is sent', () => connection.streams.length === 2);
    connection.streams[1]?.feed(reply('answer'));
    assert.equal(await next, 'answer');
  });

  test('a tool that ends its answer too early costs nobody else any time', async () => {
    const calls = new Calls(1000);
    const connection = new FedConnection();
    calls.connect(connection);
    const lost = outcome(calls.add(Buffer.from('one')));
    connection.streams[0]?.finish('whole');
    assert.match(await lost, LOST);
    void outcome(calls.add(Buffer.from('two')));
    assert.equal(connection.streams.length, 2);
  });

  test('a call without an answer in time is an error, and its stream is given up', async () => {
    const calls = new Calls(1000, 20);
    const connection = new FedConnection();
    calls.connect(connection);
    assert.match(await outcome(calls.add(Buffer.from('x'))), /^The tool did not answer within 0.02 s/);
    assert.equal(connection.streams[0]?.isCancelled, true);
    await calls.drained();
    void outcome(calls.add(Buffer.from('y')));
    assert.equal(connection.streams.length, 2, 'the connection stays in use');
  });

  test('a reply that is whole ends the reading, whether the tool ends its side or not', async () => {
    const calls = new Calls(1000);
    const connection = new FedConnection();
    calls.connect(connection);
    const call = outcome(calls.add(Buffer.from('x')));
    const stream = connection.streams[0];
    stream?.feed(reply('answer').subarray(0, -1));
    await turn();
    assert.equal(stream?.isStopped, false);
    stream?.feed(reply('answer').subarray(-1));
    assert.equal(await call, 'answer');
    await eventually('given up', () => stream?.isStopped === true);
  });

  test('a reply that is malformed is an error of its call, whose stream is given up', async () => {
    const calls = new Calls(1000);
    const connection = new FedConnection();
    calls.connect(connection);
    const call = calls.add(Buffer.from('x'));
    connection.streams[0]?.feed(encodeFrames(Buffer.from('{"status_code":"200"}')));
    await assert.rejects(call, { code: 'frame', message: /status_code is no whole number/ });
    assert.equal(connection.streams[0]?.isCancelled, true);
    assert.equal(
      await Promise.race([outcome(calls.add(Buffer.from('y'))), turn('waits for its answer')]),
      'waits for its answer',
    );
    assert.equal(connection.streams.length, 2);
  });

  test('nothing goes before the tools beside it are ready, unless it is released', async () => {
    const calls = new Calls(1000);
    let isReady!: () => void;
    const first = new FedConnection();
    calls.connect(first, new Promise((resolve) => (isReady = resolve)));
    void outcome(calls.add(Buffer.from('x')));
    await turn();
    assert.equal(first.streams.length, 0);
    isReady();
    await turn();
    assert.equal(first.streams.length, 1);
    const second = new FedConnection();
    calls.connect(second, new Promise(() => undefined));
    void outcome(calls.add(Buffer.from('y')));
    assert.equal(second.streams.length, 0);
    calls.release();
    assert.equal(second.streams.length, 1);
  });

  test('a connection that goes while calls are held back for it is not used when the tools are ready', async () => {
    const calls = new Calls(1000);
    let isReady!: () => void;
    const connection = new FedConnection();
    calls.connect(connection, new Promise((resolve) => (isReady = resolve)));
    void outcome(calls.add(Buffer.from('x')));
    connection.lose();
    await turn();
    isReady();
    await turn();
    assert.equal(connection.streams.length, 0);
    assert.equal(calls.waiting, 1);
  });
});
