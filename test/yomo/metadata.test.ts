import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { decodeMetadata, encodeMetadata } from '#dist/yomo/metadata';
import { bytesOf, hexOf, vectors } from './vectors';

describe('metadata', () => {
  for (const { Kind: kind, Meta: json, Hex: hex } of vectors) {
    if (kind !== 'meta') continue;
    test(`is written as YoMo does, and read: ${json.slice(0, 40)}`, () => {
      const metadata = new Map(Object.entries(JSON.parse(json) as Record<string, string>));
      assert.equal(hexOf(encodeMetadata(metadata)), hex);
      assert.deepEqual(decodeMetadata(bytesOf(hex)), metadata);
    });
  }

  test('16 and more entries, and long texts, go through', () => {
    for (const size of [15, 16, 70_000 / 70]) {
      const metadata = new Map(Array.from({ length: size }, (_, index) => [`k${String(index)}`, 'ü'.repeat(index)]));
      assert.deepEqual(decodeMetadata(encodeMetadata(metadata)), metadata);
    }
    assert.deepEqual([...decodeMetadata(bytesOf('df00000001a161a162'))], [['a', 'b']]);
  });

  test('a name of a prototype is a name', () => {
    const metadata = new Map([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    const read = decodeMetadata(encodeMetadata(metadata));
    assert.deepEqual([...read], [...metadata]);
    assert.equal(({} as { a?: unknown }).a, undefined);
  });

  test('the last value of a name that comes twice counts', () => {
    assert.deepEqual([...decodeMetadata(bytesOf('82 a161 a162 a161 a163'))], [['a', 'c']]);
  });

  for (const [title, bytes] of [
    ['a text', encode('text')],
    ['an array', encode(['a', 'b'])],
    ['a map with a number', encode({ a: 1 })],
    ['a map with a map', encode({ a: { b: 'c' } })],
    ['a map with nothing', encode({ a: null })],
    ['a map with bytes', encode({ a: new Uint8Array(3) })],
    ['a map with a number for a name', bytesOf('81 01 a161')],
    ['a map that is cut off', bytesOf('82 a161 a162')],
    ['a map of which more is announced than comes', bytesOf('df ffffffff')],
    ['a map of 65,535', bytesOf('de ffff a161')],
    ['a map with an array without an end', bytesOf('81 a161 dd ffffffff')],
    ['a map and more behind it', bytesOf('80 a161')],
    ['an unknown byte', bytesOf('c1')],
  ] as const) {
    test(`${title} is an error with a reason`, () => {
      assert.throws(() => decodeMetadata(bytes), {
        name: 'YomoError',
        code: 'metadata',
        message: /map of text.*\(.+\)/,
      });
    });
  }

  test('what is not text is not sent', () => {
    const metadata = new Map([['a', 1]]) as unknown as ReadonlyMap<string, string>;
    assert.throws(() => encodeMetadata(metadata), { code: 'metadata', message: /texts/ });
  });
});
