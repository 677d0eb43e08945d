/**
 * What comes from a zipper of protocol v2: a stream of frames in chunks, the heads of requests and replies, and a whole
 * message, which is a head and the body that it announces. Seeds are what a zipper of YoMo 2 sends. What is read is the same
 * however it is cut, and when it is written and read again; what is not is a YomoError.
 */
import assert from 'node:assert/strict';
import { MessageReader, encodeMessage, type Message } from '#dist/yomo/v2/exchange';
import { encodeFrames, FrameReader } from '#dist/yomo/v2/frames';
import {
  encodeReplyHead,
  encodeRequestHead,
  parseReplyHead,
  parseRequestHead,
  type ReplyHead,
  type RequestHead,
} from '#dist/yomo/v2/heads';
import { mutateBytes, mutateText } from '../mutate';
import type { Random } from '../random';
import type { Outcome, Target } from '../target';
import { repeatedly } from './identify';
import { attempt, chunkSizes, feed } from './yomo';

/** Bytes that a frame has at most here, so that mutations reach the limit. */
const LIMIT = 2000;
/** Those of its length. */
const HEAD = 4;

const HEADS = [
  '{"name":"triple","trace_id":"t","span_id":"s","body_format":"bytes","extension":"{\\"a\\":1}"}',
  '{"name":"triple","trace_id":"","span_id":"","body_format":"chunk","extension":""}',
  '{"name":"\\u00e9\\ud83d","trace_id":"","span_id":"","body_format":"null","extension":""}',
  '{"status_code":200,"error_msg":"","body_format":"bytes","extension":""}',
  '{"status_code":200,"error_msg":""}',
  '{"status_code":404,"error_msg":"downstream not found","body_format":"null","extension":""}',
  '{"__proto__":{"name":"x"},"constructor":"y","status_code":500,"body_format":"chunk"}',
];
const WORDS = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\\u', '0', '-', '.5', 'e9', 'null', 'true', ' ', '\u0000', '\ud800'],
  ...['"name":', '"status_code":', '"body_format":', '"bytes"', '"chunk"', '"null"', '"__proto__":{}', '"extension":'],
];
const BODIES = ['', '42', 'x'.repeat(300), '\u0000\u0000\u0000\u0001'];

const headText = (random: Random): string =>
  repeatedly(random.pick(HEADS), random, (text) => mutateText(text, random, HEADS, WORDS));

/** Frames whose lengths are right, unless bytes are changed afterwards. */
function framesFrom(random: Random): Uint8Array {
  // most heads are as they should be, or no body would be looked at
  const head = random.oneIn(3) ? headText(random) : random.pick(HEADS);
  const bodies = Array.from({ length: random.below(4) }, () => random.pick(BODIES));
  const bytes = encodeFrames(...[head, ...bodies].map((text) => Buffer.from(text)));
  return random.oneIn(2) ? bytes : mutateBytes(bytes, random);
}

export const yomoV2Stream: Target = {
  name: 'yomo-v2-stream',
  weight: 1,
  make: framesFrom,
  check(bytes): Outcome {
    const whole = readFrames(bytes, [bytes.length]);
    for (const chunks of [[1], chunkSizes(bytes)]) assert.deepEqual(readFrames(bytes, chunks), whole);
    const again = encodeFrames(...whole.frames.map((hex) => Buffer.from(hex, 'hex')));
    assert.deepEqual(again, Buffer.from(bytes.subarray(0, again.length)));
    return whole.reason === undefined ? 'accepted' : 'refused';
  },
};

function readFrames(bytes: Uint8Array, sizes: readonly number[]) {
  const reader = new FrameReader(LIMIT);
  const frames: string[] = [];
  /** Bytes since the chunk with the last frame. */
  let waiting = 0;
  const reason = feed(bytes, sizes, (chunk) => {
    waiting += chunk.length;
    reader.read(chunk, (frame) => {
      frames.push(frame.toString('hex'));
      waiting = 0;
    });
    assert.ok(waiting <= LIMIT + HEAD);
  });
  return { frames, reason };
}

export const yomoV2Heads: Target = {
  name: 'yomo-v2-heads',
  weight: 1,
  make: (random) => Buffer.from(headText(random)),
  check(bytes): Outcome {
    const text = Buffer.from(bytes);
    const request = attempt(() => parseRequestHead(text), 'frame');
    if (request !== undefined) assert.deepEqual(parseRequestHead(encodeRequestHead(request)), request);
    const reply = attempt(() => parseReplyHead(text), 'frame');
    // equal but for the sign of zero, which JSON does not write
    if (reply !== undefined)
      assert.equal(JSON.stringify(parseReplyHead(encodeReplyHead(reply))), JSON.stringify(reply));
    return request === undefined && reply === undefined ? 'refused' : 'accepted';
  },
};

export const yomoV2Exchange: Target = {
  name: 'yomo-v2-exchange',
  weight: 1,
  make: framesFrom,
  check(bytes): Outcome {
    const sides = [
      checkSide<RequestHead>(bytes, parseRequestHead, encodeRequestHead),
      checkSide<ReplyHead>(bytes, parseReplyHead, encodeReplyHead),
    ];
    return sides.includes('accepted') ? 'accepted' : 'refused';
  },
};

/** As a client reads it, in a stream that then ends. */
function checkSide<Head extends RequestHead | ReplyHead>(
  bytes: Uint8Array,
  parse: (bytes: Buffer) => Head,
  encode: (head: Head) => Buffer,
): Outcome {
  const whole = readMessage(bytes, [bytes.length], parse);
  for (const chunks of [[1], chunkSizes(bytes)]) assert.deepEqual(readMessage(bytes, chunks, parse), whole);
  const { message } = whole;
  if (message === undefined) return 'refused';
  const head = encode(message.head);
  const again = message.head.bodyFormat === 'null' ? encodeMessage(head) : encodeMessage(head, message.body);
  assert.equal(JSON.stringify(readMessage(again, [again.length], parse).message), JSON.stringify(message));
  return 'accepted';
}

function readMessage<Head extends RequestHead | ReplyHead>(
  bytes: Uint8Array,
  sizes: readonly number[],
  parse: (bytes: Buffer) => Head,
) {
  const messages: Message<Head>[] = [];
  const reader = new MessageReader(parse, (message) => messages.push(message));
  const reason = feed(bytes, sizes, (chunk) => {
    reader.take(chunk);
  });
  if (reason === undefined) reader.end();
  assert.ok(messages.length <= 1, 'a message is whole once');
  return { message: messages[0], reason };
}
