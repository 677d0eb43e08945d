import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ABIS, findAbi } from '#dist/host/abi/index';
import type { ModuleDescription } from '#dist/host/module/description';
import { parseModule } from '#dist/host/module/parse';
import { formatSignature } from '#dist/host/values/parse-signature';
import { caller, guestBytes, open } from './guest';

const numeric = caller('numeric');
const module = (name: string): ModuleDescription => parseModule(guestBytes(name));

describe('numbers', () => {
  test('32-bit: signed by itself, unsigned where the signature says so', () => {
    assert.equal(open('numeric', 'wat/add', 'add').call([2, 3]), 5);
    assert.equal(open('numeric', 'wat/add', 'add').call([2 ** 32 - 1, 0]), -1);
    assert.equal(
      open('numeric', 'wat/add', 'add', { signature: '(u32, u32) -> u32' }).call([2 ** 32 - 1, 0]),
      2 ** 32 - 1,
    );
    assert.equal(open('numeric', 'wat/add', 'add', { signature: '(bool, i32) -> bool' }).call([true, 0]), true);
    assert.throws(() => open('numeric', 'wat/add', 'add', { signature: '(i32, i32) -> i32' }).call([2 ** 31, 0]), {
      code: 'arguments',
    });
  });

  test('64-bit: BigInts', () => {
    assert.equal(open('numeric', 'wat/add64', 'add').call([2n ** 63n - 1n, 1n]), -(2n ** 63n));
    assert.equal(
      open('numeric', 'wat/add64', 'add', { signature: '(u64, u64) -> u64' }).call([2n ** 63n, '1']),
      2n ** 63n + 1n,
    );
  });

  test('floats, several results and none', () => {
    assert.equal(open('numeric', 'wat/triple', 'triple').call('21.5'), 64.5);
    assert.deepEqual(open('numeric', 'wat/swap', 'swap').call([1, 2]), [2, 1]);
    assert.equal(open('numeric', 'wat/nothing', 'nothing').call(1), undefined);
  });

  test('state lives as long as the guest', () => {
    const counter = open('numeric', 'wat/counter', 'next');
    assert.deepEqual([counter.call(), counter.call()], [1, 2]);
    assert.equal(open('numeric', 'wat/counter', 'next').call(), 1);
  });

  test('names that objects have already are names like others', () => {
    assert.equal(open('numeric', 'wat/names', '__proto__').call(1.5), 1.5);
    assert.equal(open('numeric', 'wat/names', 'constructor').call(2.5), 2.5);
    assert.deepEqual(
      numeric.exports(module('wat/names')).map(({ name }) => name),
      ['__proto__', 'constructor', 'toString'],
    );
  });

  test('a library is initialised once, and that is not offered', () => {
    assert.equal(open('numeric', 'wat/initialize', 'ready').call(), 1);
    assert.deepEqual(
      numeric.exports(module('wat/initialize')).map(({ name }) => name),
      ['ready'],
    );
  });

  test('a trap passes through as the engine threw it', () => {
    for (const name of ['unreachable', 'oob']) {
      assert.throws(() => open('numeric', 'wat/trap', name).call(), WebAssembly.RuntimeError);
    }
    assert.throws(() => open('numeric', 'wat/trap', 'div').call(1), WebAssembly.RuntimeError);
  });
});

describe('what numbers refuse', () => {
  test('a missing export lists those there are', () => {
    assert.throws(() => open('numeric', 'wat/loop', 'nope'), {
      code: 'export',
      message: /no "nope"\. Choose one of its functions: "spin", "ok"\./,
    });
    assert.throws(() => open('numeric', 'wat/trap', 'memory'), {
      code: 'export',
      message: /is a memory, not a function/,
    });
  });

  test('a signature that does not fit', () => {
    for (const signature of [
      '(i64, i32) -> i32',
      '(i32) -> i32',
      '(i32, i32) -> (i32, i32)',
      '(string) -> i32',
      '(i32?, i32) -> i32',
    ]) {
      assert.throws(() => open('numeric', 'wat/add', 'add', { signature }), {
        code: 'abi',
        message: /does not fit "add"/,
      });
    }
  });

  test('vectors and references', () => {
    const [ok, reference] = numeric.exports(module('wat/vectors'));
    assert.equal(ok?.signature === undefined ? '' : formatSignature(ok.signature), '(i64, f32) → f32');
    assert.match(reference?.question ?? '', /\(externref\).*no counterpart/);
    assert.throws(() => open('numeric', 'wat/vectors', 'reference'), { code: 'abi', message: /no counterpart/ });
  });

  test('names from a module are shown on one line, and not whole', () => {
    const name = `a\n${'b'.repeat(100_000)}`;
    const described = { ...parseModule(guestBytes('wat/imports')), exports: [] };
    const imports = described.imports.map((each) => ({ ...each, module: name, name }));
    const fails = (description: ModuleDescription, exportName: string): void => {
      assert.throws(
        () => numeric.plan(description, { export: exportName, convention: 'auto' }),
        (error: Error) => error.message.length < 1000 && !error.message.includes('\n'),
      );
    };
    fails(described, name);
    fails({ ...parseModule(guestBytes('wat/imports')), imports }, 'ok');
  });

  test('imports nobody supplies, by name; WASI as not called yet', () => {
    assert.throws(() => open('numeric', 'wat/imports', 'ok'), {
      code: 'abi',
      message: /"__proto__"\."constructor", "env"\."now"/,
    });
    assert.match(numeric.exports(module('wat/imports'))[0]?.question ?? '', /nothing here supplies/);
    assert.throws(() => open('numeric', 'wat/wasi-library', 'ok'), {
      code: 'abi',
      message: /WASI library or reactor.*not called yet.*random_get/,
    });
    assert.match(findAbi('numeric')?.detect(module('wat/wasi-library'))?.because ?? '', /imports WASI/);
  });
});

describe('detection', () => {
  const empty: ModuleDescription = { ...module('wat/add'), exports: [], imports: [] };
  const fn = (name: string, parameters: 'i32'[] = [], results: 'i32'[] = []) =>
    ({ name, kind: 'function', type: { parameters, results } }) as const;
  const detect = (description: ModuleDescription): string | undefined => {
    const found = ABIS.find((abi) => abi.detect(description) !== undefined);
    return found && `${found.name}: ${found.detect(description)?.because ?? ''}`;
  };

  test('each kind of module by its mark', () => {
    const rows: readonly (readonly [Partial<ModuleDescription>, RegExp])[] = [
      [{ imports: [{ module: 'extism:host/env', ...fn('alloc') }] }, /^extism: /],
      [{ imports: [{ module: 'redpanda_transform', ...fn('check_abi_version_2') }] }, /^redpanda-transform: /],
      [{ imports: [{ module: 'benthos_wasm', ...fn('v0_msg_as_bytes') }] }, /^redpanda-connect: /],
      [{ exports: [fn('yomo_handler')] }, /^yomo: it exports yomo_handler/],
      [{ imports: [{ module: 'env', ...fn('yomo_load_input') }] }, /^yomo: it imports "yomo_load_input"/],
      [{ exports: [fn('__wbindgen_start')] }, /^wasm-bindgen: it exports __wbindgen_start/],
      [
        { imports: [{ module: './x_bg.js', ...fn('__wbindgen_throw') }] },
        /^wasm-bindgen: it imports "__wbindgen_throw"/,
      ],
      [{ imports: [{ module: 'wbg', ...fn('y') }] }, /^wasm-bindgen: /],
      [
        { imports: [{ module: 'env', ...fn('abort', ['i32', 'i32', 'i32', 'i32']) }] },
        /^assemblyscript: it imports abort/,
      ],
      [{ exports: ['__new', '__pin', '__rtti_base'].map((name) => fn(name)) }, /^assemblyscript: it exports/],
      [
        { imports: [{ module: 'wasi_snapshot_preview1', ...fn('fd_write') }], exports: [fn('_start')] },
        /^wasi-command: /,
      ],
      [{ imports: [{ module: 'wasi_unstable', ...fn('fd_write') }], exports: [fn('_start')] }, /^wasi-command: /],
      [{ exports: [fn('f')] }, /^numeric: its functions take and return numbers only/],
    ];
    for (const [part, pattern] of rows) assert.match(detect({ ...empty, ...part }) ?? '(none)', pattern);
    assert.equal(detect(empty), undefined);
  });

  test('committed guests', () => {
    const rows = {
      'wat/add': /^numeric/,
      'c-conventions/conventions': /^bytes: it exports a memory, the allocator "malloc"/,
      'rust-bytes/guest': /^bytes: .*"alloc"/,
      'rust-bindgen/guest': /^wasm-bindgen/,
      'wasm-bindgen-2020/old': /^wasm-bindgen/,
      'assemblyscript-numbers/numbers': /^assemblyscript/,
      'assemblyscript-text/text': /^assemblyscript/,
    };
    for (const [name, pattern] of Object.entries(rows)) assert.match(detect(module(name)) ?? '', pattern);
  });

  test('only recognised: no caller, but a title and a sentence', () => {
    const recognised = ABIS.filter(({ caller }) => caller === undefined).map(({ name }) => name);
    assert.deepEqual(recognised, [
      'component',
      'extism',
      'redpanda-transform',
      'redpanda-connect',
      'yomo',
      'wasi-command',
    ]);
    for (const abi of ABIS) assert.ok(abi.title.length > 3 && /\.$/.test(abi.summary), abi.name);
  });
});
