/** Frames, heads and bodies of protocol v2 without a network. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeMessage, readMessage } from '#dist/yomo/v2/exchange';
import { encodeFrames, FrameReader } from '#dist/yomo/v2/frames';
import {
  encodeRegistration,
  encodeReplyHead,
  encodeRequestHead,
  parseReplyHead,
  parseRequestHead,
} from '#dist/yomo/v2/heads';
import { FedStream } from '../../support/fed-stream';

const MiB = 1024 * 1024;

const head = (bodyFormat: 'null' | 'bytes' | 'chunk'): Buffer =>
  encodeRequestHead({ name: 'n', traceId: '', spanId: '', bodyFormat, extension: '' });

describe('frames of protocol v2', () => {
  test('a frame is its length in four bytes, the highest first, and its bytes', () => {
    assert.equal(encodeFrames(Buffer.from('yomo'), Buffer.alloc(0)).toString('hex'), '00000004796f6d6f00000000');
  });

  for (const size of [1, 3, 7, 1000]) {
    test(`frames that come in chunks of ${String(size)} bytes are found`, () => {
      const frames = ['', 'a', 'yomo', 'x'.repeat(300)].map((text) => Buffer.from(text));
      const bytes = encodeFrames(...frames);
      const found: Buffer[] = [];
      const reader = new FrameReader();
      for (let at = 0; at < bytes.length; at += size) {
        reader.read(bytes.subarray(at, at + size), (frame) => found.push(frame));
      }
      assert.deepEqual(found, frames);
      assert.equal(reader.isWithin, false);
    });
  }

  test('a length over 4 MiB is refused before anything of it comes', () => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(4 * MiB + 1);
    assert.throws(
      () => {
        new FrameReader().read(bytes, () => undefined);
      },
      { code: 'frame', message: /4194305 bytes; YoMo v2 carries at most 4194304/ },
    );
  });
});

describe('heads of protocol v2', () => {
  test('they have the names of the protocol, each of them', () => {
    assert.deepEqual(JSON.parse(encodeRegistration('n', 'c').toString()), {
      name: 'n',
      credential: 'c',
      json_schema: null,
    });
    assert.deepEqual(JSON.parse(head('bytes').toString()), {
      name: 'n',
      trace_id: '',
      span_id: '',
      body_format: 'bytes',
      extension: '',
    });
    const reply = encodeReplyHead({ status: 200, error: '', bodyFormat: 'bytes', extension: '' });
    assert.equal(reply.toString(), '{"status_code":200,"error_msg":"","body_format":"bytes","extension":""}');
  });

  test('what is missing is blank, and what is wrong is told', () => {
    assert.deepEqual(parseReplyHead(Buffer.from('{"status_code":200}')), {
      status: 200,
      error: '',
      bodyFormat: 'null',
      extension: '',
    });
    for (const text of ['', '[]', 'null', '{"status_code":"200"}', '{"status_code":200,"body_format":"xml"}']) {
      assert.throws(() => parseReplyHead(Buffer.from(text)), {
        code: 'frame',
        message: /not YoMo's protocol v2: .+\./,
      });
    }
    assert.throws(() => parseRequestHead(Buffer.from('{"name":1}')), { code: 'frame', message: /name is no text/ });
  });
});

describe('a message of protocol v2', () => {
  test('is whole with the one frame of its body, before the stream ends', async () => {
    const stream = new FedStream();
    const reading = readMessage(stream, parseRequestHead);
    stream.feed(encodeMessage(head('bytes'), Buffer.from('body')), 5);
    assert.equal((await reading).body.toString(), 'body');
  });

  test('has no body where none is announced', async () => {
    const stream = new FedStream();
    const reading = readMessage(stream, parseRequestHead);
    stream.feed(encodeMessage(head('null')));
    assert.equal((await reading).body.length, 0);
  });

  test('has its chunks joined when the stream ends', async () => {
    const stream = new FedStream();
    const reading = readMessage(stream, parseRequestHead);
    stream.feed(encodeFrames(head('chunk'), Buffer.from('one '), Buffer.from('two')));
    stream.finish('whole');
    assert.equal((await reading).body.toString(), 'one two');
  });

  test('is whole whatever follows it, and its stream is left for the answer', async () => {
    const stream = new FedStream();
    const reading = readMessage(stream, parseRequestHead);
    stream.feed(Buffer.concat([encodeMessage(head('bytes'), Buffer.from('body')), Buffer.alloc(8, 0xff)]));
    assert.equal((await reading).body.toString(), 'body');
    assert.equal(stream.isCancelled, false);
  });

  for (const [what, bytes, how] of [
    ['that ends within a frame', encodeFrames(head('chunk'), Buffer.from('one')).subarray(0, -1), 'whole'],
    ['that ends before its body', encodeFrames(head('bytes')), 'whole'],
    ['of a stream that breaks', encodeFrames(head('chunk'), Buffer.from('one')), 'broken'],
  ] as const) {
    test(`${what}: is none`, async () => {
      const stream = new FedStream();
      const reading = readMessage(stream, parseRequestHead);
      stream.feed(bytes);
      stream.finish(how);
      await assert.rejects(reading, { code: 'zipper', message: /ended before it was whole/ });
    });
  }

  test('in chunks of more than 16 MiB is refused, and its stream left for the answer', async () => {
    const stream = new FedStream();
    const reading = readMessage(stream, parseRequestHead);
    stream.feed(encodeFrames(head('chunk')));
    for (let index = 0; index < 5; index++) stream.feed(encodeFrames(Buffer.alloc(4 * MiB)));
    await assert.rejects(reading, { code: 'frame', message: /more than 16777216 bytes/ });
    assert.equal(stream.isCancelled, false);
  });

  test('that is too large is not made', () => {
    assert.throws(() => encodeMessage(head('bytes'), Buffer.alloc(4 * MiB + 1)), { code: 'payload' });
  });
});
