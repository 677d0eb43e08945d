import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WasmFunctionError } from '#dist/host/errors';
import { capLimits } from '#dist/host/module/cap-limits';
import { parseModule } from '#dist/host/module/parse';
import { leb, module, type ModuleSpec, rawModule, section, vector } from '../../support/wasm-builder';

const CAPS = { memoryPages: 100, tableElements: 1000, referenceElements: 100 };

function maxima(spec: ModuleSpec, caps = CAPS) {
  const { memories, tables } = parseModule(capLimits(module(spec), caps));
  return {
    memories: memories.map(({ minimum, maximum }) => [minimum, maximum]),
    tables: tables.map(({ minimum, maximum }) => [minimum, maximum]),
  };
}

function refused(bytes: Uint8Array, message: RegExp, caps = CAPS): void {
  assert.throws(
    () => capLimits(bytes, caps),
    (error) => {
      assert.ok(error instanceof WasmFunctionError, String(error));
      assert.equal(error.code, 'memory');
      assert.match(error.message, message);
      return true;
    },
  );
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

describe('memories', () => {
  test('one without a maximum gets the whole cap', () => {
    assert.deepEqual(maxima({ memories: [{ minimum: 2 }] }).memories, [[2, 100]]);
  });

  test('one that declares more is cut down, one that declares less is left as it is', () => {
    assert.deepEqual(maxima({ memories: [{ minimum: 2, maximum: 65536 }] }).memories, [[2, 100]]);
    const small = module({ memories: [{ minimum: 2, maximum: 50 }] });
    assert.equal(capLimits(small, CAPS), small);
  });

  test('several share what their minima leave', () => {
    assert.deepEqual(maxima({ memories: [{ minimum: 10 }, { minimum: 30 }] }).memories, [
      [10, 40],
      [30, 60],
    ]);
    assert.deepEqual(maxima({ memories: [{ minimum: 10 }, { minimum: 10, maximum: 20 }, { minimum: 5 }] }).memories, [
      [10, 42],
      [10, 20],
      [5, 38],
    ]);
  });

  test('a minimum of the whole cap leaves nothing to grow', () => {
    assert.deepEqual(maxima({ memories: [{ minimum: 100 }] }).memories, [[100, 100]]);
    assert.deepEqual(maxima({ memories: [{ minimum: 60 }, { minimum: 40, maximum: 90 }] }).memories, [
      [60, 60],
      [40, 40],
    ]);
  });

  test('what needs more from the start is refused with the figures', () => {
    refused(module({ memories: [{ minimum: 2048 }] }), /needs 128 MiB.*limit is 6.25 MiB.*memory.* to 128 or more/);
    refused(module({ memories: [{ minimum: 60 }, { minimum: 41 }] }), /needs 6.31 MiB.*to 7 or more/);
    refused(module({ memories: [{ minimum: 2 ** 40, index64: true }] }), /needs 68719476736 MiB/);
    refused(module({ memories: Array.from({ length: 33 }, () => ({ minimum: 0 })) }), /33 memories; at most 32/);
  });

  test('a cap above four GiB stays a maximum the engine accepts', () => {
    const caps = { memoryPages: 200_000, tableElements: 1000, referenceElements: 100 };
    const bytes = capLimits(module({ memories: [{ minimum: 1 }] }), caps);
    assert.equal(parseModule(bytes).memories[0]?.maximum, 65536);
    assert.doesNotThrow(() => compile(bytes));
  });

  test('growth beyond the cap gives -1 in the engine', () => {
    const grow = [0x20, 0, 0x40, 0];
    const bytes = capLimits(
      module({
        functions: [{ export: 'grow', parameters: ['i32'], results: ['i32'], body: grow }],
        memories: [{ minimum: 2, maximum: 30_000 }],
      }),
      CAPS,
    );
    const { grow: call } = new WebAssembly.Instance(compile(bytes)).exports as { grow(pages: number): number };
    assert.equal(call(98), 2);
    assert.equal(call(1), -1);
  });

  test('64-bit and shared memories keep their kind', () => {
    const [memory64, shared] = parseModule(
      capLimits(
        module({
          memories: [
            { minimum: 1, index64: true },
            { minimum: 1, maximum: 65536, shared: true },
          ],
        }),
        CAPS,
      ),
    ).memories;
    assert.deepEqual(memory64, { minimum: 1, maximum: 50, shared: false, index64: true });
    assert.deepEqual(shared, { minimum: 1, maximum: 50, shared: true, index64: false });
  });

  test('limits of imports are left alone', () => {
    const bytes = module({ imports: [{ module: 'env', name: 'memory', kind: 'memory', minimum: 5000 }] });
    assert.equal(capLimits(bytes, CAPS), bytes);
  });
});

describe('tables', () => {
  test('get maxima within the cap, initialisers included', () => {
    assert.deepEqual(maxima({ tables: [{ minimum: 10 }, { minimum: 0, maximum: 100, initialised: true }] }).tables, [
      [10, 900],
      [0, 100],
    ]);
    assert.deepEqual(maxima({ tables: [{ minimum: 3, initialised: true }] }).tables, [[3, 1000]]);
  });

  test('a few bytes that ask for ten million elements are refused', () => {
    const entry = [0x70, 0x00, ...leb(10_000_000)];
    const caps = { memoryPages: 1024, tableElements: 1_000_000, referenceElements: 100 };
    refused(rawModule(section(4, vector([entry]))), /need 10000000 elements.*at most 1000000/, caps);
    refused(rawModule(section(4, vector(new Array<number[]>(40).fill(entry)))), /need 400000000/, caps);
  });

  test('those that hold what the host gives have a cap of their own, which functions do not share', () => {
    const held = { element: 'externref' } as const;
    assert.deepEqual(maxima({ tables: [{ ...held, minimum: 20 }, { minimum: 10 }, { ...held, minimum: 0 }] }).tables, [
      [20, 60],
      [10, 1000],
      [0, 40],
    ]);
    refused(module({ tables: [{ ...held, minimum: 101 }] }), /host values need 101 elements .* at most 100/);
  });

  test('too many tables are refused, however small', () => {
    refused(module({ tables: Array.from({ length: 1001 }, () => ({ minimum: 0 })) }), /1001 tables; at most 1000/);
  });
});

test('everything else of a module stays as it was, and it still runs', () => {
  const spec: ModuleSpec = {
    functions: [{ export: 'seven', results: ['i32'], body: [0x41, 7] }],
    tables: [{ minimum: 1 }],
    memories: [{ minimum: 1 }],
    globals: [{ type: 'i32' }],
    custom: [{ name: 'note', bytes: [1, 2, 3] }],
  };
  const capped = capLimits(module(spec), CAPS);
  const expected = module({
    ...spec,
    tables: [{ minimum: 1, maximum: 1000 }],
    memories: [{ minimum: 1, maximum: 100 }],
  });
  assert.deepEqual(Buffer.from(capped), Buffer.from(expected));
  const { seven } = new WebAssembly.Instance(compile(capped)).exports as { seven(): number };
  assert.equal(seven(), 7);
});
