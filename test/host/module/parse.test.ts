import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { WasmFunctionError } from '#dist/host/errors';
import { parseModule } from '#dist/host/module/parse';
import {
  HEADER,
  leb,
  module,
  type ModuleSpec,
  producers,
  rawModule,
  section,
  targetFeatures,
  text,
  vector,
} from '../../support/wasm-builder';

function refused(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parseModule(bytes),
    (error) => {
      assert.ok(error instanceof WasmFunctionError, String(error));
      assert.equal(error.code, 'module');
      assert.match(error.message, message);
      return true;
    },
  );
}

/** One of everything this engine compiles. */
const FULL: ModuleSpec = {
  imports: [
    { module: 'env', name: 'log', parameters: ['i32', 'f64'] },
    { module: 'env', name: 'table', kind: 'table', minimum: 1, maximum: 5 },
    { module: 'env', name: 'base', kind: 'global', type: 'i32' },
    { module: 'env', name: 'error', kind: 'tag', parameters: ['i64'] },
  ],
  functions: [
    { export: 'triple', parameters: ['f64'], results: ['f64'] },
    { export: 'pair', parameters: ['i32', 'i64', 'f32'], results: ['i32', 'i64'] },
    { export: 'vector', parameters: ['v128'], results: ['externref', 'funcref'] },
    {},
  ],
  tables: [{ minimum: 2 }, { minimum: 3, maximum: 9, element: 'externref' }],
  memories: [{ minimum: 1, maximum: 16 }],
  tags: [{ parameters: ['f32'] }],
  globals: [
    { type: 'i32', value: [0x23, 0] },
    { type: 'i64', mutable: true },
    { type: 'f32' },
    { type: 'f64' },
    { type: 'funcref', value: [0xd2, 1] },
    { type: 'v128' },
  ],
  exports: [
    { name: 'log again', kind: 'function', index: 0 },
    { name: 'memory', kind: 'memory', index: 0 },
    { name: 'table', kind: 'table', index: 2 },
    { name: 'counter', kind: 'global', index: 2 },
    { name: 'thrown', kind: 'tag', index: 1 },
  ],
  start: 4,
  custom: [
    producers({
      language: [['Rust', '1.95.0']],
      'processed-by': [['rustc', '1.95.0 (x)']],
      sdk: [['Emscripten', '5']],
    }),
    targetFeatures(['+simd128', '-atomics', '+multivalue']),
    { name: 'name', bytes: [1, 2, 3] },
  ],
};

const full = module(FULL);

describe('a description', () => {
  test('says all that the sections say', () => {
    const { imports, exports, ...rest } = parseModule(full);
    assert.deepEqual(rest, {
      size: full.length,
      hash: createHash('sha256').update(full).digest('hex'),
      memories: [{ minimum: 1, maximum: 16, shared: false, index64: false }],
      tables: [
        { minimum: 2, shared: false, index64: false },
        { minimum: 3, maximum: 9, shared: false, index64: false },
      ],
      functionCount: 4,
      hasStart: true,
      customSections: ['producers', 'target_features', 'name'],
      language: 'Rust 1.95.0',
      tools: ['rustc 1.95.0 (x)', 'Emscripten 5'],
      features: ['simd128', 'multivalue'],
    });
    assert.deepEqual(imports, [
      { module: 'env', name: 'log', kind: 'function', type: { parameters: ['i32', 'f64'], results: [] } },
      {
        module: 'env',
        name: 'table',
        kind: 'table',
        element: 'funcref',
        limits: { minimum: 1, maximum: 5, shared: false, index64: false },
      },
      { module: 'env', name: 'base', kind: 'global', type: 'i32', mutable: false },
      { module: 'env', name: 'error', kind: 'tag', type: { parameters: ['i64'], results: [] } },
    ]);
    assert.deepEqual(exports, [
      { name: 'triple', kind: 'function', type: { parameters: ['f64'], results: ['f64'] } },
      { name: 'pair', kind: 'function', type: { parameters: ['i32', 'i64', 'f32'], results: ['i32', 'i64'] } },
      { name: 'vector', kind: 'function', type: { parameters: ['v128'], results: ['externref', 'funcref'] } },
      { name: 'log again', kind: 'function', type: { parameters: ['i32', 'f64'], results: [] } },
      { name: 'memory', kind: 'memory', limits: { minimum: 1, maximum: 16, shared: false, index64: false } },
      {
        name: 'table',
        kind: 'table',
        element: 'externref',
        limits: { minimum: 3, maximum: 9, shared: false, index64: false },
      },
      { name: 'counter', kind: 'global', type: 'i64', mutable: true },
      { name: 'thrown', kind: 'tag', type: { parameters: ['f32'], results: [] } },
    ]);
  });

  test('agrees with the engine on names and kinds', () => {
    const compiled = new WebAssembly.Module(full as Uint8Array<ArrayBuffer>);
    const { imports, exports } = parseModule(full);
    assert.deepEqual(
      imports.map(({ module: from, name, kind }) => ({ module: from, name, kind })),
      WebAssembly.Module.imports(compiled),
    );
    assert.deepEqual(
      exports.map(({ name, kind }) => ({ name, kind })),
      WebAssembly.Module.exports(compiled),
    );
  });

  test('of the smallest module is empty', () => {
    const { size, exports, imports, tools } = parseModule(Uint8Array.from(HEADER));
    assert.deepEqual({ size, exports, imports, tools }, { size: 8, exports: [], imports: [], tools: [] });
  });

  test('reads names that mean something in JavaScript as plain names', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '\u{1f980}'];
    const { exports } = parseModule(module({ functions: names.map((name) => ({ export: name })) }));
    assert.deepEqual(
      exports.map(({ name }) => name),
      names,
    );
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  });

  test('takes a view into a larger buffer', () => {
    const larger = new Uint8Array(full.length + 20);
    larger.set(full, 7);
    assert.equal(parseModule(larger.subarray(7, 7 + full.length)).hash, parseModule(full).hash);
  });

  test('survives a custom section that cannot be read', () => {
    const broken = [0xff, 0xff, 0xff, 0xff, 0x0f];
    const { tools, features, language, customSections } = parseModule(
      module({
        custom: [
          { name: 'producers', bytes: broken },
          { name: 'target_features', bytes: broken },
        ],
      }),
    );
    assert.deepEqual([tools, features, language], [[], [], undefined]);
    assert.deepEqual(customSections, ['producers', 'target_features']);
  });

  test('names the language with the version of its compiler', () => {
    const languageOf = (fields: Parameters<typeof producers>[0]): string | undefined =>
      parseModule(module({ custom: [producers(fields)] })).language;
    const rustc = ['rustc', '1.95.0 (59807616e 2026-04-14)'] as const;
    assert.equal(languageOf({ language: [['Rust', '']], 'processed-by': [rustc] }), 'Rust 1.95.0');
    assert.equal(languageOf({ language: [['Rust', '']] }), 'Rust');
    assert.equal(
      languageOf({
        language: [
          ['C11', ''],
          ['Rust', '2018'],
        ],
        'processed-by': [rustc],
      }),
      'C11, Rust 2018',
    );
    assert.equal(languageOf({ 'processed-by': [rustc] }), undefined);
  });

  test('shortens what tools wrote, and keeps it on one line', () => {
    const { language, tools } = parseModule(
      module({ custom: [producers({ language: [['x'.repeat(5000), '']], sdk: [['a\nb\u202e', '1']] })] }),
    );
    assert.equal(language?.length, 100);
    assert.deepEqual(tools, ['a b  1']);
  });
});

describe('proposals', () => {
  const anyref = 0x6e;
  const gcTypes = [
    [0x5f, 2, 0x7f, 1, 0x78, 0], // struct of a mutable i32 and a packed i8
    [0x4e, 2, 0x50, 0, 0x5e, 0x77, 1, 0x4f, 1, 0, 0x5f, 0], // a group: array of i16, final struct below type 0
    [0x60, 2, 0x63, 0x00, 0x64, 0x6e, 1, anyref],
    [0x60, 2, 0x63, 0x70, 0x63, 0x6f, 0],
  ];

  test('GC types, recursive groups and typed references', () => {
    // index 0 is the struct, 1 and 2 are the group's, so that 3 and 4 are the functions
    const exports = section(
      7,
      vector([
        [...text('f'), 0, 0],
        [...text('g'), 0, 1],
      ]),
    );
    const bytes = rawModule(section(1, vector(gcTypes)), section(3, [2, 3, 4]), exports);
    assert.deepEqual(parseModule(bytes).exports, [
      { name: 'f', kind: 'function', type: { parameters: ['reference', 'reference'], results: ['reference'] } },
      { name: 'g', kind: 'function', type: { parameters: ['funcref', 'externref'], results: [] } },
    ]);
  });

  test('a function that has the type of a struct is refused', () => {
    refused(rawModule(section(1, vector(gcTypes)), section(3, [1, 0])), /no function type 0.*function section.*offset/);
  });

  test('memory64, table64, shared and several memories', () => {
    const { memories, tables } = parseModule(
      module({
        memories: [
          { minimum: 2 ** 33, index64: true },
          { minimum: 1, maximum: 2, shared: true },
        ],
        tables: [{ minimum: 1, index64: true, initialised: true }],
      }),
    );
    assert.deepEqual(memories, [
      { minimum: 2 ** 33, shared: false, index64: true },
      { minimum: 1, maximum: 2, shared: true, index64: false },
    ]);
    assert.deepEqual(tables, [{ minimum: 1, shared: false, index64: true }]);
  });

  test('constant expressions of the extended-const and GC proposals', () => {
    const values = [
      [0x41, 0x7f, 0x41, 2, 0x6a, 0x41, 3, 0x6c], // (-1 + 2) * 3
      [0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
      [0x41, 1, 0xfb, 0x1c], // ref.i31
      [0x41, 1, 0xfb, 0x08, 1, 1], // array.new_fixed
      [0xd0, 0x6e],
    ];
    const bytes = module({
      globals: values.map((value) => ({ type: 'i32', value })),
      exports: [{ name: 'last', kind: 'global', index: values.length - 1 }],
    });
    assert.deepEqual(parseModule(bytes).exports[0], { name: 'last', kind: 'global', type: 'i32', mutable: false });
    refused(module({ globals: [{ type: 'i32', value: [0x10, 0] }] }), /instruction 0x10.*global section/);
  });

  test('custom page sizes are refused by name', () => {
    refused(rawModule(section(5, [1, 0x08, 1, 0])), /pages of its own size/);
  });
});

describe('a damaged or hostile module', () => {
  test('is refused wherever it is cut short', () => {
    let accepted = 0;
    for (let length = 0; length < full.length; length += 1) {
      try {
        parseModule(full.subarray(0, length));
        accepted += 1;
      } catch (error) {
        assert.ok(error instanceof WasmFunctionError && error.code === 'module', String(error));
      }
    }
    // only a cut between two sections leaves something that can be read
    assert.ok(accepted < 20, `${accepted} cut modules were accepted`);
  });

  const fourBillion = [0xff, 0xff, 0xff, 0xff, 0x0f];
  for (const [id, name] of [
    [1, 'type'],
    [2, 'import'],
    [3, 'function'],
    [4, 'table'],
    [5, 'memory'],
    [6, 'global'],
    [7, 'export'],
    [13, 'tag'],
  ] as const) {
    test(`that promises four billion entries in its ${name} section`, () => {
      refused(rawModule(section(id, fourBillion)), new RegExp(`4294967295 .* declared.*${name} section, at offset 10`));
    });
  }

  test('with counts the engine would take, but without the bytes for them', () => {
    refused(rawModule(section(1, [1, 0x60, 0, 0]), section(3, leb(900_000))), /900000 functions.*0 bytes are left/);
    refused(rawModule(section(1, [1, 0x60, ...leb(1000)])), /1000 parameters.*0 bytes are left/);
    refused(rawModule(section(7, [1, ...fourBillion])), /too|declared|longer/);
  });

  test('with 900,000 functions is read, and a function of a thousand results', () => {
    const many = rawModule(
      section(1, [1, 0x60, 0, 0]),
      section(3, [...leb(900_000), ...new Array<number>(900_000).fill(0)]),
    );
    assert.equal(parseModule(many).functionCount, 900_000);
    const results = new Array<'i32'>(1000).fill('i32');
    const [wide] = parseModule(module({ functions: [{ export: 'f', results }] })).exports;
    assert.ok(wide?.kind === 'function' && wide.type.results.length === 1000);
    refused(module({ functions: [{ results: [...results, 'i32'] }] }), /1001 results are declared, more than the 1000/);
  });

  test('with types whose parameters would fill the memory', () => {
    const wide = [0x60, ...leb(1000), ...new Array<number>(1000).fill(0x7f), 0];
    const types = new Array<number[]>(1001).fill(wide);
    refused(rawModule(section(1, vector(types))), /more than 1000000 parameters and results/);
  });

  test('with numbers that do not fit', () => {
    refused(rawModule([1, 0xff, 0xff, 0xff, 0xff, 0x1f]), /size of the type section is no 32-bit number/);
    refused(rawModule([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), /no 32-bit number/);
    refused(rawModule(section(5, [1, 4, ...new Array<number>(10).fill(0xff), 1])), /no 64-bit number/);
    refused(
      module({ globals: [{ type: 'i32', value: [0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0] }] }),
      /longer than 5 bytes/,
    );
  });

  test('with sections out of order, repeated, unknown, too long or not used up', () => {
    const types = section(1, [1, 0x60, 0, 0]);
    refused(rawModule(section(3, [0]), types), /type section is repeated or out of order.*offset 11/);
    refused(rawModule(types, types), /type section is repeated/);
    refused(rawModule(section(99, [])), /section number 99 is unknown.*offset 8/);
    refused(rawModule([1, 50, 0]), /takes 50 bytes, but only 1/);
    refused(rawModule(section(1, [0, 0])), /1 bytes are left over/);
    // the tag section stands between those of memories and globals, whatever its number
    assert.doesNotThrow(() => parseModule(rawModule(section(5, [0]), section(13, [0]), section(6, [0]))));
    refused(rawModule(section(6, [0]), section(13, [0])), /tag section is repeated or out of order/);
  });

  test('with indices that point nowhere', () => {
    refused(module({ exports: [{ name: 'f', kind: 'function', index: 0 }] }), /no function 0.*export section/);
    refused(module({ exports: [{ name: 'm', kind: 'memory', index: 7 }] }), /no memory 7/);
    refused(module({ start: 3 }), /no function 3.*start section/);
    refused(rawModule(section(3, [1, 0])), /no function type 0/);
  });

  test('with bad names and kinds', () => {
    refused(rawModule(section(7, [1, 1, 0xff, 0, 0])), /not valid UTF-8/);
    refused(rawModule(section(1, [1, 0x60, 1, 0x01, 0])), /unknown type 0x1/);
    refused(rawModule(section(1, [1, 0x99, 0, 0])), /unknown form 0x99/);
    refused(rawModule(section(2, [1, 0, 0, 9, 0])), /import is of the unknown kind 9/);
    refused(module({ functions: [{ export: 'f' }, { export: 'f' }] }), /two exports have the same name/);
    refused(rawModule(section(0, [])), /name of a custom section/);
    const long = 'x'.repeat(100_001);
    refused(module({ functions: [{ export: long }] }), /longer than 100000 bytes/);
  });

  test('with a maximum below its minimum', () => {
    refused(module({ memories: [{ minimum: 5, maximum: 4 }] }), /maximum \(4\) below its minimum \(5\)/);
  });

  test('of another kind of file', () => {
    refused(Uint8Array.from([0x7f, 0x45, 0x4c, 0x46]), /does not start/);
    refused(Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /does not start/);
  });
});
