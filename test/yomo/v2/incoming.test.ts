/** Requests to a tool, over streams whose other end is the test. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { IncomingRequests } from '#dist/yomo/v2/incoming';
import { encodeMessage } from '#dist/yomo/v2/exchange';
import { encodeFrames } from '#dist/yomo/v2/frames';
import { encodeRequestHead } from '#dist/yomo/v2/heads';
import type { ToolRequest } from '#dist/yomo/v2/request';
import { FedStream } from '../../support/fed-stream';
import { eventually } from '../../support/node-red';

const KiB = 1024;
const head = (bodyFormat: 'bytes' | 'chunk' = 'bytes'): Buffer =>
  encodeRequestHead({ name: 'tool', traceId: '', spanId: '', bodyFormat, extension: '' });
const whole = (size = 1): Buffer => encodeMessage(head(), Buffer.alloc(size));
/** All but the last byte. */
const unfinished = (size = 1): Buffer => whole(size).subarray(0, -1);

const all: IncomingRequests[] = [];

function receive(options: Partial<ConstructorParameters<typeof IncomingRequests>[0]> = {}) {
  const incoming = new IncomingRequests({ answerTimeout: 60_000, ...options });
  all.push(incoming);
  const requests: ToolRequest[] = [];
  const ask = (bytes?: Uint8Array): FedStream => {
    const stream = new FedStream();
    void incoming.accept(stream, (request) => requests.push(request));
    if (bytes !== undefined) stream.feed(bytes);
    return stream;
  };
  return { incoming, requests, ask };
}

const statusOf = ({ text }: FedStream): number => Number(/"status_code":(\d+)/.exec(text)?.[1]);
const untilRefused = (stream: FedStream): Promise<unknown> =>
  eventually('refused', () => stream.isEnded && stream.isStopped);

describe('requests to a tool', () => {
  // What waits for an answer would keep the process alive.
  after(() => Promise.all(all.map((incoming) => incoming.refuse(503, 'over'))));

  test('one that is not whole in time is refused with 408, also where nothing of it comes at all', async () => {
    const { ask, requests } = receive({ requestTimeout: 20 });
    for (const stream of [ask(), ask(unfinished())]) {
      await untilRefused(stream);
      assert.equal(statusOf(stream), 408);
      assert.match(stream.text, /not whole within 0.02 s/);
      stream.feed(Uint8Array.of(0));
    }
    assert.equal(requests.length, 0);
  });

  test('the time to answer counts from the opening of the stream', async () => {
    const { ask, requests } = receive({ answerTimeout: 50, requestTimeout: 1000 });
    const begun = performance.now();
    const stream = ask(unfinished());
    await eventually('half of the time is over', () => performance.now() - begun > 50);
    stream.feed(Uint8Array.of(0));
    await untilRefused(stream);
    assert.equal(requests.length, 1);
    assert.equal(statusOf(stream), 504);
  });

  test('where there are too many, the one that is unfinished for longest makes room', async () => {
    const { ask, requests } = receive({ maxRequests: 3 });
    const [first, second, third] = [ask(unfinished()), ask(unfinished()), ask(unfinished())];
    const fourth = ask(whole());
    await untilRefused(first);
    assert.equal(statusOf(first), 503);
    await eventually('the newcomer is there', () => requests.length === 1);
    for (const stream of [second, third, fourth]) assert.equal(stream.text, '');
  });

  test('where the whole ones leave no room, the newcomer is refused until one is answered', async () => {
    const { ask, requests } = receive({ maxRequests: 2 });
    ask(whole());
    ask(whole());
    await eventually('both are there', () => requests.length === 2);
    const refused = ask(whole());
    await untilRefused(refused);
    assert.equal(statusOf(refused), 503);
    await requests[0]?.answer(Buffer.from('answer'));
    ask(whole());
    await eventually('there is room again', () => requests.length === 3);
  });

  test('their bodies have a limit together, whole or not', async () => {
    const { ask, requests } = receive({ maxBytes: 100 * KiB });
    const first = ask(unfinished(40 * KiB));
    ask(whole(40 * KiB));
    await eventually('the whole one is there', () => requests.length === 1);
    assert.equal(first.text, '');
    const third = ask(unfinished(40 * KiB));
    await untilRefused(first);
    assert.equal(statusOf(first), 503);
    third.feed(Uint8Array.of(0));
    await eventually('the third is there', () => requests.length === 2);
    const fourth = ask(unfinished(40 * KiB));
    await untilRefused(fourth);
    assert.equal(statusOf(fourth), 503);
    for (const request of requests) await request.answer(Buffer.from('answer'));
    ask(whole(90 * KiB));
    await eventually('what was answered takes nothing any more', () => requests.length === 3);
  });

  test('their heads count as well', async () => {
    const { ask, requests } = receive({ maxBytes: 100 * KiB });
    const extension = 'x'.repeat(40 * KiB);
    const bodyless = encodeMessage(
      encodeRequestHead({ name: 'tool', traceId: '', spanId: '', bodyFormat: 'null', extension }),
    );
    ask(bodyless);
    ask(bodyless);
    await eventually('both are there', () => requests.length === 2);
    const refused = ask(bodyless);
    await untilRefused(refused);
    assert.equal(statusOf(refused), 503);
    await requests[0]?.answer(Buffer.from('answer'));
    ask(bodyless);
    await eventually('there is room again', () => requests.length === 3);
  });

  for (const [what, bytes] of [
    ['is no JSON', encodeFrames(Buffer.from('yomo'))],
    ['has a frame that is too long', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
  ] as const) {
    test(`one that ${what} is refused with 400 before its stream is given up`, async () => {
      const { ask } = receive();
      const stream = ask(bytes);
      await untilRefused(stream);
      assert.equal(statusOf(stream), 400);
      assert.equal(stream.isCancelled, false);
    });
  }

  test('an answer ends its stream both ways, whether the caller ends its own side or not', async () => {
    const { ask, requests } = receive();
    const stream = ask(whole());
    await eventually('it is there', () => requests.length === 1);
    assert.equal(stream.isStopped, false);
    await requests[0]?.answer(Buffer.from('answer'));
    assert.deepEqual([stream.isStopped, stream.isEnded, stream.isCancelled], [true, true, false]);
    assert.match(stream.text, /answer$/);
  });

  test('those who ask a tool that closes are told, also where they had not finished', async () => {
    const { incoming, ask, requests } = receive();
    const streams = [ask(unfinished()), ask(whole())];
    await eventually('the whole one is there', () => requests.length === 1);
    await incoming.refuse(503, 'closing');
    for (const stream of streams) {
      await untilRefused(stream);
      assert.match(stream.text, /503.*closing/);
    }
  });

  for (const [what, bytes] of [
    ['whole', whole()],
    ['unfinished', unfinished()],
  ] as const) {
    test(`who closes hears when the ${what} request has been told, not before`, async () => {
      const { incoming, ask } = receive();
      const stream = ask(bytes);
      await turn();
      let write!: () => void;
      stream.write = () => new Promise((resolve) => (write = resolve));
      const refused = incoming.refuse(503, 'closing').then(() => 'told');
      assert.equal(await Promise.race([refused, turn('on its way')]), 'on its way');
      write();
      assert.equal(await refused, 'told');
      assert.equal(stream.isEnded, true);
    });
  }
});
