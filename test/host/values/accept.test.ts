import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { WasmFunctionError } from '#dist/host/errors';
import { acceptArguments } from '#dist/host/values/accept';
import type { GuestValue, Parameter, Signature, ValueType } from '#dist/host/values/signature';

function one(type: ValueType, more: Partial<Parameter> = {}): Signature {
  return { parameters: [{ type, ...more }], results: [{ type: 'i32' }] };
}

function accept(value: unknown, type: ValueType, more: Partial<Parameter> = {}): GuestValue | undefined {
  return acceptArguments(value, one(type, more))[0];
}

function refuses(value: unknown, type: ValueType, pattern: RegExp, more: Partial<Parameter> = {}): void {
  assert.throws(
    () => accept(value, type, more),
    (error: unknown) => {
      assert.ok(error instanceof WasmFunctionError, String(error));
      assert.equal(error.code, 'arguments');
      assert.match(error.message, pattern);
      assert.ok(error.message.length < 400, error.message);
      return true;
    },
  );
}

const NO_NUMBERS: readonly (readonly [unknown, RegExp])[] = [
  [1.5, /got 1\.5/],
  [Number.NaN, /got NaN/],
  [Number.POSITIVE_INFINITY, /got Infinity/],
  [null, /got null/],
  [undefined, /got undefined/],
  [{ payload: 1 }, /got an object/],
  [[7], /got an array of 1 value/],
  [true, /got true/],
  ['abc', /got "abc"/],
  ['', /got ""/],
  [' 1', /got " 1"/],
  ['1.0', /got "1\.0"/],
  ['0x10', /got "0x10"/],
  ['1e3', /got "1e3"/],
  ['9'.repeat(1_000_000), /got "9{40}"… \(1000000 characters\)/],
  [Object(3), /got a boxed value/],
  [new Date(0), /got a Date/],
  [Buffer.from('1'), /got a Buffer of 1 byte/],
  [Symbol('x'), /got a symbol/],
  [() => 1, /got a function/],
];

describe('32-bit integers', () => {
  test('a type read off the binary takes both ranges', () => {
    const either = { eitherSign: true };
    for (const value of [-(2 ** 31), -1, 0, 1, 2 ** 31, 2 ** 32 - 1]) assert.equal(accept(value, 'i32', either), value);
    refuses(2 ** 32, 'i32', /from -2147483648 to 4294967295; got 4294967296/, either);
    refuses(-(2 ** 31) - 1, 'i32', /got -2147483649/, either);
  });

  test('a signature that says which of the two takes its range only', () => {
    assert.equal(accept(2 ** 31 - 1, 'i32'), 2 ** 31 - 1);
    refuses(2 ** 31, 'i32', /Parameter 1 \(i32\).*from -2147483648 to 2147483647/);
    assert.equal(accept(2 ** 32 - 1, 'u32'), 2 ** 32 - 1);
    refuses(-1, 'u32', /\(u32\).*from 0 to 4294967295; got -1/);
  });

  test('BigInt and decimal text in range become numbers', () => {
    assert.equal(accept(7n, 'i32'), 7);
    assert.equal(accept('-12', 'i32'), -12);
    assert.equal(accept('+12', 'u32'), 12);
    assert.equal(accept('007', 'u32'), 7);
    assert.ok(Object.is(accept(-0, 'i32'), 0));
    refuses(2n ** 40n, 'i32', /got 1099511627776n/);
    refuses('4294967296', 'u32', /got "4294967296"/);
  });

  test('refuses what JavaScript would make a number of', () => {
    for (const [value, pattern] of NO_NUMBERS) refuses(value, 'i32', pattern, { eitherSign: true });
  });
});

describe('64-bit integers', () => {
  test('BigInt, safe integers and decimal text become BigInts', () => {
    assert.equal(accept(2n ** 63n - 1n, 'i64'), 2n ** 63n - 1n);
    assert.equal(accept(Number.MAX_SAFE_INTEGER, 'i64'), 9007199254740991n);
    assert.equal(accept('-9223372036854775808', 'i64'), -(2n ** 63n));
    assert.equal(accept(2n ** 64n - 1n, 'u64'), 2n ** 64n - 1n);
    assert.equal(accept(2n ** 64n - 1n, 'i64', { eitherSign: true }), 2n ** 64n - 1n);
  });

  test('refuses unsafe integers, what is out of range, and what is no integer', () => {
    refuses(2 ** 53, 'i64', /safe integer.*got 9007199254740992/);
    refuses(2n ** 63n, 'i64', /got 9223372036854775808n/);
    refuses(-1, 'u64', /got -1/);
    refuses(10n ** 100n, 'u64', /got 10{39}…n/);
    for (const [value, pattern] of NO_NUMBERS) refuses(value, 'i64', pattern);
  });
});

describe('floats', () => {
  test('any number, and decimal text', () => {
    for (const type of ['f32', 'f64'] as const) {
      for (const value of [1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY]) {
        assert.ok(Object.is(accept(value, type), value));
      }
      assert.equal(accept('21.5', type), 21.5);
      assert.equal(accept('-2e3', type), -2000);
      assert.equal(accept('.5', type), 0.5);
      assert.equal(accept('5.', type), 5);
    }
  });

  test('long text is refused as fast as it is read', { timeout: 5000 }, () => {
    refuses(`${'1'.repeat(4_000_000)}x`, 'f64', /4000001 characters/);
    assert.equal(accept('1'.repeat(400), 'f64'), Number.POSITIVE_INFINITY);
  });

  test('refuses other text and everything else', () => {
    for (const text of ['', ' 1', '1 ', 'NaN', 'Infinity', '0x1', '1,5', '--1', 'abc'])
      refuses(text, 'f64', /number or decimal text/);
    for (const value of [null, undefined, {}, [1], true, 5n, Object(1)]) refuses(value, 'f64', /\(f64\)/);
  });
});

test('bool takes booleans, 0 and 1', () => {
  assert.equal(accept(true, 'bool'), true);
  assert.equal(accept(0, 'bool'), false);
  assert.equal(accept(1, 'bool'), true);
  for (const value of ['true', 2, 1n, null, undefined, {}, Object(true)]) refuses(value, 'bool', /true, false, 0 or 1/);
});

describe('text', () => {
  test('text, a Buffer of UTF-8, numbers and booleans', () => {
    assert.equal(accept(' Grüße 🐝 ', 'string'), ' Grüße 🐝 ');
    assert.equal(accept(Buffer.from('Grüße'), 'string'), 'Grüße');
    assert.equal(accept(Buffer.from([0xef, 0xbb, 0xbf, 0x61]), 'string'), '\ufeffa');
    assert.equal(accept(21.5, 'string'), '21.5');
    assert.equal(accept(true, 'string'), 'true');
    assert.equal(accept('', 'string'), '');
  });

  test('refuses what has no text of its own', () => {
    refuses(null, 'string', /got null/);
    refuses(undefined, 'string', /got undefined/);
    refuses({ a: 1 }, 'string', /got an object/);
    refuses('a\ud800b', 'string', /surrogate/);
    refuses(Buffer.from([0x61, 0xff, 0xfe]), 'string', /valid UTF-8, which this one is not at byte 1 \(0xff\)/);
    refuses(Symbol('x'), 'string', /a symbol/);
    refuses(new Float64Array(1), 'string', /typed array of 8 bytes/);
  });
});

describe('bytes', () => {
  const bytes = (value: unknown): number[] => [...(accept(value, 'bytes') as Uint8Array)];

  test('Buffers, typed arrays of any realm, ArrayBuffers, text and arrays', () => {
    assert.deepEqual(bytes(Buffer.from([1, 2])), [1, 2]);
    assert.deepEqual(bytes(Uint16Array.of(0x0102)), [2, 1]);
    assert.deepEqual(bytes(runInNewContext('new Uint8Array([3, 4])')), [3, 4]);
    assert.deepEqual(bytes(runInNewContext('new Uint8Array([3, 4]).buffer')), [3, 4]);
    assert.deepEqual(bytes(Uint8Array.of(5, 6).buffer), [5, 6]);
    assert.deepEqual(bytes(new DataView(Uint8Array.of(5, 6, 7).buffer, 1)), [6, 7]);
    assert.deepEqual(bytes('é'), [0xc3, 0xa9]);
    assert.deepEqual(bytes([0, 255]), [0, 255]);
    assert.deepEqual(bytes(runInNewContext('[1, 2]')), [1, 2]);
    assert.deepEqual(bytes([]), []);
  });

  test('what is handed on stands alone: no later change of the message reaches it', () => {
    const pooled = Buffer.from('pooled');
    assert.ok(pooled.buffer.byteLength > pooled.length);
    assert.equal((accept(pooled, 'bytes') as Uint8Array).buffer.byteLength, pooled.length);
    for (const value of [Buffer.alloc(4), Buffer.alloc(1000), new Uint16Array(2), new DataView(new ArrayBuffer(4))]) {
      const accepted = accept(value, 'bytes');
      new Uint8Array(value.buffer).fill(7);
      assert.deepEqual(accepted, new Uint8Array(value.byteLength));
    }
    const buffer = new ArrayBuffer(3);
    const accepted = accept(buffer, 'bytes');
    structuredClone(buffer, { transfer: [buffer] });
    assert.deepEqual(accepted, new Uint8Array(3));
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    assert.ok((accept(shared, 'bytes') as Uint8Array).buffer instanceof ArrayBuffer);
    assert.deepEqual(structuredClone(accept(pooled, 'bytes')), new Uint8Array(pooled));
  });

  test('memory that was transferred elsewhere is refused', () => {
    const gone = new ArrayBuffer(8);
    const views = [gone, new Uint8Array(gone), Buffer.from(gone), new DataView(gone)];
    structuredClone(gone, { transfer: [gone] });
    for (const value of views) refuses(value, 'bytes', /cannot be read \(.*detached/);
  });

  test('refuses the rest', () => {
    refuses([1, 256], 'bytes', /element at 1/);
    refuses([1.5], 'bytes', /element at 0/);
    refuses(new Array(3), 'bytes', /element at 0/);
    refuses('\udc00', 'bytes', /surrogate/);
    for (const value of [null, undefined, 7, true, {}, new Date(0)]) refuses(value, 'bytes', /a Buffer, a typed array/);
  });
});

describe('JSON', () => {
  test('what JSON can say, as its text', () => {
    const value = { a: [1, 'x', null, true], left: undefined, at: new Date(0) };
    assert.equal(accept(value, 'json'), '{"a":[1,"x",null,true],"at":"1970-01-01T00:00:00.000Z"}');
    assert.equal(accept(null, 'json'), 'null');
    assert.equal(accept('x', 'json'), '"x"');
    assert.equal(accept(JSON.parse('{"__proto__": {"x": 1}}'), 'json'), '{"__proto__":{"x":1}}');
  });

  test('is nested at most 1000 deep', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    assert.equal(accept(nested(1000), 'json'), '['.repeat(1000) + ']'.repeat(1000));
    refuses(nested(1001), 'json', /nested at most 1000 deep; got an array/);
    refuses([nested(500), { deep: nested(1000) }], 'json', /at most 1000 deep/);
  });

  test('refuses what JSON cannot say, and says where', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    refuses(circle, 'json', /contains itself/);
    refuses({ f: () => 1 }, 'json', /a function at "f"/);
    refuses({ s: Symbol('x') }, 'json', /a symbol at "s"/);
    refuses({ n: Number.NaN }, 'json', /NaN at "n"/);
    refuses({ big: 1n }, 'json', /1n at "big"/);
    refuses([undefined], 'json', /undefined at "0"/);
    refuses({ m: new Map() }, 'json', /a Map at "m"/);
    refuses(undefined, 'json', /got undefined/);
    refuses(() => 1, 'json', /got a function/);
    let deep: unknown = [];
    for (let level = 0; level < 200_000; level++) deep = [deep];
    refuses(deep, 'json', /at most 1000 deep/);
  });
});

describe('positions', () => {
  const two: Signature = {
    parameters: [{ type: 'i32' }, { name: 'text', type: 'string' }],
    results: [{ type: 'bytes' }],
  };

  test('none takes anything, one the value itself, several an array', () => {
    assert.deepEqual(acceptArguments({ any: 'thing' }, { parameters: [], results: [] }), []);
    assert.deepEqual(acceptArguments([1, 2], one('json')), ['[1,2]']);
    assert.deepEqual(acceptArguments([1, 'x'], two), [1, 'x']);
    assert.deepEqual(acceptArguments(runInNewContext('[1, "x"]'), two), [1, 'x']);
  });

  test('a wrong count shows the signature', () => {
    const says = (value: unknown, pattern: RegExp): void => {
      assert.throws(
        () => acceptArguments(value, two),
        (error: unknown) =>
          error instanceof WasmFunctionError && error.code === 'arguments' && pattern.test(error.message),
      );
    };
    says([1], /\(i32, text: string\) → bytes takes an array of 2 values.*got 1 value/);
    says([1, 'x', 2], /got 3 values/);
    says(5, /got 5/);
    says(Uint8Array.of(1, 2), /got a typed array/);
    says(null, /got null/);
  });

  test('names the function where its name is known', () => {
    const call = { name: 'repeat' };
    assert.throws(() => acceptArguments(5, two, call), /^\w*:? ?repeat \(i32, text: string\) → bytes takes an array/);
    assert.throws(
      () => acceptArguments([1, {}], two, call),
      /\(string\) of repeat \(i32, text: string\) → bytes takes/,
    );
  });

  test('tells whoever tries a function what to do about the argument, and not about a flow', () => {
    const trial = { name: 'f', isTrial: true };
    const says = (value: unknown, signature: Signature, pattern: RegExp): void =>
      assert.throws(() => acceptArguments(value, signature, trial), pattern);
    says(10, two, /got 10\. Choose JSON as its type and write them in brackets, such as \[1, 2\]\.$/);
    says(
      2 ** 53 + 2,
      one('i64'),
      /\. Write it as text, in JSON within quotes or else as a string: as a number it is rounded\.$/,
    );
    says(1.5, one('i64'), /\. Write another value, or choose another type for it\.$/);
    says({}, one('string'), /\. Write another value, or choose another type for it\.$/);
  });

  test('names the parameter by its name, or its place', () => {
    assert.throws(
      () => acceptArguments([1, {}], two),
      /Parameter "text" \(string\) of \(i32, text: string\) → bytes takes text/,
    );
    assert.throws(() => acceptArguments(['x', 'y'], two), /Parameter 1 \(i32\)/);
  });

  test('an absent optional is null', () => {
    assert.equal(accept(undefined, 'i32', { optional: true }), null);
    assert.equal(accept(null, 'string', { optional: true }), null);
    assert.equal(accept(4, 'i32', { optional: true }), 4);
    refuses('x', 'i32', /Parameter 1 \(i32\) of \(i32\?\)/, { optional: true });
  });

  test('getters, proxies and revoked proxies that throw are refused, never a crash', () => {
    const getter = Object.defineProperty([0, 'x'], 0, {
      get() {
        throw new Error('boom');
      },
    });
    assert.throws(() => acceptArguments(getter, two), { code: 'arguments', message: /cannot be read \(boom\)/ });
    const { proxy, revoke } = Proxy.revocable([1, 'x'], {});
    revoke();
    assert.throws(() => acceptArguments(proxy, two), { code: 'arguments' });
    for (const type of ['i32', 'i64', 'f64', 'bool', 'string', 'bytes', 'json'] as const) {
      refuses(proxy, type, new RegExp(`\\(${type}\\)`));
    }
    const hostile = {
      toJSON() {
        throw Object.create(null) as Error;
      },
    };
    refuses(hostile, 'json', /cannot be read/);
  });
});
