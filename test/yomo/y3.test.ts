import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeFloat32,
  decodeFloat64,
  decodeString,
  decodeUint32,
  decodeVarint32,
  decodeVarint64,
  encodeFloat32,
  encodeFloat64,
  encodeNode,
  encodePacket,
  encodeString,
  encodeUint32,
  encodeVarint32,
  encodeVarint64,
  readHead,
  readPackets,
} from '#dist/yomo/y3';
import { bytesOf, hexOf } from './vectors';

describe('variable-length numbers', () => {
  for (const [value, hex] of [
    [0, '00'],
    [1, '01'],
    [63, '3f'],
    [64, '8040'],
    [8191, 'bf7f'],
    [8192, '80c000'],
    [70_000, '84a270'],
    [-1, '7f'],
    [-64, '40'],
    [-65, 'ff3f'],
    [2 ** 31 - 1, '87ffffff7f'],
    [-(2 ** 31), 'f880808000'],
  ] as const) {
    test(`${String(value)} is ${hex}, of 32 and of 64 bits`, () => {
      assert.equal(hexOf(encodeVarint32(value)), hex);
      assert.equal(hexOf(encodeVarint64(BigInt(value))), hex);
      assert.equal(decodeVarint32(bytesOf(hex)), value);
      assert.equal(decodeVarint64(bytesOf(hex)), BigInt(value));
    });
  }

  test('64 bits go through at both ends', () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 1_611_591_260_000n]) {
      assert.equal(decodeVarint64(encodeVarint64(value)), value);
    }
  });

  test('one that is cut off, goes on behind its end, or does not fit is refused', () => {
    for (const hex of ['80', '0101', '8fffffff7f']) {
      assert.throws(() => decodeVarint32(bytesOf(hex)), { code: 'frame', message: /32 bits/ });
    }
    assert.throws(() => decodeVarint64(bytesOf(`${'ff'.repeat(10)}7f`)), { code: 'frame' });
    assert.throws(() => decodeVarint64(bytesOf(`bf${'ff'.repeat(8)}7f`)), {
      code: 'frame',
      message: /fit into 64 bits/,
    });
  });
});

describe('numbers without a sign', () => {
  for (const [value, hex] of [
    [0, '00'],
    [0x7f, '7f'],
    [0x80, '0080'],
    [0x8000, '008000'],
    [0x800000, '00800000'],
    [0x80000000, '80000000'],
    [0xffffff7f, 'ff7f'],
    [0xffffff80, '80'],
    [0xffffffff, 'ff'],
  ] as const) {
    test(`${String(value)} is ${hex}`, () => {
      assert.equal(hexOf(encodeUint32(value)), hex);
      assert.equal(decodeUint32(bytesOf(hex)), value);
    });
  }

  test('none at all is 0, five bytes are refused', () => {
    assert.equal(decodeUint32(new Uint8Array(0)), 0);
    assert.throws(() => decodeUint32(new Uint8Array(5)), { code: 'frame' });
  });
});

describe('floating-point numbers', () => {
  test('zero bytes at the end are left out, and taken for zero', () => {
    assert.equal(hexOf(encodeFloat64(1)), '3ff0');
    assert.equal(hexOf(encodeFloat32(0)), '00');
    assert.equal(decodeFloat64(bytesOf('3ff0')), 1);
    assert.equal(decodeFloat64(new Uint8Array(0)), 0);
    for (const value of [-0, 1.5, -1e300, NaN, Infinity, 5e-324]) {
      assert.ok(Object.is(decodeFloat64(encodeFloat64(value)), value));
    }
  });

  test('more bytes than the number has are refused', () => {
    assert.throws(() => decodeFloat32(new Uint8Array(5)), { code: 'frame', message: /4 bytes/ });
    assert.throws(() => decodeFloat64(new Uint8Array(9)), { code: 'frame', message: /8 bytes/ });
  });
});

describe('packets', () => {
  /** What the source of YoMo's example with a wasm function wrote. */
  const payload = '811b 9019 110443206027 1206aef3d2ccae60 13093132372e302e302e31';

  test('the payload of the 2021 example reads as what was meant, and as what its flow took it for', () => {
    const [outer] = readPackets(bytesOf(payload));
    assert.deepEqual([outer?.id, outer?.isNode, outer?.isSlice], [1, true, false]);
    const [reading] = readPackets(outer?.value ?? new Uint8Array(0));
    assert.equal(reading?.id, 0x10);
    const [noise, time, from] = readPackets(reading.value);
    assert.deepEqual([noise?.id, time?.id, from?.id], [0x11, 0x12, 0x13]);
    assert.equal(decodeFloat32(noise?.value ?? new Uint8Array(0)), 160.37559509277344);
    assert.equal(decodeFloat64(noise?.value ?? new Uint8Array(0)), 2_304_660_123_680_768);
    assert.equal(decodeVarint64(time?.value ?? new Uint8Array(0)), 1_611_591_260_000n);
    assert.equal(decodeString(from?.value ?? new Uint8Array(0)), '127.0.0.1');
  });

  test('the payload of the 2021 example is written byte by byte', () => {
    const fields = [
      encodePacket(0x11, encodeFloat32(160.37559509277344)),
      encodePacket(0x12, encodeVarint64(1_611_591_260_000n)),
      encodePacket(0x13, encodeString('127.0.0.1')),
    ];
    assert.equal(hexOf(encodeNode(1, [encodeNode(0x10, fields)])), hexOf(bytesOf(payload)));
  });

  test('a head that is not whole yet is waited for, one that cannot be is refused', () => {
    assert.equal(readHead(bytesOf('')), undefined);
    assert.equal(readHead(bytesOf('bf')), undefined);
    assert.equal(readHead(bytesOf('bf80')), undefined);
    assert.deepEqual(readHead(bytesOf('bf806c')), { tag: 0xbf, length: 108, start: 3 });
    assert.throws(() => readHead(bytesOf('bf7f')), { code: 'frame', message: /negative/ });
    assert.throws(() => readHead(bytesOf('bf8fffffff7f')), { code: 'frame', message: /32 bits/ });
    assert.throws(() => readHead(bytesOf('bf808080808000')), { code: 'frame', message: /five bytes/ });
  });

  test('one that is longer than what it lies in is refused, and so are too many', () => {
    assert.throws(() => readPackets(bytesOf('0102ff')), { code: 'frame', message: /cut off/ });
    assert.throws(() => readPackets(Buffer.alloc(2002)), { code: 'frame', message: /1000 packets/ });
  });
});
