import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJsonText } from '#dist/host/values/json-text';
import { produceValue } from '#dist/host/values/produce';
import type { GuestValue, ValueType } from '#dist/host/values/signature';
import type { ResultKind } from '#dist/host/wasm-function';

function produce(value: GuestValue, type: ValueType, kind: ResultKind = 'auto'): unknown {
  const result = produceValue([value], { parameters: [], results: [{ type }] }, kind);
  assert.equal(result.kind, 'value');
  return result.kind === 'value' ? result.value : undefined;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

test('none leaves the message as it was, several are an array', () => {
  assert.deepEqual(produceValue([], { parameters: [], results: [] }, 'number'), { kind: 'nothing' });
  const two = { parameters: [], results: [{ type: 'i32' }, { type: 'bytes' }] } as const;
  assert.deepEqual(produceValue([1, bytes('x')], two, 'auto'), { kind: 'value', value: [1, Buffer.from('x')] });
});

test('auto keeps each value as what it is', () => {
  assert.equal(produce(1.5, 'f64'), 1.5);
  assert.equal(produce(5n, 'i64'), 5n);
  assert.equal(produce(true, 'bool'), true);
  assert.equal(produce('text', 'string'), 'text');
  assert.ok(Buffer.isBuffer(produce(bytes('x'), 'bytes')));
  assert.deepEqual(produce('{"a":1}', 'json'), { a: 1 });
  assert.equal(produce('"text"', 'json'), 'text');
  assert.equal(produce('null', 'json'), null);
});

test('an absent optional is null with every kind', () => {
  for (const kind of ['auto', 'number', 'string', 'buffer', 'json'] as const)
    assert.equal(produce(null, 'i32', kind), null);
});

describe('number', () => {
  test('from numbers, BigInts that are safe, booleans and decimal text', () => {
    assert.equal(produce(1.5, 'f64', 'number'), 1.5);
    assert.equal(produce(5n, 'i64', 'number'), 5);
    assert.equal(produce(true, 'bool', 'number'), 1);
    assert.equal(produce('21.5', 'string', 'number'), 21.5);
    assert.equal(produce(bytes('-3'), 'bytes', 'number'), -3);
  });

  test('refuses what would not be exact, or is no number', () => {
    assert.throws(() => produce(2n ** 53n, 'i64', 'number'), { code: 'result', message: /9007199254740992n.*safe/ });
    assert.throws(() => produce('warm', 'string', 'number'), { code: 'result', message: /"warm" is no number/ });
    assert.equal(produce('7', 'json', 'number'), 7);
    assert.equal(produce('"7"', 'json', 'number'), 7);
    assert.throws(() => produce('{"a":1}', 'json', 'number'), { code: 'result', message: /an object is no number/ });
    assert.throws(() => produce(Uint8Array.of(0xff), 'bytes', 'number'), { code: 'result', message: /UTF-8/ });
  });
});

test('string: bytes are UTF-8, everything else its text', () => {
  assert.equal(produce(bytes('é'), 'bytes', 'string'), 'é');
  assert.equal(produce(5n, 'i64', 'string'), '5');
  assert.equal(produce('{"a": 1}', 'json', 'string'), '{"a": 1}');
  assert.throws(() => produce(Uint8Array.of(0x61, 0xc3), 'bytes', 'string'), {
    code: 'result',
    message: /2 bytes\) is not valid UTF-8 at byte 1 \(0xc3\); take it as a Buffer/,
  });
});

test('buffer: text as UTF-8', () => {
  assert.deepEqual(produce('é', 'string', 'buffer'), Buffer.from('é'));
  assert.deepEqual(produce(bytes('x'), 'bytes', 'buffer'), Buffer.from('x'));
  assert.deepEqual(produce(42, 'i32', 'buffer'), Buffer.from('42'));
});

test('json: text and bytes are parsed', () => {
  assert.deepEqual(produce('{"a":[1]}', 'string', 'json'), { a: [1] });
  assert.deepEqual(produce(bytes('[1]'), 'bytes', 'json'), [1]);
  assert.equal(produce(1.5, 'f64', 'json'), 1.5);
  assert.equal(produce(5n, 'i64', 'json'), 5);
  assert.equal(produce('"text"', 'json', 'json'), 'text');
  const notJson = { code: 'result', message: /position 6 of "\{\\"a\\": x\}"/ };
  assert.throws(() => produce('{"a": x}', 'string', 'json'), notJson);
  assert.throws(() => produce('{"a": x}', 'json'), notJson);
});

describe('JSON of a guest', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const forms: readonly (readonly [string, (text: string) => unknown])[] = [
    ['a json result', (text) => produce(text, 'json')],
    ['text read as JSON', (text) => produce(text, 'string', 'json')],
    ['bytes read as JSON', (text) => produce(bytes(text), 'bytes', 'json')],
  ];
  for (const [what, read] of forms) {
    test(`${what}: nested at most 1000 deep`, () => {
      assert.ok(Array.isArray(read(nested(1000))));
      for (const levels of [1001, 4000, 20_000, 2_000_000]) {
        assert.throws(() => read(nested(levels)), { code: 'result', message: /more than 1000 deep, at position 1000/ });
      }
    });

    test(`${what}: 4 MiB at most`, () => {
      const text = (size: number): string => `"${'x'.repeat(size - 2)}"`;
      assert.equal(read(text(4 * 1024 * 1024)), 'x'.repeat(4 * 1024 * 1024 - 2));
      assert.throws(() => read(text(4 * 1024 * 1024 + 1)), {
        code: 'result',
        message: /4194305 bytes, more than the 4 MiB/,
      });
      assert.throws(() => read(`[${'{},'.repeat(5_000_000)}0]`), { code: 'result', message: /4 MiB/ });
    });
  }

  test('brackets in strings do not nest, also after an escaped quotation mark', () => {
    const text = `["${'['.repeat(2000)}","\\"${'{'.repeat(2000)}","\\\\",[]]`;
    assert.deepEqual(produce(text, 'json'), ['['.repeat(2000), `"${'{'.repeat(2000)}`, '\\', []]);
  });

  test('siblings do not add up', () => {
    assert.equal((produce(`[${'[],'.repeat(5000)}{}]`, 'json') as unknown[]).length, 5001);
  });
});

test('the position of an error in JSON', () => {
  const positions: readonly (readonly [string, number])[] = [
    ['', 0],
    ['x', 0],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['{"a":{"b":[1,{"c":tru}]}}', 18],
    ['"abc', 4],
    ['"a\\x"', 2],
    ['"a\nb"', 2],
    ['[1]]', 3],
    ['01', 1],
    ['  [ {} , [ ] , "x" , -1.5e3 , null x', 35],
    ['['.repeat(1000), 1000],
    [`${'['.repeat(1000)}1${']'.repeat(1001)}`, 2001],
  ];
  for (const [text, position] of positions) {
    assert.deepEqual(parseJsonText(text), { kind: 'invalid', position }, text.slice(0, 40));
  }
  assert.deepEqual(parseJsonText(' {"a":[{}, []]} '), { kind: 'value', value: { a: [{}, []] } });
});
