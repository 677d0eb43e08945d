import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FunctionType, ModuleDescription, WasmType } from '#dist/host/module/description';
import { layOutBindgen } from '#dist/host/abi/wasm-bindgen-layout';
import { readDeclarations, refine } from '#dist/host/module/declarations';
import { parseModule } from '#dist/host/module/parse';
import { acceptArguments } from '#dist/host/values/accept';
import { formatSignature } from '#dist/host/values/parse-signature';
import { caller, type Choice, guestBytes, open, type Opened } from './guest';

const now = (name: string, signature?: string, choice: Choice = {}): Opened =>
  open('wasm-bindgen', 'rust-bindgen/guest', name, { ...choice, ...(signature === undefined ? {} : { signature }) });
const old = (name: string, signature?: string): Opened =>
  open('wasm-bindgen', 'wasm-bindgen-2020/old', name, signature === undefined ? {} : { signature });

const module = parseModule(guestBytes('rust-bindgen/guest'));

function findFunction(name: string): FunctionType {
  const found = module.exports.find((each) => each.name === name);
  assert.ok(found?.kind === 'function');
  return found.type;
}

describe('values', () => {
  test('numbers and booleans', () => {
    assert.equal(now('add', '(i32, i32) -> i32').call([2, -3]), -1);
    assert.equal(now('largest').call(), -1);
    assert.equal(now('largest', '() -> u32').call(), 2 ** 32 - 1);
    assert.equal(now('double', '(u64) -> u64').call(2n ** 63n - 1n), 2n ** 64n - 2n);
    assert.equal(now('invert', '(bool) -> bool').call(true), false);
  });

  test('text and bytes, borrowed and owned', () => {
    assert.equal(now('greet', '(string) -> string').call('Zoë'), 'Hello, Zoë!');
    assert.equal(now('greet', '(string) -> string').call(''), 'Hello, !');
    assert.equal(now('shout', '(string) -> string').call('grün'), 'GRÜN');
    assert.deepEqual(now('reverse', '(bytes) -> bytes').call([1, 2, 3]), Buffer.from([3, 2, 1]));
    assert.deepEqual(now('reverse', '(bytes) -> bytes').call([]), Buffer.alloc(0));
    assert.equal(now('checksum', '(bytes) -> u32').call('ab'), 97 * 31 + 98);
    assert.equal(now('repeat', '(string, u32) -> string').call(['ab', 3]), 'ababab');
    assert.deepEqual(now('shout', '(json) -> json').call([1, { a: null }].length), 2);
  });

  test('Result: the value, or the error in its words, after which the guest works on', () => {
    const divide = now('divide', '(f64, f64) -> f64');
    assert.equal(divide.call([1, 4]), 0.25);
    for (let call = 0; call < 3; call++) {
      assert.throws(() => divide.call([1, 0]), {
        code: 'guest',
        message: 'The function failed: division by zero',
        cause: { guest: 'division by zero' },
      });
    }
    assert.equal(divide.guest.broken, false);
    assert.equal(divide.call([1, 2]), 0.5);

    const parse = now('parse', '(string) -> string');
    assert.equal(parse.call(' 12 '), 'number 12');
    assert.throws(() => parse.call('x'), { code: 'guest', cause: { guest: 'invalid digit found in string' } });

    const validate = now('validate', '(string)');
    assert.equal(validate.call('x'), undefined);
    assert.throws(() => validate.call(''), { code: 'guest', cause: { guest: 'nothing to validate' } });

    const reject = now('reject', '(i32) -> i32');
    assert.equal(reject.call(4), 4);
    assert.throws(() => reject.call(-4), { code: 'guest', cause: { guest: '-4' } });
  });

  test('Option: absent is null in both directions', () => {
    const rows: readonly (readonly [string, string, unknown, unknown])[] = [
      ['half', '(i32?) -> i32?', 8, 4],
      ['half', '(i32?) -> i32?', 3, null],
      ['half', '(f64?) -> f64?', -8, -4],
      ['root', '(f64?) -> f64?', 9, 3],
      ['root', '(f64?) -> f64?', -1, null],
      ['next_id', '(u64?) -> u64?', 1n, 2n],
      ['next_id', '(u64?) -> u64?', 2n ** 64n - 1n, null],
      ['first_word', '(string?) -> string?', 'two words', 'two'],
      ['first_word', '(string?) -> string?', ' ', null],
      ['opposite', '(bool?) -> bool?', false, true],
    ];
    for (const [name, signature, input, expected] of rows) {
      assert.equal(now(name, signature).call(input), expected, name);
      assert.equal(now(name, signature).call(undefined), null, name);
      assert.equal(now(name, signature).call(null), null, name);
    }
  });

  test('what a .d.ts calls number has the type of the binary', () => {
    const shown = (name: string, signature: string): string => formatSignature(now(name, signature).signature);
    assert.equal(shown('repeat', '(string, f64) -> string'), '(string, i32) → string');
    assert.equal(shown('reject', '(f64) -> f64'), '(i32) → i32');
    assert.equal(shown('divide', '(f64, f64) -> f64'), '(f64, f64) → f64');
    assert.equal(now('repeat', '(string, f64) -> string').call(['x', 2]), 'xx');
    assert.throws(() => now('repeat', '(string, f64) -> string').call(['x', 1.5]), { code: 'arguments' });
  });
});

test('a .d.ts says no sign, so both ranges are accepted', () => {
  const declaration = readDeclarations('export function add(a: number, b: number): number;').get('add');
  assert.ok(declaration?.kind === 'signature');
  const declared = declaration.signature;
  const found = findFunction('add');
  const signature = refine(declared, found)!;
  const planned = caller('wasm-bindgen').plan(module, { export: 'add', convention: 'auto', signature });
  assert.deepEqual(acceptArguments([2 ** 32 - 1, -1], planned.signature), [2 ** 32 - 1, -1]);
});

describe('a signature over a type', () => {
  const optional = (count: number) => ({
    parameters: Array.from({ length: count }, () => ({ type: 'f64' as const, optional: true })),
    results: [],
  });
  const slots = (count: number, last: WasmType[]): FunctionType => ({
    parameters: [...Array.from({ length: count }, (): WasmType => 'i32'), ...last],
    results: [],
  });

  test('with more readings than can be tried is laid out, or refused, at once', () => {
    assert.equal(layOutBindgen(optional(500), slots(1000, ['i64'])), undefined);
    assert.equal(layOutBindgen(optional(500), slots(1000, []))?.parameters.length, 500);
  });

  test('has one result where results are written to memory, since there is room for one', () => {
    const results = [{ type: 'i64' as const }, { type: 'i64' as const }];
    assert.equal(layOutBindgen({ parameters: [], results }, slots(1, [])), undefined);
    assert.equal(layOutBindgen({ parameters: [], results: results.slice(1) }, slots(1, []))?.returnPointer, true);
  });
});

describe('failures', () => {
  test('a panic carries its text and ends the guest', () => {
    const fail = now('fail', '(string)');
    assert.throws(() => fail.call('out of cheese'), {
      code: 'guest',
      message: /panicked at src\/lib\.rs:\d+:\d+: out of cheese$/,
    });
    assert.equal(fail.guest.broken, true);
  });

  test('a thrown text too', () => {
    const thrown = now('_throw', '(string)');
    assert.throws(() => thrown.call('enough'), { code: 'guest', cause: { guest: 'enough' } });
    assert.equal(thrown.guest.broken, true);
  });

  test('results beyond the limit', () => {
    assert.throws(() => now('repeat', '(string, u32) -> string', { maxOutput: 1000 }).call(['ab', 501]), {
      code: 'result',
      message: /1002 bytes; a call may return 1000 bytes/,
    });
  });

  test('memory goes back: 64 MiB pass through little', () => {
    const reverse = now('reverse', '(bytes) -> bytes');
    const block = new Uint8Array(256 * 1024);
    for (let call = 0; call < 256; call++) reverse.call(block);
    const divide = now('divide', '(f64, f64) -> f64');
    for (let call = 0; call < 1000; call++) assert.throws(() => divide.call([1, 0]));
    const refused = now('repeat', '(string, u32) -> string', { maxOutput: 1000 });
    for (let call = 0; call < 64; call++) assert.throws(() => refused.call(['x', 1024 * 1024]), { code: 'result' });
    assert.equal(refused.guest.broken, false);
    const noText = now('reverse', '(bytes) -> string');
    for (let call = 0; call < 64; call++) assert.throws(() => noText.call(block.fill(0xff)), { code: 'result' });
    assert.equal(noText.call('abc'), 'cba');
    for (const { guest } of [reverse, divide, refused, noText])
      assert.ok((guest.memory?.buffer.byteLength ?? 0) < 8 * 1024 * 1024);
  });
});

describe('output of 2020', () => {
  test('results through a pointer', () => {
    const echo = old('echo', '(string) -> string');
    for (const text of ['hello', '', 'Zoë']) assert.equal(echo.call(text), text);
    assert.equal(old('add', '(i32, i32) -> i32').call([2, 3]), 5);
    assert.equal(old('maybe', '(f64?) -> f64?').call(1.5), 3);
    assert.equal(old('maybe', '(f64?) -> f64?').call(null), null);
  });

  test('errors by index, after which the guest works on', () => {
    const limit = old('limit', '(string) -> string');
    assert.equal(limit.call('short'), 'short');
    for (let call = 0; call < 3; call++) {
      assert.throws(() => limit.call('much too long'), { code: 'guest', cause: { guest: 'too long' } });
    }
    assert.equal(limit.call('short'), 'short');
    assert.equal(limit.guest.broken, false);
  });

  test('thrown and thrown again', () => {
    for (const name of ['throw', 'rethrow']) {
      const thrown = old(name, '()');
      assert.throws(() => thrown.call(), { code: 'guest', cause: { guest: 'thrown' } });
      assert.equal(thrown.guest.broken, true);
    }
    assert.equal(old('drop', '()').call(), undefined);
  });

  test('an absent Option in the words of the version that built it', () => {
    const absent = (...tools: string[]): unknown =>
      open('wasm-bindgen', 'wasm-bindgen-2020/old', 'absent', { signature: '(i32?) -> bool', tools }).call(null);
    assert.equal(absent('rustc 1.84.0', 'wasm-bindgen 0.2.100'), true);
    assert.equal(absent('wasm-bindgen 0.2.118'), true);
    assert.equal(absent('wasm-bindgen 0.2.120'), false);
    assert.equal(absent(), false);
  });
});

describe('what the binary tells', () => {
  const exports = (description: ModuleDescription): Record<string, string> =>
    Object.fromEntries(
      caller('wasm-bindgen')
        .exports(description)
        .map(({ name, signature, question }) => [
          name,
          signature === undefined ? `? ${question ?? ''}` : formatSignature(signature),
        ]),
    );

  test('numbers are certain, what may be text is asked', () => {
    const found = exports(parseModule(guestBytes('rust-bindgen/guest')));
    assert.ok(!Object.keys(found).some((name) => name.startsWith('__')));
    assert.equal(found.divide, '(f64, f64) → f64');
    assert.equal(found.reject, '(i32) → i32');
    assert.equal(found.double, '(i64) → i64');
    assert.match(found.greet ?? '', /^\? The binary does not tell text, bytes and numbers apart.*\.d\.ts/);
    assert.match(found.add ?? '', /^\?/);
    assert.match(exports(parseModule(guestBytes('wasm-bindgen-2020/old'))).echo ?? '', /^\?/);
    assert.throws(() => now('greet'), { code: 'abi', message: /\.d\.ts/ });
  });

  test('a module that carries no data has nothing to ask', () => {
    const type = (parameters: WasmType[], results: WasmType[]): FunctionType => ({ parameters, results });
    const bare: ModuleDescription = {
      ...parseModule(guestBytes('wat/add')),
      exports: [
        { name: 'add', kind: 'function', type: type(['i32', 'i32'], ['i32']) },
        { name: 'checked', kind: 'function', type: type(['i32'], ['i32', 'i32']) },
        { name: 'root', kind: 'function', type: type(['f64'], ['i32', 'f64']) },
        { name: 'script', kind: 'function', type: type(['externref'], []) },
        { name: '__externref_table_dealloc', kind: 'function', type: type(['i32'], []) },
        { name: '__wbg_thing_free', kind: 'function', type: type(['i32', 'i32'], []) },
      ],
    };
    const { script, ...certain } = exports(bare);
    assert.deepEqual(certain, { add: '(i32, i32) → i32', checked: '(i32) → ()', root: '(f64) → f64?' });
    assert.match(script ?? '', /JavaScript value/);
  });

  test('signatures that do not fit, and imports of real JavaScript', () => {
    assert.throws(() => now('greet', '(f64) -> string'), { code: 'abi', message: /does not fit "greet"/ });
    assert.throws(() => now('nope', '()'), { code: 'export' });
    const description = parseModule(guestBytes('rust-bindgen/guest'));
    const needy: ModuleDescription = {
      ...description,
      imports: [
        ...description.imports,
        {
          module: './x_bg.js',
          name: '__wbg_getRandomValues_1',
          kind: 'function',
          type: { parameters: ['externref', 'externref'], results: [] },
        },
      ],
    };
    assert.match(exports(needy).divide ?? '', /__wbg_getRandomValues_1.*JavaScript or the browser/);
    assert.throws(() => caller('wasm-bindgen').plan(needy, { export: 'divide', convention: 'auto' }), { code: 'abi' });
  });

  test('modules of every target: the import module has another name each time', () => {
    const bytes = guestBytes('rust-bindgen/guest');
    for (const module of ['./rust_bindgen_bg.js', 'wbg', '__wbindgen_placeholder__']) {
      const description = parseModule(bytes);
      const renamed = { ...description, imports: description.imports.map((each) => ({ ...each, module })) };
      assert.equal(exports(renamed).divide, '(f64, f64) → f64');
    }
  });
});
