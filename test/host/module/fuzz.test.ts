import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WasmFunctionError } from '#dist/host/errors';
import { capLimits } from '#dist/host/module/cap-limits';
import { inspectModule } from '#dist/host/module/inspect';
import { parseModule } from '#dist/host/module/parse';
import { module, producers, targetFeatures } from '../../support/wasm-builder';

const RUNS = process.env.TEST_LONG === undefined ? 4000 : 100_000;

const SEED_MODULE = module({
  types: [
    [0x4e, 1, 0x50, 0, 0x5f, 1, 0x7f, 1],
    [0x4f, 0, 0x5e, 0x78, 0],
  ],
  imports: [
    { module: 'env', name: 'a', parameters: ['i32'] },
    { module: 'env', name: 'm', kind: 'memory', minimum: 1 },
    { module: 'env', name: 't', kind: 'table', minimum: 1, maximum: 2 },
    { module: 'env', name: 'g', kind: 'global', type: 'i64' },
  ],
  functions: [
    { export: 'f', parameters: ['i32', 'i64', 'f32', 'f64'], results: ['i32', 'i32'] },
    { export: 'g', results: ['externref'] },
  ],
  tables: [
    { minimum: 1, initialised: true },
    { minimum: 3, maximum: 20 },
  ],
  memories: [{ minimum: 1 }, { minimum: 1, maximum: 3 }, { minimum: 1, index64: true }],
  tags: [{ parameters: ['i32'] }],
  globals: [{ type: 'i32' }, { type: 'v128' }],
  exports: [
    { name: 'memory', kind: 'memory', index: 1 },
    { name: 'global', kind: 'global', index: 1 },
    { name: 'tag', kind: 'tag', index: 0 },
  ],
  start: 0,
  custom: [producers({ language: [['C', '11']], sdk: [['x', 'y']] }), targetFeatures(['+gc', '-simd128'])],
});

/** A small generator of numbers (xorshift32): the same seed gives the same run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const BYTES = [0x00, 0x01, 0x40, 0x4e, 0x5f, 0x60, 0x63, 0x64, 0x7f, 0x80, 0xfb, 0xff];

/** Changes, inserts, takes out or repeats a few bytes. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const mutated = [...bytes];
  for (let change = random(4); change >= 0; change -= 1) {
    const at = 8 + random(mutated.length - 8);
    const byte = random(2) === 0 ? random(256) : (BYTES[random(BYTES.length)] ?? 0);
    switch (random(5)) {
      case 0:
        mutated.splice(at, 1, byte);
        break;
      case 1:
        mutated.splice(at, 0, byte);
        break;
      case 2:
        mutated.splice(at, 1 + random(3));
        break;
      case 3:
        mutated.splice(at, 5, 0xff, 0xff, 0xff, 0xff, 0x0f);
        break;
      default:
        mutated.splice(at, 0, ...mutated.slice(at, at + random(40)));
    }
    if (mutated.length < 10) return Uint8Array.from(mutated);
  }
  return Uint8Array.from(mutated);
}

test('the module that is mutated is described', () => {
  assert.equal(parseModule(SEED_MODULE).memories.length, 3);
});

test(`${RUNS} mutated modules end in a description or a WasmFunctionError`, () => {
  const random = generator(20_261);
  let described = 0;
  let capped = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const bytes = mutate(SEED_MODULE, random);
    const shown = `run ${run}: ${Buffer.from(bytes).toString('hex')}`;
    const before = Date.now();
    try {
      parseModule(bytes);
      described += 1;
      const rewritten = capLimits(bytes, { memoryPages: 64, tableElements: 64 });
      const { memories, tables } = parseModule(rewritten);
      for (const limits of [memories, tables]) {
        assert.ok(limits.reduce((sum, { maximum }) => sum + (maximum ?? Infinity), 0) <= 64, shown);
      }
      capped += 1;
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw new Error(shown, { cause: error });
      assert.ok(error.code === 'module' || error.code === 'memory', shown);
    }
    assert.doesNotThrow(() => inspectModule(bytes, 'mutated', [], { abi: 'auto', export: '' }), shown);
    // generous: a size that is believed before it is checked takes far longer, or all memory
    assert.ok(Date.now() - before < 2000, shown);
  }
  assert.ok(described > RUNS / 50 && described < RUNS, `${described} of ${RUNS} were described`);
  assert.ok(capped > 0);
});
