/**
 * The rewriters of limits and of functions with tail calls. Seeds: as for the parser, which has to accept a case first.
 * Afterwards the maxima are within the caps, all else is as it was, and the engine accepts what it accepted before.
 */
import assert from 'node:assert/strict';
import { WasmFunctionError } from '#dist/host/errors';
import { capLimits } from '#dist/host/module/cap-limits';
import type { ExternalType, Limits, ModuleDescription } from '#dist/host/module/description';
import { makeInterruptible } from '#dist/host/module/interruption';
import { parseModule } from '#dist/host/module/parse';
import { mutateModule } from '../mutate-module';
import { MODULES } from '../seeds';
import type { Outcome, Target } from '../target';
import { describe } from './parse';

const CAPS = { memoryPages: 64, tableElements: 5000, referenceElements: 500 };

export const cap: Target = {
  name: 'cap-limits',
  weight: 14,
  make: (random) => mutateModule(MODULES, random),
  check(bytes): Outcome {
    const before = describe(bytes);
    if (before instanceof WasmFunctionError) return 'refused';
    const capped = rewrite(bytes);
    if (capped === undefined) return 'refused';
    const after = parseModule(capped);
    assert.ok(sumOfMaxima(after.memories) <= CAPS.memoryPages, 'the memories are too large');
    assert.ok(sumOfMaxima(after.tables) <= CAPS.tableElements + CAPS.referenceElements, 'the tables are too large');
    assert.deepEqual(withoutMaxima(after), withoutMaxima(before));
    assert.equal(capLimits(capped, CAPS), capped, 'capped once more it changes again');
    if (WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) {
      const interruptible = makeInterruptible(capped, before.tailCalls);
      assert.ok(WebAssembly.validate(interruptible as Uint8Array<ArrayBuffer>), 'the engine accepted it before');
      const functions = before.tailCalls?.bodies.length ?? 0;
      assert.ok(interruptible.length <= capped.length + 16 * functions + (functions > 0 ? 50 : 0), 'it grows by much');
    }
    return 'accepted';
  },
};

function rewrite(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return capLimits(bytes, CAPS);
  } catch (error) {
    if (!(error instanceof WasmFunctionError)) throw error;
    assert.equal(error.code, 'memory');
    return undefined;
  }
}

function sumOfMaxima(limits: readonly Limits[]): number {
  return limits.reduce((sum, { maximum }) => sum + (maximum ?? Infinity), 0);
}

function withoutMaxima(description: ModuleDescription) {
  const least = (limits: Limits) => ({ ...limits, maximum: undefined });
  return {
    ...description,
    size: 0,
    hash: '',
    memories: description.memories.map(least),
    tables: description.tables.map(least),
    exports: description.exports.map((item: ExternalType) =>
      item.kind === 'memory' || item.kind === 'table' ? { ...item, limits: least(item.limits) } : item,
    ),
  };
}
