/** What both readers of frames, and a body in chunks, cost in copies and memory, however the bytes come. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FrameReader } from '#dist/yomo/frame-reader';
import { encodeFrame } from '#dist/yomo/frames';
import { GatheredBytes } from '#dist/yomo/gathered-bytes';
import { MAX_FRAME_LENGTH, MAX_V2_BODY_LENGTH, MAX_V2_FRAME_LENGTH } from '#dist/yomo/limits';
import { readMessage } from '#dist/yomo/v2/exchange';
import { encodeFrames, FrameReader as FrameReaderV2 } from '#dist/yomo/v2/frames';
import { encodeRequestHead, parseRequestHead } from '#dist/yomo/v2/heads';
import { FedStream } from '../support/fed-stream';

const LONG = process.env.TEST_LONG !== undefined;
const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Reading {
  readonly name: string;
  /** The largest that it takes; less in the short form where single bytes take long. */
  readonly bytes: () => Uint8Array;
  /** Takes it piece by piece. */
  readonly begin: () => (piece: Uint8Array) => void;
}

/** A body in frames of one byte each. */
function bodyInChunks(): Uint8Array {
  const head = encodeRequestHead({ name: 'n', traceId: '', spanId: '', bodyFormat: 'chunk', extension: '' });
  const size = LONG ? MAX_V2_BODY_LENGTH : MIB / 4;
  const chunks = Buffer.alloc(5 * size);
  for (let at = 0; at < chunks.length; at += 5) chunks[at + 3] = 1;
  return Buffer.concat([encodeFrames(head), chunks]);
}

const readings: readonly Reading[] = [
  {
    name: 'a frame of protocol v1',
    bytes: () => {
      const payload = Buffer.alloc((LONG ? MAX_FRAME_LENGTH : 2 * MIB) - 100);
      return encodeFrame({ type: 'data', tag: 1, metadata: new Uint8Array(0), payload });
    },
    begin: () => {
      const reader = new FrameReader();
      return (piece) => {
        reader.read(piece, () => undefined);
      };
    },
  },
  {
    name: 'a frame of protocol v2',
    bytes: () => encodeFrames(Buffer.alloc(MAX_V2_FRAME_LENGTH)),
    begin: () => {
      const reader = new FrameReaderV2();
      return (piece) => {
        reader.read(piece, () => undefined);
      };
    },
  },
  {
    name: 'a body in chunks',
    bytes: bodyInChunks,
    begin: () => {
      const stream = new FedStream();
      void readMessage(stream, parseRequestHead);
      return (piece) => {
        stream.feed(piece);
      };
    },
  },
];

/** @returns how many bytes of room are set aside by what is done; small ones are heads and single bytes */
function roomMadeBy(work: () => void): number {
  let room = 0;
  const allocate = Buffer.allocUnsafeSlow;
  Buffer.allocUnsafeSlow = (size) => {
    if (size > 16) room += size;
    return allocate(size);
  };
  try {
    work();
  } finally {
    Buffer.allocUnsafeSlow = allocate;
  }
  return room;
}

describe('bytes that are gathered', () => {
  for (const { name, bytes, begin } of readings) {
    test(`${name}, the largest one in single bytes: as many bytes of room are made as come, three times at most`, () => {
      const whole = bytes();
      const room = roomMadeBy(() => {
        const take = begin();
        for (let at = 0; at < whole.length; at += 1) take(whole.subarray(at, at + 1));
      });
      assert.ok(room > 0 && room <= 3 * whole.length, `${String(room)} for ${String(whole.length)}`);
    });

    test(`${name}: pieces that have come are not kept`, () => {
      const whole = bytes();
      const size = MIB / 2;
      const take = begin();
      collect();
      const before = process.memoryUsage();
      for (let at = 0; at < size; at += 1) take(Uint8Array.of(whole[at] ?? 0));
      collect();
      const after = process.memoryUsage();
      const kept = after.heapUsed + after.external - before.heapUsed - before.external;
      // twice of it, as room grows, and what the runtime does beside
      assert.ok(kept < 6 * size, `${String(kept)} bytes for ${String(size)}`);
      take(new Uint8Array(0));
    });
  }

  test('are as many as were told, and no more of a piece is taken', () => {
    const gathered = new GatheredBytes(5);
    assert.equal(gathered.add(Uint8Array.of(1, 2, 3)), 3);
    assert.equal(gathered.isFull, false);
    assert.equal(gathered.add(Uint8Array.of(0, 4, 5, 6), 1), 2);
    assert.equal(gathered.isFull, true);
    assert.deepEqual([...gathered.take()], [1, 2, 3, 4, 5]);
  });

  test('a piece may be used again by whoever gave it', () => {
    const piece = Buffer.from('yomo');
    const gathered = new GatheredBytes(100);
    gathered.add(piece);
    piece.fill(0);
    assert.equal(gathered.take().toString(), 'yomo');
  });
});
