import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { decodePayload, encodePayload } from '#dist/payload/format';

const invalid = Buffer.from([0xff, 0xfe, 0x00]);

describe('payloads that come in', () => {
  for (const [format, bytes, expected] of [
    ['auto', Buffer.from('21.5'), '21.5'],
    ['auto', Buffer.from('{"a":1}'), '{"a":1}'],
    ['auto', Buffer.from('grüße 🌍'), 'grüße 🌍'],
    ['auto', Buffer.alloc(0), ''],
    ['auto', invalid, invalid],
    ['utf8', invalid, '\ufffd\ufffd\0'],
    ['buffer', Buffer.from('text'), Buffer.from('text')],
    ['json', Buffer.from('{"a":[1,null]}'), { a: [1, null] }],
    ['json', Buffer.from('21.5'), 21.5],
  ] as const) {
    test(`${format}: ${bytes.toString('hex') || 'nothing'}`, () => {
      assert.deepEqual(decodePayload(bytes, format), expected);
    });
  }

  for (const bytes of [invalid, Buffer.from('{'), Buffer.alloc(0)]) {
    test(`json refuses ${bytes.toString('hex') || 'nothing'}`, () => {
      assert.throws(() => decodePayload(bytes, 'json'), /The payload is not JSON/);
    });
  }
});

describe('payloads that go out', () => {
  test('bytes of another realm, as a function node makes them, are bytes', () => {
    for (const made of ['new Uint8Array([1, 2, 3])', 'new Uint8Array([1, 2, 3]).buffer']) {
      assert.deepEqual(encodePayload(runInNewContext(made), 'auto'), Buffer.from([1, 2, 3]), made);
    }
  });

  const circle: Record<string, unknown> = {};
  circle.self = circle;

  for (const [format, value, expected] of [
    ['auto', 'text', 'text'],
    ['auto', 21.5, '21.5'],
    ['auto', true, 'true'],
    ['auto', 123456789012345678901234567890n, '123456789012345678901234567890'],
    ['auto', { a: 1 }, '{"a":1}'],
    ['auto', [1, 'b'], '[1,"b"]'],
    ['auto', null, ''],
    ['auto', new Uint16Array([0x6261]), 'ab'],
    ['utf8', Buffer.from('grüße'), 'grüße'],
    ['utf8', { a: 1 }, '{"a":1}'],
    ['json', 'text', '"text"'],
    ['json', null, 'null'],
    ['json', 21.5, '21.5'],
  ] as const) {
    test(`${format}: ${typeof value} as ${JSON.stringify(expected)}`, () => {
      assert.equal(encodePayload(value, format).toString('utf8'), expected);
    });
  }

  test('auto sends bytes as they are', () => {
    assert.deepEqual(encodePayload(invalid, 'auto'), invalid);
  });

  for (const [format, value, reason] of [
    ['auto', undefined, /msg\.payload is undefined/],
    ['auto', () => 1, /function, which JSON cannot say/],
    ['auto', Symbol('s'), /symbol, which JSON cannot say/],
    ['auto', circle, /cannot be written as JSON/],
    ['json', 1n, /cannot be written as JSON/],
    ['utf8', invalid, /not UTF-8 text\. Choose the format "auto"/],
  ] as const) {
    test(`${format} refuses ${typeof value}`, () => {
      assert.throws(() => encodePayload(value, format), reason);
    });
  }
});
