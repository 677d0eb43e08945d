/**
 * The parser. Seeds: all guests and handmade modules, without code.
 * A module ends in a description or a `module` error, the same each time; what the engine accepts is never called
 * damaged, and its exports and imports are those the engine sees.
 */
import assert from 'node:assert/strict';
import { WasmFunctionError } from '#dist/host/errors';
import type { ParsedModule } from '#dist/host/module/description';
import { parseModule } from '#dist/host/module/parse';
import { mutateModule } from '../mutate-module';
import { MODULES } from '../seeds';
import type { Outcome, Target } from '../target';

export const parse: Target = {
  name: 'parse',
  weight: 22,
  make: (random) => mutateModule(MODULES, random),
  check(bytes): Outcome {
    const valid = WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
    const description = describe(bytes);
    if (description instanceof WasmFunctionError) {
      assert.equal(description.code, 'module');
      assert.ok(!valid, `the engine accepts it, the parser says: ${description.message}`);
      return 'refused';
    }
    assert.deepEqual(describe(bytes), description);
    if (valid) compareWithEngine(bytes, description);
    return 'accepted';
  },
};

/** The description, or why there is none; any other exception is passed on. */
export function describe(bytes: Uint8Array): ParsedModule | WasmFunctionError {
  try {
    return parseModule(bytes);
  } catch (error) {
    if (error instanceof WasmFunctionError) return error;
    throw error;
  }
}

function compareWithEngine(bytes: Uint8Array, description: ParsedModule): void {
  const compiled = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  assert.deepEqual(
    description.exports.map(({ name, kind }) => ({ name, kind })),
    WebAssembly.Module.exports(compiled),
  );
  assert.deepEqual(
    description.imports.map(({ module, name, kind }) => ({ module, name, kind })),
    WebAssembly.Module.imports(compiled),
  );
}
