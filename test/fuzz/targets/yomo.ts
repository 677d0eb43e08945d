/**
 * What comes from a zipper: packets, frames, a stream of them in chunks, metadata. Seeds are frames as YoMo writes them.
 * What is read is the same when it is written and read again; what is not is a YomoError.
 */
import assert from 'node:assert/strict';
import { YomoError } from '#dist/yomo/errors';
import { FrameReader } from '#dist/yomo/frame-reader';
import { decodeFrame, encodeFrame, type Frame } from '#dist/yomo/frames';
import { decodeMetadata, encodeMetadata } from '#dist/yomo/metadata';
import {
  decodeFloat32,
  decodeFloat64,
  decodeUint32,
  decodeVarint32,
  decodeVarint64,
  encodeFloat64,
  encodeNode,
  encodePacket,
  encodeUint32,
  encodeVarint32,
  encodeVarint64,
  readPackets,
  type Packet,
} from '#dist/yomo/y3';
import { join, mutateBytes } from '../mutate';
import type { Random } from '../random';
import type { Outcome, Target } from '../target';

/** Bytes that a whole frame has at most here, so that mutations reach the limit. */
const LIMIT = 2000;

const FRAMES = [
  'b1240103737263030469642d3002015f060004000500070a323032342d30312d303309000800',
  'b139010373666e030469642d3002015d060833000000341200000405746f6b656e0506733363726574070a323032342d30312d3033090008027431',
  'a900',
  'b90401026e6f',
  'ae050103627965',
  'be10010e3132372e302e302e313a39303032',
  'bf0b01013303000204796f6d6f',
  'bf0d010300800003000204796f6d6f',
  'bf805401013303804582ae796f6d6f2d736f757263652d6964b54c5f325a6e4c48524a4c614a4969742d44634e3332a8796f6d6f2d746964b56a6d48794a617737757572684f4267615432384150020768656c6c6f2030',
  '811b90191104432060271206aef3d2ccae6013093132372e302e302e31',
].map((hex) => Buffer.from(hex, 'hex'));

const METADATA = [
  '80',
  '81a8796f6d6f2d746964a174',
  '82a95f5f70726f746f5f5fa161ab636f6e7374727563746f72d90162',
  '81a16bda0003787878',
  'de0001a161a162',
  'df00000001a161a162',
].map((hex) => Buffer.from(hex, 'hex'));

function mutated(seed: Uint8Array, random: Random): Uint8Array {
  let bytes = seed;
  for (let times = random.below(4); times > 0; times -= 1) bytes = mutateBytes(bytes, random);
  return bytes;
}

/** @returns undefined where it ended in a YomoError of one of the codes */
export function attempt<T>(work: () => T, ...codes: readonly string[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof YomoError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export const yomoPackets: Target = {
  name: 'yomo-packets',
  weight: 2,
  make: (random) => mutated(random.pick(FRAMES), random),
  check(bytes): Outcome {
    const packets = attempt(() => readPackets(bytes), 'frame');
    if (packets === undefined) return 'refused';
    const again = readPackets(join(...packets.map(written)));
    assert.deepEqual(again.map(plain), packets.map(plain));
    for (const { value } of packets) readNumbers(value);
    return 'accepted';
  },
};

function written({ id, isNode, isSlice, value }: Packet): Uint8Array {
  const tag = id | (isSlice ? 0x40 : 0);
  return isNode ? encodeNode(tag, [value]) : encodePacket(tag, value);
}

function plain({ value, ...rest }: Packet): object {
  return { ...rest, value: hexOf(value) };
}

/** Every kind of number that the bytes may be. */
function readNumbers(bytes: Uint8Array): void {
  const unsigned = attempt(() => decodeUint32(bytes), 'frame');
  if (unsigned !== undefined) assert.equal(decodeUint32(encodeUint32(unsigned)), unsigned);
  const short = attempt(() => decodeVarint32(bytes), 'frame');
  if (short !== undefined) assert.equal(decodeVarint32(encodeVarint32(short)), short);
  const long = attempt(() => decodeVarint64(bytes), 'frame');
  if (long !== undefined) assert.equal(decodeVarint64(encodeVarint64(long)), long);
  if (short !== undefined) assert.equal(long, BigInt(short));
  const double = attempt(() => decodeFloat64(bytes), 'frame');
  if (double !== undefined) assert.ok(Object.is(decodeFloat64(encodeFloat64(double)), double));
  attempt(() => decodeFloat32(bytes), 'frame');
}

export const yomoFrames: Target = {
  name: 'yomo-frames',
  weight: 1,
  make: (random) => mutated(random.pick(FRAMES), random),
  check(bytes): Outcome {
    const frame = attempt(() => decodeFrame(bytes), 'frame');
    if (frame === undefined) return 'refused';
    if (frame.type !== 'unknown') assert.deepEqual(shown(decodeFrame(encodeFrame(frame))), shown(frame));
    return 'accepted';
  },
};

function shown(frame: Frame): object {
  if (frame.type !== 'data') return frame;
  return { ...frame, payload: hexOf(frame.payload), metadata: hexOf(frame.metadata) };
}

export const yomoStream: Target = {
  name: 'yomo-stream',
  weight: 2,
  make: (random) => join(...Array.from({ length: 1 + random.below(6) }, () => mutated(random.pick(FRAMES), random))),
  check(bytes): Outcome {
    const whole = readAll(bytes, [bytes.length]);
    for (const chunks of [[1], chunkSizes(bytes)]) assert.deepEqual(readAll(bytes, chunks), whole);
    return whole.reason === undefined ? 'accepted' : 'refused';
  },
};

/** They follow from the bytes, so that a case is all there is to it. */
export function chunkSizes(bytes: Uint8Array): number[] {
  return Array.from(bytes.subarray(0, 20), (byte) => 1 + (byte % 23));
}

/**
 * Gives bytes in chunks.
 * @param sizes of the chunks, over and over
 * @returns the words of the YomoError that it ended in
 */
export function feed(
  bytes: Uint8Array,
  sizes: readonly number[],
  take: (chunk: Uint8Array) => void,
): string | undefined {
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const end = at + (sizes[turn % sizes.length] ?? 1);
      take(bytes.subarray(at, end));
      at = end;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof YomoError)) throw error;
    return error.message;
  }
}

function readAll(bytes: Uint8Array, sizes: readonly number[]) {
  const reader = new FrameReader(LIMIT);
  const frames: object[] = [];
  /** Bytes since the chunk with the last frame. */
  let waiting = 0;
  const reason = feed(bytes, sizes, (chunk) => {
    waiting += chunk.length;
    reader.read(chunk, (frame) => {
      frames.push(shown(frame));
      waiting = 0;
    });
    assert.ok(waiting <= LIMIT);
  });
  return { frames, reason };
}

export const yomoMetadata: Target = {
  name: 'yomo-metadata',
  weight: 1,
  make: (random) => mutated(random.pick(METADATA), random),
  check(bytes): Outcome {
    const metadata = attempt(() => decodeMetadata(bytes), 'metadata');
    if (metadata === undefined) return 'refused';
    assert.deepEqual(decodeMetadata(encodeMetadata(metadata)), metadata);
    return 'accepted';
  },
};
