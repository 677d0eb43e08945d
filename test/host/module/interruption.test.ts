import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeInterruptible } from '#dist/host/module/interruption';
import { parseModule } from '#dist/host/module/parse';
import * as op from '../../support/instructions';
import { type FunctionSpec, module, type ModuleSpec } from '../../support/wasm-builder';

function rewritten(spec: ModuleSpec): Uint8Array {
  const bytes = module(spec);
  return makeInterruptible(bytes, parseModule(bytes).tailCalls);
}

function instance(bytes: Uint8Array, imports: WebAssembly.Imports = {}): Record<string, (...args: number[]) => number> {
  const compiled = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  return new WebAssembly.Instance(compiled, imports).exports as never;
}

/** `sum(n, total)`: total + n + (n − 1) + … + 1, by tail calls of itself. */
const sum: FunctionSpec = {
  export: 'sum',
  parameters: ['i32', 'i32'],
  results: ['i32'],
  locals: ['i64', 'i32'],
  body: [
    ...op.localGet(0),
    ...op.I32_EQZ,
    ...op.when(op.localGet(1), op.RETURN),
    ...op.localGet(0),
    ...op.i32(1),
    ...op.I32_SUB,
    ...op.localGet(1),
    ...op.localGet(0),
    ...op.I32_ADD,
    ...op.returnCall(0),
  ],
};
const ANSWER: FunctionSpec = { export: 'answer', results: ['i32'], body: op.globalGet(0) };

describe('a module without tail calls', () => {
  test('stays as it is', () => {
    const bytes = module({ functions: [{ results: ['i32'] }], globals: [{ type: 'i32' }] });
    assert.equal(makeInterruptible(bytes, parseModule(bytes).tailCalls), bytes);
  });
});

describe('a module with tail calls', () => {
  test('does what it did', () => {
    assert.equal(instance(rewritten({ functions: [sum] })).sum!(1000, 5), 500_505);
  });

  test('keeps its globals where they are, imported ones too', () => {
    const own = { type: 'i32', value: op.i32(42) } as const;
    assert.equal(instance(rewritten({ functions: [sum, ANSWER], globals: [own] })).answer!(), 42);
    const given = { module: 'env', name: 'g', kind: 'global', type: 'i32' } as const;
    const bytes = rewritten({ functions: [sum, ANSWER], imports: [given] });
    assert.equal(instance(bytes, { env: { g: 43 } }).answer!(), 43);
  });

  test('may hand on references, and return several values or none', () => {
    const bytes = rewritten({
      tables: [{ minimum: 1 }],
      functions: [
        { export: 'f', parameters: ['externref', 'funcref'], results: ['externref', 'i32'], body: passOn(2, 1) },
        {
          parameters: ['externref', 'funcref'],
          results: ['externref', 'i32'],
          body: [...op.localGet(0), ...op.i32(3)],
        },
        { export: 'nothing', body: op.returnCall(3) },
        {},
      ],
    });
    const { f, nothing } = instance(bytes) as unknown as Record<string, (...args: unknown[]) => unknown>;
    const passed = { passed: 'on' };
    assert.deepEqual(f!(passed, null), [passed, 3]);
    assert.equal(nothing!(), undefined);
  });

  test('is told apart from others: by table, too, and only the functions that have some', () => {
    const byTable = [...op.i32(0), ...op.returnCallIndirect(0)];
    const { tailCalls } = parseModule(
      module({
        imports: [{ module: 'env', name: 'f' }],
        tables: [{ minimum: 1 }],
        functions: [{ body: op.call(1) }, { body: byTable }, { body: op.returnCall(0) }],
      }),
    );
    assert.deepEqual(tailCalls, { bodies: [1, 2], types: 1, functions: 4, globals: 0 });
  });

  test('grows by a few bytes for each function, however many parameters these have', () => {
    const values = new Array<'i64'>(900).fill('i64');
    const itself = { parameters: values, results: values, body: passOn(900, 0) };
    const spec = { functions: new Array<FunctionSpec>(100).fill(itself) };
    const growth = rewritten(spec).length - module(spec).length;
    assert.ok(growth < 100 * 16 + 50, `it grows by ${String(growth)} bytes`);
  });
});

function passOn(parameters: number, to: number): number[] {
  return [...Array.from({ length: parameters }, (_, index) => op.localGet(index)).flat(), ...op.returnCall(to)];
}
