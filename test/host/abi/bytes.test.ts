import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Convention } from '#dist/host/abi/adapter';
import { parseModule } from '#dist/host/module/parse';
import { formatSignature } from '#dist/host/values/parse-signature';
import { caller, type Choice, guestBytes, open, type Opened } from './guest';

const C = 'c-conventions/conventions';
const BAD = 'wat/bad-pointers';
const c = (name: string, choice: Choice = {}): Opened => open('bytes', C, name, choice);
const bad = (name: string, choice: Choice = {}): Opened => open('bytes', BAD, name, choice);

describe('conventions', () => {
  const rows: readonly (readonly [string, Convention, string, string])[] = [
    ['packed', 'packed', '(string) -> string', 'HELLO'],
    ['packed_low', 'packed-low', '(string) -> string', 'HELLO'],
    ['out_pointer', 'out-pointer', '(string) -> string', 'HELLO'],
    ['cstring', 'cstring', '(string) -> string', 'HELLO'],
    ['cstring_in', 'cstring', '(string) -> string', 'HELLO'],
    ['length_prefixed', 'length-prefixed', '(string) -> string', 'HELLO'],
    ['length_prefixed_in', 'length-prefixed', '(string) -> string', 'HELLO'],
    ['in_place', 'in-place', '(string) -> string', 'hello'],
  ];
  for (const [name, convention, signature, expected] of rows) {
    test(`${convention}: ${name}`, () => {
      const opened = c(name, { convention, signature });
      assert.equal(opened.call('hello'), expected);
      assert.equal(opened.call(''), '');
      assert.equal(opened.call('hello'), expected);
    });
  }

  test('pair, and the memory seen anew after each growth', () => {
    const opened = open('bytes', 'wat/realloc', 'echo', { signature: '(bytes) -> bytes' });
    assert.equal(opened.convention, 'pair');
    for (const text of ['one', 'two', 'three']) assert.deepEqual(opened.call(text), Buffer.from(text));
  });

  test('number: text in, a number out', () => {
    assert.equal(c('sum', { signature: '(bytes) -> u32' }).call([1, 2, 3]), 6);
    assert.equal(c('length_of', { convention: 'number', signature: '(string) -> u32' }).call('grün'), 5);
  });

  test('mixed parameters, and a result inside an argument', () => {
    assert.equal(c('prefix', { convention: 'packed', signature: '(string, u32) -> string' }).call(['hello', 2]), 'he');
  });

  test('JSON as text', () => {
    const opened = bad('pair', { convention: 'pair', signature: '(json) -> json' });
    assert.deepEqual(opened.call({ a: [1, null] }), { a: [1, null] });
    assert.throws(() => bad('pair', { convention: 'pair', signature: '(string) -> json' }).call('[1,'), {
      code: 'result',
      message: /not JSON: error at position 3/,
    });
  });

  test('text with a NUL is refused where a NUL would end it', () => {
    const opened = c('cstring_in', { convention: 'cstring', signature: '(string) -> string' });
    assert.throws(() => opened.call('a\0b'), { code: 'arguments', message: /NUL/ });
    assert.equal(opened.call('ok'), 'OK');
  });
});

describe('memory', () => {
  // The guest traps when more is given back than was taken, and its heap holds 64 KiB: so many calls need it all back.
  const rows: readonly (readonly [string, Convention])[] = [
    ['packed', 'packed'],
    ['packed_low', 'packed-low'],
    ['out_pointer', 'out-pointer'],
    ['cstring', 'cstring'],
    ['cstring_in', 'cstring'],
    ['length_prefixed', 'length-prefixed'],
    ['in_place', 'in-place'],
  ];
  for (const [name, convention] of rows) {
    test(`arguments and results go back to the guest: ${name}`, () => {
      const opened = c(name, { convention, signature: '(string) -> string' });
      for (let call = 0; call < 10_000; call++) opened.call('some text');
      assert.equal(opened.call('aé'), name === 'in_place' ? 'a' : 'Aé');
    });
  }

  for (const [name, convention] of rows.filter(([, each]) => each !== 'in-place')) {
    test(`so do results that are refused: ${name}`, () => {
      const tooLarge = c(name, { convention, signature: '(string) -> string', maxOutput: 10 });
      const noText = c(name, { convention, signature: '(bytes) -> string' });
      for (let call = 0; call < 3000; call++) {
        assert.throws(() => tooLarge.call('some long text'), { code: 'result', message: /returned 14 bytes/ });
        assert.throws(() => noText.call([0xff, 0xfe, 0xfd]), { code: 'result', message: /UTF-8/ });
      }
      assert.equal(tooLarge.guest.broken, false);
      assert.equal(tooLarge.call('a'), 'A');
      assert.equal(noText.call([0x61]), 'A');
    });
  }

  test('a constant is not given back', () => {
    const opened = c('name', { convention: 'cstring', signature: '() -> string' });
    for (let call = 0; call < 100; call++) assert.equal(opened.call(), 'conventions');
    const version = open('bytes', 'rust-bytes/guest', 'version', { convention: 'packed', signature: '() -> string' });
    for (let call = 0; call < 100; call++) assert.equal(version.call(), '1.2.3');
  });

  test('Rust: pointer and size go back, so that 64 MiB pass through little memory', () => {
    const opened = open('bytes', 'rust-bytes/guest', 'reverse', { convention: 'packed' });
    assert.deepEqual(opened.call([1, 2, 3]), Buffer.from([3, 2, 1]));
    const block = new Uint8Array(256 * 1024).fill(7);
    for (let call = 0; call < 256; call++) opened.call(block);
    assert.ok((opened.guest.memory?.buffer.byteLength ?? 0) < 8 * 1024 * 1024);
    assert.equal(
      open('bytes', 'rust-bytes/guest', 'greet', { convention: 'packed', signature: '(string) -> string' }).call('Zoë'),
      'Hello, Zoë!',
    );
  });

  test('the copy handed out does not change with the guest', () => {
    const opened = c('packed', { convention: 'packed', signature: '(bytes) -> bytes' });
    const first = opened.call('first') as Buffer;
    opened.call('later');
    assert.equal(first.toString(), 'FIRST');
  });
});

describe('bad pointers', () => {
  const rows: readonly (readonly [string, Choice, RegExp])[] = [
    ['outside', { convention: 'packed' }, /pointer 65530 and length 100, outside its memory of 65536 bytes/],
    ['negative', { convention: 'packed' }, /pointer 4294967295 and length 4294967295, outside/],
    ['two_gib', { convention: 'packed' }, /length 2147483648, outside/],
    ['two_gib', { convention: 'packed-low' }, /pointer 2147483648 and length 16, outside/],
    ['unterminated', { convention: 'cstring' }, /no NUL ends/],
    ['null', { convention: 'cstring' }, /null pointer/],
    ['null', { convention: 'length-prefixed' }, /null pointer/],
    ['far', { convention: 'cstring' }, /pointer to 4294967292, outside/],
    ['far', { convention: 'length-prefixed' }, /pointer to 4294967292, outside/],
    ['prefix_beyond', { convention: 'length-prefixed' }, /pointer 65536 and length 1954047348, outside/],
    ['prefix_at_end', { convention: 'length-prefixed' }, /outside/],
    ['out_bad', { convention: 'out-pointer' }, /pointer 4294967280 and length 64, outside/],
    ['longer', { convention: 'in-place' }, /returned 4 as the new length of its input of 3 bytes/],
    ['error_code', { convention: 'in-place' }, /returned -1 as the new length/],
    ['all', { convention: 'packed', maxOutput: 1000 }, /65536 bytes; a call may return 1000 bytes at most/],
    [
      'invalid',
      { convention: 'packed', signature: '() -> string' },
      /3 bytes that are not valid UTF-8 at byte \d \(0x[\da-f]{2}\), where text was due/,
    ],
  ];
  for (const [name, choice, pattern] of rows) {
    test(`${name} with ${String(choice.convention)} is an error of the result`, () => {
      assert.throws(() => bad(name, choice).call('abc'), { code: 'result', message: pattern });
    });
  }

  test('nothing is empty, where nothing was written too', () => {
    assert.deepEqual(bad('empty', { convention: 'packed' }).call(), Buffer.alloc(0));
    assert.deepEqual(bad('out_nothing', { convention: 'out-pointer' }).call(), Buffer.alloc(0));
    assert.deepEqual(bad('all', { convention: 'packed' }).call() instanceof Buffer, true);
  });

  test('allocators that answer zero or nonsense', () => {
    const zero = open('bytes', 'wat/zero-allocator', 'take', { signature: '(bytes) -> u32' });
    assert.throws(() => zero.call('abc'), { code: 'memory', message: /"allocate" has no memory for 3 bytes/ });
    const wild = open('bytes', 'wat/wild-allocator', 'take', { signature: '(bytes) -> u32' });
    assert.throws(() => wild.call('abc'), {
      code: 'abi',
      message: /"malloc" answered 2147483647 for 3 bytes, outside/,
    });
    const full = c('sum', { signature: '(bytes) -> u32' });
    assert.throws(() => full.call(new Uint8Array(70_000)), { code: 'memory' });
  });
});

describe('what is certain and what is asked', () => {
  const chosen = (name: string, signature: string): string | undefined => c(name, { signature }).convention;

  test('one reading is taken', () => {
    assert.equal(chosen('out_pointer', '(string) -> string'), 'out-pointer');
    assert.equal(chosen('sum', '(bytes) -> u32'), 'number');
    assert.equal(chosen('sum', '(i32, i32) -> i32'), 'number');
    assert.equal(open('bytes', 'wat/bad-pointers', 'pair', { signature: '(bytes) -> bytes' }).convention, 'pair');
  });

  test('several are a question', () => {
    assert.throws(() => chosen('packed', '(string) -> string'), {
      code: 'abi',
      message: /choose a convention \(packed or packed-low\)/,
    });
    assert.throws(() => chosen('cstring', '(string) -> string'), {
      code: 'abi',
      message: /\(cstring, length-prefixed or in-place\)/,
    });
    assert.throws(() => chosen('cstring_in', '(string) -> string'), {
      code: 'abi',
      message: /\(cstring or length-prefixed\)/,
    });
    assert.throws(() => chosen('length_of', '(string) -> u32'), { code: 'abi', message: /convention/ });
    assert.throws(() => c('packed'), {
      code: 'abi',
      message: /does not tell pointers from numbers.*packed, packed-low or number/,
    });
  });

  test('a convention alone says bytes, and text with cstring', () => {
    const shown = (name: string, convention: Convention): string => formatSignature(c(name, { convention }).signature);
    assert.equal(shown('packed', 'packed'), '(bytes) → bytes');
    assert.equal(shown('cstring', 'cstring'), '(string) → string');
    assert.equal(shown('length_prefixed_in', 'length-prefixed'), '(bytes) → bytes');
    assert.equal(shown('out_pointer', 'out-pointer'), '(bytes) → bytes');
    assert.equal(shown('sum', 'number'), '(bytes) → i32');
    assert.equal(shown('length_of', 'number'), '(i32) → i32');
    assert.equal(shown('outstanding', 'number'), '() → i32');
    assert.equal(shown('name', 'cstring'), '() → string');
    assert.throws(() => c('prefix', { convention: 'packed' }), { code: 'abi', message: /several ways/ });
  });

  test('what does not fit is refused', () => {
    assert.throws(() => c('packed', { convention: 'pair', signature: '(string) -> string' }), {
      code: 'abi',
      message: /do not fit/,
    });
    assert.throws(() => c('packed', { signature: '(f64) -> string' }), {
      code: 'abi',
      message: /does not fit .* under any convention/,
    });
    assert.throws(() => c('packed', { signature: '(string?) -> string' }), { code: 'abi' });
    assert.throws(() => open('bytes', 'wat/add', 'add', { signature: '(bytes) -> i32' }), {
      code: 'abi',
      message: /exports no memory/,
    });
    assert.throws(() => open('bytes', 'wat/trap', 'div', { convention: 'cstring' }), {
      code: 'abi',
      message: /exports no allocator/,
    });
  });

  test('exports: no plumbing; conventions that fit, and the question', () => {
    const exports = caller('bytes').exports(parseModule(guestBytes(C)));
    assert.ok(!exports.some(({ name }) => name === 'malloc' || name === 'free'));
    const packed = exports.find(({ name }) => name === 'packed');
    assert.deepEqual(packed?.conventions, ['packed', 'packed-low', 'number']);
    assert.equal(packed.signature, undefined);
    const inPlace = exports.find(({ name }) => name === 'in_place');
    assert.deepEqual(inPlace?.conventions, ['cstring', 'length-prefixed', 'in-place', 'number']);
  });
});
