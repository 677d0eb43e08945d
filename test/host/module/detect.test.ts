import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ABI_NAMES, type AbiName, type GuestAbi } from '#dist/host/abi/adapter';
import { ABIS as ORDER } from '#dist/host/abi/index';
import { REFUSALS } from '#dist/host/abi/refused';
import type { ModuleDescription } from '#dist/host/module/description';
import { detectAbi } from '#dist/host/module/detect';
import { parseModule } from '#dist/host/module/parse';
import { module, type ModuleSpec } from '../../support/wasm-builder';

type Test = (module: ModuleDescription) => boolean;

function fake(name: AbiName, matches: Test): GuestAbi {
  return {
    name,
    title: `fake ${name}`,
    summary: '',
    detect: (description) => (matches(description) ? { because: `it looks like ${name}` } : undefined),
  };
}

const imports =
  (name: string): Test =>
  (description) =>
    description.imports.some((item) => item.module === name);
const exportsName =
  (name: string): Test =>
  (description) =>
    description.exports.some((item) => item.name === name);

/** Other detections than the real ones, in the real order. */
const DETECTIONS: Readonly<Partial<Record<AbiName, (description: ModuleDescription) => boolean>>> = {
  numeric: (description) => description.imports.length === 0 && description.exports.length > 0,
  bytes: exportsName('alloc'),
  'wasi-command': exportsName('_start'),
  assemblyscript: exportsName('__new'),
  'wasm-bindgen': exportsName('__wbindgen_malloc'),
  yomo: exportsName('yomo_handler'),
  'redpanda-connect': imports('benthos_wasm'),
  'redpanda-transform': imports('redpanda_transform'),
  extism: imports('extism:host/env'),
};
const ABIS: readonly GuestAbi[] = ORDER.map(({ name }) => fake(name, DETECTIONS[name] ?? (() => false)));

function detect(spec: ModuleSpec, choice: { abi?: AbiName | 'auto'; export?: string } = {}) {
  return detectAbi(parseModule(module(spec)), ABIS, { abi: choice.abi ?? 'auto', export: choice.export ?? '' });
}

function exporting(...names: readonly string[]): ModuleSpec {
  return { functions: names.map((name) => ({ export: name, parameters: ['i32'], results: ['i32'] })) };
}

function importing(...names: readonly (readonly [module: string, name: string])[]): ModuleSpec {
  return { imports: names.map(([from, name]) => ({ module: from, name })), ...exporting('f') };
}

const CALLED: readonly (readonly [row: string, abi: AbiName, spec: ModuleSpec])[] = [
  ['4', 'extism', importing(['extism:host/env', 'input_length'])],
  ['5', 'redpanda-transform', importing(['redpanda_transform', 'check_abi_version_2'])],
  ['6', 'redpanda-connect', importing(['benthos_wasm', 'v0_msg_as_bytes'])],
  ['7', 'yomo', exporting('yomo_handler')],
  ['10', 'wasm-bindgen', exporting('__wbindgen_malloc', 'greet')],
  ['12', 'assemblyscript', exporting('__new', 'add')],
  ['15', 'wasi-command', exporting('_start')],
  ['18', 'bytes', exporting('alloc', 'f')],
  ['19', 'numeric', exporting('f')],
];

describe('the ABI of a module', () => {
  for (const [row, abi, spec] of CALLED) {
    test(`row ${row}: ${abi}`, () => {
      const detected = detect(spec);
      assert.ok(detected.kind === 'abi', JSON.stringify(detected));
      assert.equal(detected.abi.name, abi);
      assert.equal(detected.because, `it looks like ${abi}`);
    });
  }

  test('is the first that matches', () => {
    const everything = exporting('alloc', '__new', '__wbindgen_malloc', 'yomo_handler', '_start');
    const detected = detect({ ...everything, imports: [{ module: 'extism:host/env', name: 'alloc' }] });
    assert.equal(detected.kind === 'abi' && detected.abi.name, 'extism');
    assert.equal(nameOf(detect(everything)), 'yomo');
    assert.equal(nameOf(detect(exporting('alloc', '__new', '__wbindgen_malloc', '_start'))), 'wasm-bindgen');
  });

  test('is that of a library where another export than _start is chosen', () => {
    const spec = exporting('_start', 'alloc', 'f');
    assert.equal(nameOf(detect(spec)), 'wasi-command');
    assert.equal(nameOf(detect(spec, { export: '_start' })), 'wasi-command');
    assert.equal(nameOf(detect(spec, { export: 'f' })), 'bytes');
  });

  test("is the user's choice, whatever the module looks like", () => {
    const detected = detect(exporting('f'), { abi: 'wasm-bindgen' });
    assert.ok(detected.kind === 'abi');
    assert.deepEqual([detected.abi.name, detected.because], ['wasm-bindgen', 'the node is set to it']);
    const matching = detect(exporting('alloc'), { abi: 'bytes' });
    assert.equal(matching.kind === 'abi' && matching.because, 'it looks like bytes');
    assert.equal(nameOf(detect(exporting('proxy_abi_version_0_2_0'), { abi: 'numeric' })), 'numeric');
    const older = ABIS.filter(({ name }) => name !== 'component');
    const unknown = detectAbi(parseModule(module(exporting('f'))), older, { abi: 'component', export: '' });
    assert.ok(unknown.kind === 'refused');
    assert.match(unknown.refusal.remedy, /auto/);
  });

  function nameOf(detected: ReturnType<typeof detect>): string {
    return detected.kind === 'abi' ? detected.abi.name : detected.refusal.kind;
  }
});

const REFUSED: readonly (readonly [row: string, spec: ModuleSpec, kind: RegExp, remedy: RegExp])[] = [
  ['an object file', { ...exporting('f'), custom: [{ name: 'linking', bytes: [2] }] }, /object file/, /wasm-ld/],
  ['a dynamic library', { ...exporting('f'), custom: [{ name: 'dylink.0', bytes: [] }] }, /dynamic library/, /-shared/],
  ['3, proxy-wasm', exporting('proxy_abi_version_0_2_1', '__wbindgen_malloc'), /Envoy/, /plain module/],
  [
    '8, Fluvio',
    { imports: [{ module: 'env', name: 'copy_records' }], ...exporting('filter_map', 'alloc') },
    /Fluvio/,
    /plain module/,
  ],
  [
    '9, unfinished wasm-bindgen',
    {
      imports: [{ module: '__wbindgen_placeholder__', name: '__wbindgen_describe' }],
      ...exporting('__wbindgen_describe_triple', '__wbindgen_malloc'),
    },
    /second step/,
    /wasm-pack build/,
  ],
  ['11, Go for browsers', importing(['gojs', 'runtime.ticks']), /Go program/, /wasip1/],
  ['11, Go for browsers, older', importing(['go', 'runtime.ticks']), /Go program/, /wasip1/],
  ['13, Emscripten, minified', importing(['a', 'a'], ['a', 'b']), /Emscripten/, /STANDALONE_WASM/],
  ['13, Emscripten, invoke', importing(['env', 'invoke_vi']), /Emscripten/, /STANDALONE_WASM/],
  ['13, Emscripten, runtime', importing(['env', 'emscripten_resize_heap']), /Emscripten/, /STANDALONE_WASM/],
  ['14, Javy', importing(['javy_quickjs_provider_v3', 'canonical_abi_realloc']), /Javy/, /statically/],
  [
    '20, shared memory',
    { ...exporting('alloc'), memories: [{ minimum: 1, maximum: 2, shared: true }] },
    /several threads/,
    /without threads/,
  ],
  [
    '20, imported shared memory',
    {
      ...exporting('__wbindgen_malloc'),
      imports: [{ module: 'env', name: 'memory', kind: 'memory', minimum: 1, maximum: 2, shared: true }],
    },
    /several threads/,
    /without threads/,
  ],
  ['20, memory64', { ...exporting('alloc'), memories: [{ minimum: 1, index64: true }] }, /memory64/, /wasm32/],
  [
    '20, only vectors and references',
    {
      functions: [
        { export: 'v', parameters: ['v128'] },
        { export: 'r', results: ['externref', 'funcref'] },
      ],
    },
    /module over v128/,
    /over numbers/,
  ],
];

describe('a module of an ABI outside this project', () => {
  for (const [row, spec, kind, remedy] of REFUSED) {
    test(`row ${row}`, () => {
      const detected = detect(spec);
      assert.ok(detected.kind === 'refused', JSON.stringify(detected));
      assert.match(detected.refusal.kind, kind);
      assert.match(detected.refusal.remedy, remedy);
      assert.ok(detected.refusal.because.length > 0);
    });
  }

  test('a finished wasm-bindgen module may keep the import of the placeholder', () => {
    const spec: ModuleSpec = {
      imports: [{ module: '__wbindgen_placeholder__', name: '__wbindgen_throw' }],
      ...exporting('__wbindgen_malloc', 'f'),
    };
    assert.equal(detect(spec).kind, 'abi');
  });

  test('a Fluvio import alone proves nothing', () => {
    const detected = detect(importing(['env', 'copy_records']));
    assert.ok(detected.kind === 'refused');
    assert.doesNotMatch(detected.refusal.kind, /Fluvio/);
  });

  test('one export over numbers keeps a module with vectors usable', () => {
    const spec: ModuleSpec = {
      functions: [
        { export: 'v', parameters: ['v128', 'i32'], results: ['externref'] },
        { export: 'n', parameters: ['i32'] },
      ],
    };
    assert.equal(detect(spec).kind, 'abi');
  });

  test('every name that a flow may save has its place in the order of detection, and no other', () => {
    assert.deepEqual(ORDER.map(({ name }) => name).sort(), [...ABI_NAMES].sort());
  });

  test('none of the refusals takes an ordinary module', () => {
    const ordinary = parseModule(module({ ...exporting('alloc', 'f'), memories: [{ minimum: 1 }] }));
    assert.deepEqual(
      REFUSALS.map(({ recognise }) => recognise(ordinary)),
      REFUSALS.map(() => undefined),
    );
  });
});

describe('a module that matches nothing', () => {
  test('is refused with the imports that are not supplied', () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map((name) => ['host', name] as const);
    const detected = detect(importing(...names));
    assert.ok(detected.kind === 'refused');
    assert.match(detected.refusal.because, /imports "host\.one", .*"host\.five" and 2 more.*not supply/);
  });

  test('is refused with one import more than a list has by its name, and no number', () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => ['host', name] as const);
    const detected = detect(importing(...names));
    assert.ok(detected.kind === 'refused');
    assert.match(detected.refusal.because, /"host\.five", "host\.six", which/);
  });

  test('has its names shown on one line and not in full length', () => {
    const detected = detect(importing(['x'.repeat(500), '\u202e\n']));
    assert.ok(detected.kind === 'refused');
    assert.ok(detected.refusal.because.length < 200);
    assert.doesNotMatch(detected.refusal.because, /[\n\u202e]/);
  });

  test('or exports no function', () => {
    const detected = detect({ memories: [{ minimum: 1 }] });
    assert.ok(detected.kind === 'refused');
    assert.match(detected.refusal.kind, /without functions/);
  });
});
