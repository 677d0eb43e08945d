import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RING_BYTES, RING_STATE_WORDS, ValueRing } from '#dist/host/execution/value-ring';
import type { GuestValue } from '#dist/host/values/signature';

let writer: ValueRing;
let reader: ValueRing;

beforeEach(() => {
  const memory = new SharedArrayBuffer(RING_STATE_WORDS * 4 + RING_BYTES);
  writer = new ValueRing(memory, 0, RING_STATE_WORDS * 4);
  reader = new ValueRing(memory, 0, RING_STATE_WORDS * 4);
});

interface Read {
  readonly call: number;
  readonly lane: number;
  readonly epoch: number;
  readonly values: GuestValue[] | undefined;
}

function readAll(): Read[] {
  const records: Read[] = [];
  reader.read((call, lane, epoch, values) => records.push({ call, lane, epoch, values }));
  return records;
}

describe('a ring', () => {
  test('carries every simple value unchanged', () => {
    const values: GuestValue[] = [
      ...[0, -0, 1.5, NaN, Infinity, -Infinity, Number.MAX_VALUE],
      ...[0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n],
      ...[true, false, null],
      ...['', 'grüße, 世界 🌍', 'a\u0000b'],
      new Uint8Array(0),
      new Uint8Array([0, 255, 7]),
    ];
    assert.equal(writer.write(7, 2, 9, values), true);
    assert.deepEqual(readAll(), [{ call: 7, lane: 2, epoch: 9, values }]);
    assert.deepEqual(readAll(), []);
  });

  test('keeps the order over many turns of the ring', () => {
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 2000; round++) {
      const count = (round * 7) % 40;
      for (let index = 0; index < count; index++) {
        assert.equal(writer.write(next, 0, 0, [next, 'x'.repeat(next % 200)]), true);
        next += 1;
      }
      for (const { call, values } of readAll()) {
        assert.equal(call, expected);
        assert.deepEqual(values, [expected, 'x'.repeat(expected % 200)]);
        expected += 1;
      }
    }
    assert.equal(expected, next);
    assert.ok(next * 200 > RING_BYTES * 10, 'it went round more than once');
  });

  test('refuses what is too large, and takes a record without values for it', () => {
    for (const values of [['x'.repeat(5000)], [new Uint8Array(5000)]]) {
      assert.equal(writer.write(1, 1, 1, values), false);
    }
    assert.equal(writer.hasRoom(), true);
    writer.writeElsewhere(1, 2, 3);
    assert.deepEqual(readAll(), [{ call: 1, lane: 2, epoch: 3, values: undefined }]);
  });

  test('a full ring still takes a record for each of 1024 calls, and no more than it has room for', () => {
    while (writer.write(0, 0, 0, ['x'.repeat(1000)]));
    for (let call = 0; call < 1024; call++) {
      assert.equal(writer.hasRoom(), true);
      writer.writeElsewhere(call, 0, 0);
    }
    let more = 0;
    while (writer.hasRoom()) {
      writer.writeElsewhere(2000, 0, 0);
      more += 1;
    }
    const records = readAll();
    assert.deepEqual(
      records.filter(({ values, call }) => values === undefined && call < 1024).map(({ call }) => call),
      [...Array(1024).keys()],
    );
    assert.equal(records.filter(({ call }) => call === 2000).length, more);
    assert.equal(writer.write(1, 0, 0, [1]), true, 'what was read makes room');
  });
});
