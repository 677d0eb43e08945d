import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AbiCaller, AbiName, CallableExport, GuestAbi } from '#dist/host/abi/adapter';
import { WasmFunctionError } from '#dist/host/errors';
import type { ModuleDescription } from '#dist/host/module/description';
import { MAX_LISTED } from '#dist/host/limits';
import { inspectModule } from '../../support/inspect-module';
import { HEADER, module, type ModuleSpec, producers, targetFeatures } from '../../support/wasm-builder';

/** Calls every export over numbers; a declared signature must have as many parameters as the binary. */
const caller: AbiCaller = {
  exports: (description) => description.exports.flatMap((item) => callable(item)),
  plan(description, { export: name, signature }) {
    const found = caller.exports(description).find((item) => item.name === name);
    if (found === undefined) throw new WasmFunctionError('export', 'no such export');
    if (signature === undefined || signature.parameters.length !== found.type.parameters.length) {
      throw new WasmFunctionError('abi', 'does not fit');
    }
    return { export: name, signature, emits: 'result' };
  },
  instantiate: () => {
    throw new Error('nothing is instantiated by an inspection');
  },
};

function callable(item: ModuleDescription['exports'][number]): CallableExport[] {
  if (item.kind !== 'function') return [];
  if (item.type.parameters.includes('v128')) return [{ name: item.name, type: item.type, question: 'No vectors.' }];
  if (item.name === 'ask') return [{ name: 'ask', type: item.type, question: 'Which?', conventions: ['packed'] }];
  const parameters = item.type.parameters.map(() => ({ type: 'f64' as const }));
  return [{ name: item.name, type: item.type, signature: { parameters, results: [] } }];
}

function abi(name: AbiName, matches: (description: ModuleDescription) => boolean, calls?: AbiCaller): GuestAbi {
  return {
    name,
    title: `Title of ${name}`,
    summary: '',
    detect: (description) => (matches(description) ? { because: 'it does' } : undefined),
    ...(calls === undefined ? {} : { caller: calls }),
  };
}

const ABIS = [
  abi('component', () => false),
  abi('wasi-command', ({ exports }) => exports.some(({ name }) => name === '_start')),
  abi('bytes', () => false),
  abi('numeric', ({ imports }) => imports.length === 0, caller),
];

function inspect(spec: ModuleSpec, declarations?: string) {
  return inspectModule(module(spec), 'a.wasm', ABIS, { abi: 'auto', export: '' }, declarations);
}

describe('an inspection', () => {
  test('of a module that can be called says how', () => {
    const spec: ModuleSpec = {
      functions: [{ export: 'triple', parameters: ['f64'], results: ['f64'] }],
      memories: [{ minimum: 1, maximum: 16 }, { minimum: 2 }],
      tables: [{ minimum: 0, maximum: 1 }],
      custom: [producers({ language: [['Rust', '1.95']], sdk: [['x', '1']] }), targetFeatures(['+simd128'])],
    };
    const bytes = module(spec);
    const { hash, ...rest } = inspect(spec);
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      file: 'a.wasm',
      size: bytes.length,
      kind: 'core module',
      abi: 'numeric',
      abiTitle: 'Title of numeric',
      because: 'it does',
      language: 'Rust 1.95',
      tools: ['x 1'],
      features: ['simd128'],
      exports: [{ name: 'triple', type: '(f64) → f64', signature: '(f64) → ()' }],
      defaultExport: 'triple',
      imports: [],
      memories: ['1 page, at most 16 pages', '2 pages'],
      tables: ['0 elements, at most 1 element'],
    });
  });

  test('takes signatures from declarations that fit, with the numbers of the binary', () => {
    const spec: ModuleSpec = {
      functions: [
        { export: 'fits', parameters: ['i32', 'f32'], results: ['f64'] },
        { export: 'other', parameters: ['i32'] },
      ],
    };
    const { exports, defaultExport } = inspect(
      spec,
      'export function fits(a: number, b: number): number; export function other(a: number, b: number): void;',
    );
    assert.deepEqual(
      exports.map(({ signature }) => signature),
      ['(a: i32, b: f32) → f64', '(f64) → ()'],
    );
    assert.equal(defaultExport, undefined);
  });

  test('says of an export what its declaration has that is not carried', () => {
    const spec: ModuleSpec = { functions: [{ export: 'sum', parameters: ['i32', 'i32'], results: ['f64'] }] };
    const [sum] = inspect(spec, 'export function sum(list: Float64Array): number;').exports;
    assert.match(sum?.question ?? '', /takes "list" as Float64Array/);
    assert.equal(sum?.signature, undefined);
  });

  test('stays small whatever the types of a small file are', () => {
    const spec: ModuleSpec = {
      functions: [{ export: 'f', parameters: new Array<'i32'>(1000).fill('i32') }],
      exports: Array.from({ length: 3000 }, (_, index) => ({ name: `f${index}`, kind: 'function' as const, index: 0 })),
    };
    const inspection = inspect(spec);
    assert.ok(inspection.exports.length > 1000, `${inspection.exports.length} are listed`);
    assert.deepEqual(inspection.unlisted, { exports: 3001 - inspection.exports.length, imports: 0 });
    assert.equal(inspection.exports[0]?.type, `(${'i32, '.repeat(20)}… 980 more) → ()`);
    assert.ok(JSON.stringify(inspection.exports).length < MAX_LISTED + inspection.exports.length + 2);
  });

  test('lists the export that is chosen where not all are listed', () => {
    const spec: ModuleSpec = {
      functions: [{ export: 'f', parameters: new Array<'i32'>(1000).fill('i32') }],
      exports: Array.from({ length: 3000 }, (_, index) => ({ name: `f${index}`, kind: 'function' as const, index: 0 })),
    };
    const named = (name: string) => inspectModule(module(spec), 'm.wasm', ABIS, { abi: 'auto', export: name });
    const { exports, unlisted } = named('f2999');
    assert.equal(exports[0]?.name, 'f2999');
    assert.equal(exports.length + (unlisted?.exports ?? 0), 3001);
    assert.equal(named('f5').exports[0]?.name, 'f', 'the order of the module, where it is listed anyway');
  });

  test('leaves a question open until a declaration answers it', () => {
    const spec: ModuleSpec = { functions: [{ export: 'ask', parameters: ['i32'], results: ['i32'] }] };
    assert.deepEqual(inspect(spec).exports, [
      { name: 'ask', type: '(i32) → i32', question: 'Which?', conventions: ['packed'] },
    ]);
    assert.deepEqual(inspect(spec, 'export function ask(a: boolean): number;').exports, [
      { name: 'ask', type: '(i32) → i32', signature: '(bool) → i32', conventions: ['packed'] },
    ]);
  });

  test('counts no export that cannot be chosen', () => {
    const { exports, refusal, defaultExport } = inspect({
      functions: [{ export: 'v', parameters: ['v128'] }, { export: 'n' }],
    });
    assert.equal(refusal, undefined);
    assert.equal(defaultExport, 'n');
    assert.deepEqual(exports, [
      { name: 'v', type: '(v128) → ()', question: 'No vectors.' },
      { name: 'n', type: '() → ()', signature: '() → ()' },
    ]);
  });

  test('shows imports of every kind', () => {
    const { imports, refusal, exports } = inspect({
      imports: [
        { module: 'm', name: 'f', parameters: ['i32'] },
        { module: 'mm', name: 't', kind: 'table', minimum: 1 },
        { module: 'm', name: 'memory', kind: 'memory', minimum: 1 },
        { module: 'm', name: 'g', kind: 'global', type: 'i64', mutable: true },
        { module: 'm', name: 'c', kind: 'global', type: 'i64' },
        { module: 'm', name: 'e', kind: 'tag', parameters: ['f32'] },
      ],
      functions: [{ export: 'f' }],
    });
    assert.deepEqual(
      imports.map(({ type }) => type),
      [
        '(i32) → ()',
        'table of funcref, 1 element',
        'memory, 1 page',
        'global i64, mutable',
        'global i64',
        'tag (f32) → ()',
      ],
    );
    assert.equal(refusal?.code, 'abi');
    assert.match(refusal?.message ?? '', /imports "m\.f"/);
    assert.deepEqual(exports, [{ name: 'f', type: '() → ()' }]);
  });
});

describe('an inspection of what cannot be called says why and what to do', () => {
  test('an ABI that is recognised only', () => {
    const { abi: name, refusal, exports } = inspect({ functions: [{ export: '_start' }] });
    assert.equal(name, 'wasi-command');
    assert.equal(refusal?.code, 'abi');
    assert.match(refusal?.message ?? '', /^Title of wasi-command is recognised, but this version does not call it yet/);
    assert.deepEqual(exports, [{ name: '_start', type: '() → ()' }]);
  });

  test('a component', () => {
    const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
    const choice = { abi: 'auto', export: '' } as const;
    const known = inspectModule(bytes, 'c.wasm', ABIS, choice);
    assert.deepEqual([known.kind, known.abi, known.size], ['component', 'component', 8]);
    assert.match(known.refusal?.message ?? '', /is recognised, but this version does not call it yet/);
    const unknown = inspectModule(bytes, 'c.wasm', [], choice);
    assert.match(unknown.refusal?.message ?? '', /a WebAssembly component.*core module/);
  });

  test('a file of another kind', () => {
    const { kind, refusal, because } = inspectModule(Buffer.from('<html>'), 'h.wasm', ABIS, {
      abi: 'auto',
      export: '',
    });
    assert.equal(kind, 'a web page (HTML)');
    assert.equal(refusal?.code, 'module');
    assert.ok(refusal?.message.includes(because));
  });

  test('a module that is damaged', () => {
    const bytes = Uint8Array.from([...HEADER, 1, 50, 0]);
    const { kind, unread, refusal } = inspectModule(bytes, 'd.wasm', ABIS, { abi: 'auto', export: '' });
    assert.equal(kind, 'core module');
    assert.equal(unread, true, 'that it imports nothing is not known');
    assert.equal(refusal?.code, 'module');
    assert.match(refusal?.message ?? '', /type section/);
  });

  test('a module whose exports all have a reason against them', () => {
    const { refusal, abi: name } = inspect({
      functions: [
        { export: 'v', parameters: ['v128'] },
        { export: 'w', parameters: ['v128', 'i32'] },
      ],
    });
    assert.deepEqual([name, refusal?.code], [undefined, 'abi']);
    const chosen = inspectModule(module({ functions: [{ export: 'v', parameters: ['v128'] }] }), 'v.wasm', ABIS, {
      abi: 'numeric',
      export: '',
    });
    assert.deepEqual([chosen.abi, chosen.refusal?.message], ['numeric', 'No vectors.']);
  });

  test('a module with nothing to call', () => {
    const { refusal } = inspect({ memories: [{ minimum: 1 }] });
    assert.match(refusal?.message ?? '', /exports no function/);
  });
});
