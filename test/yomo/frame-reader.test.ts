import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FrameReader } from '#dist/yomo/frame-reader';
import { encodeFrame, type Frame } from '#dist/yomo/frames';
import { bytesOf } from './vectors';

const MIB = 1024 * 1024;

function dataFrame(tag: number, size: number): Uint8Array {
  return encodeFrame({ type: 'data', tag, metadata: new Uint8Array(0), payload: Buffer.alloc(size, tag) });
}

/** Reads a stream in chunks of a size. */
function readAll(bytes: Uint8Array, chunk: number, reader = new FrameReader()): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    reader.read(bytes.subarray(at, at + chunk), (frame) => frames.push(frame));
  }
  return frames;
}

function sizesOf(frames: readonly Frame[]): number[] {
  return frames.map((frame) => (frame.type === 'data' ? frame.payload.length : -1));
}

describe('a reader of frames', () => {
  const sizes = [0, 1, 50, 60, 4090, 4096, 4097, 9000, 70_000, 3];
  const stream = Buffer.concat(sizes.map((size, tag) => dataFrame(tag, size)));

  for (const chunk of [1, 2, 3, 7, 4096, 65_536, stream.length]) {
    test(`finds all frames in chunks of ${String(chunk)} bytes`, () => {
      const frames = readAll(stream, chunk);
      assert.deepEqual(sizesOf(frames), sizes);
      for (const [tag, frame] of frames.entries()) {
        assert.ok(frame.type === 'data' && frame.payload.every((byte) => byte === tag));
      }
    });
  }

  test('finds a thousand frames in one chunk', () => {
    const frames = readAll(Buffer.concat(Array.from({ length: 1000 }, () => dataFrame(1, 100))), Infinity);
    assert.equal(frames.length, 1000);
  });

  test('copies a byte three times at most, whatever the frame and the chunks', (context) => {
    for (const [mebibytes, chunk] of [
      [16, 64 * 1024],
      [1, 100],
    ] as const) {
      const bytes = dataFrame(1, mebibytes * MIB - 100);
      let copied = 0;
      const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

      const set = typedArray.set;
      const counting = context.mock.method(typedArray, 'set', function (this: Uint8Array, source: Uint8Array, at = 0) {
        copied += source.length;
        set.call(this, source, at);
      });
      readAll(bytes, chunk);
      counting.mock.restore();
      // were it put together anew with each chunk, it would be more than a hundred times
      assert.ok(copied >= bytes.length && copied <= 3 * bytes.length, `${String(copied)} of ${String(bytes.length)}`);
    }
  });

  test('a frame keeps its bytes when the chunk is used again', () => {
    const chunk = Buffer.from(dataFrame(7, 10));
    const [frame] = readAll(chunk, Infinity);
    chunk.fill(0);
    assert.ok(frame?.type === 'data' && frame.payload.every((byte) => byte === 7));
  });

  test('sets no room aside for 8 MiB that are only announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 100 }, () => {
      const reader = new FrameReader();
      readAll(bytesOf('bf 83ffff70'), 1, reader);
      return reader;
    });
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 * MIB);
    // Each of them waits for the rest.
    for (const reader of readers) {
      assert.deepEqual(readAll(dataFrame(1, 3), Infinity, reader), []);
    }
  });

  test('refuses a frame over the limit by its head alone, and takes one at the limit', () => {
    const frame = dataFrame(1, 100);
    assert.equal(readAll(frame, 1, new FrameReader(frame.length)).length, 1);
    const reader = new FrameReader(frame.length - 1);
    assert.throws(() => readAll(frame.subarray(0, 3), 1, reader), { code: 'frame', message: /111 bytes; at most 110/ });
    assert.throws(() => readAll(bytesOf('bf 87ffffff7f'), 1), { code: 'frame', message: /at most 16777216/ });
  });

  test('gives the frames before a fault, then the reason', () => {
    const frames: Frame[] = [];
    const bytes = Buffer.concat([dataFrame(1, 5), bytesOf('bf7f')]);
    assert.throws(
      () => {
        new FrameReader().read(bytes, (frame) => frames.push(frame));
      },
      { code: 'frame', message: /negative/ },
    );
    assert.deepEqual(sizesOf(frames), [5]);
  });
});
