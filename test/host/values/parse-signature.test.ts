import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WasmFunctionError } from '#dist/host/errors';
import { formatFunctionType, formatSignature, parseSignature } from '#dist/host/values/parse-signature';
import { VALUE_TYPES } from '#dist/host/values/signature';

describe('a written signature', () => {
  const READ: readonly (readonly [text: string, signature: unknown])[] = [
    ['(string, u32) -> bytes', { parameters: [{ type: 'string' }, { type: 'u32' }], results: [{ type: 'bytes' }] }],
    ['(x: f64) → f64', { parameters: [{ name: 'x', type: 'f64' }], results: [{ type: 'f64' }] }],
    [
      '(text, text: text) -> text?',
      {
        parameters: [{ type: 'string' }, { name: 'text', type: 'string' }],
        results: [{ type: 'string', optional: true }],
      },
    ],
    ['()', { parameters: [], results: [] }],
    ['(i32)', { parameters: [{ type: 'i32' }], results: [] }],
    ['() -> ()', { parameters: [], results: [] }],
    ['()->(i32,bytes)', { parameters: [], results: [{ type: 'i32' }, { type: 'bytes' }] }],
    [
      ' ( name : string? , i64? ) -> string? ',
      {
        parameters: [
          { name: 'name', type: 'string', optional: true },
          { type: 'i64', optional: true },
        ],
        results: [{ type: 'string', optional: true }],
      },
    ],
    ['(string: string)', { parameters: [{ name: 'string', type: 'string' }], results: [] }],
  ];
  for (const [text, signature] of READ) {
    test(`${JSON.stringify(text)} is read`, () => assert.deepEqual(parseSignature(text), signature));
  }

  test('may use every type', () => {
    const { parameters } = parseSignature(`(${VALUE_TYPES.join(', ')})`);
    assert.deepEqual(
      parameters.map(({ type }) => type),
      VALUE_TYPES,
    );
  });

  const WRONG: readonly (readonly [text: string, message: RegExp])[] = [
    ['', /position 1 it ends, but "\(" was expected/],
    ['f64', /position 1 there is "f64", but "\("/],
    ['(float) -> f64', /position 2 there is "float", but a type \(i32, u32, .*json\)/],
    ['(f64', /position 5 it ends, but "," or "\)"/],
    ['(f64,)', /position 6 there is "\)", but a type or a name/],
    ['(f64) ->', /position 9 it ends, but a type/],
    ['(f64) => f64', /position 7 there is "=", but "->" or the end/],
    ['(x:) -> f64', /position 4 there is "\)", but a type/],
    ['(f64) -> f64 f64', /position 14 there is "f64", but "->" or the end/],
    ['(constructor) -> f64', /there is "constructor", but a type/],
    ['(f64 f64)', /position 6 there is "f64", but ","/],
  ];
  for (const [text, message] of WRONG) {
    test(`${JSON.stringify(text)} is refused with the position`, () => {
      assert.throws(
        () => parseSignature(text),
        (error) => error instanceof WasmFunctionError && error.code === 'abi' && message.test(error.message),
      );
    });
  }

  test('of enormous length is refused without taking long', () => {
    assert.throws(() => parseSignature(`(${'f64, '.repeat(100_000)}f64)`), /at most 1000 values/);
  });
});

describe('a shown signature', () => {
  test('has an arrow, and names only where there are several parameters', () => {
    assert.equal(formatSignature(parseSignature('(x: f64) -> f64')), '(f64) → f64');
    assert.equal(formatSignature(parseSignature('(x: f64, f32, n: string?)')), '(x: f64, f32, n: string?) → ()');
    assert.equal(formatSignature(parseSignature('() -> (i32, bytes?)')), '() → (i32, bytes?)');
  });

  test('reads back as what it was', () => {
    for (const text of ['(a: f64, b: i32) → string?', '() → (i64, u64)', '(bytes) → ()']) {
      assert.equal(formatSignature(parseSignature(text)), text);
    }
  });

  test('of the binary has its types', () => {
    assert.equal(formatFunctionType({ parameters: ['i32', 'i32'], results: ['i64'] }), '(i32, i32) → i64');
    assert.equal(formatFunctionType({ parameters: [], results: ['i32', 'v128'] }), '() → (i32, v128)');
    assert.equal(formatFunctionType({ parameters: [], results: [] }), '() → ()');
  });
});
