import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_COMPILE_COST } from '#dist/host/limits';
import { explainCompileError } from '#dist/host/module/proposals';
import { parseModule } from '#dist/host/module/parse';
import * as op from '../../support/instructions';
import { module } from '../../support/wasm-builder';

/** So many bytes that what they may cost is past the limit. */
const MUCH = Math.ceil(Math.sqrt(2 * MAX_COMPILE_COST));
const WIDE_ADD = [0xfc, 0x13];
const OPERANDS = [...op.i64(1), ...op.i64(1), ...op.i64(1), ...op.i64(1)];

function body(instruction: readonly number[], nops: number): Uint8Array {
  const code = [...OPERANDS, ...instruction, ...op.DROP, ...op.DROP, ...new Array<number>(nops).fill(0x01)];
  return module({ functions: [{ export: 'f', body: code }] });
}

describe('an instruction that is not known here', () => {
  const rows: [string, readonly number[], string][] = [
    ['of one byte', [0x27], '0x27'],
    ['behind a prefix', WIDE_ADD, '0xfc13'],
    ['behind a prefix, with a large number', [0xfd, 0x80, 0x10], '0xfd800'],
    ['that calls no function of the module', [0x10, 0x07], '0x10'],
  ];
  for (const [name, instruction, shown] of rows) {
    test(`${name} is named where much code lies behind it`, () => {
      assert.throws(
        () => parseModule(body(instruction, MUCH)),
        ({ code, message }: Error & { code: string }) => {
          assert.equal(code, 'module');
          // one byte for the number of locals
          const at = 1 + OPERANDS.length;
          const found = `^Function 0 has the instruction ${shown} at byte ${String(at)} of its body, which is not known`;
          assert.match(message, new RegExp(found));
          assert.match(message, /Build the module for an older target, or split the function\.$/);
          assert.doesNotMatch(message, /local variables/);
          return true;
        },
      );
    });
  }

  test('is left to the engine in a short function, and what it says to the proposals', () => {
    const bytes = body(WIDE_ADD, 10);
    const description = parseModule(bytes);
    try {
      new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
      assert.fail('the engine has the proposal now');
    } catch (error) {
      assert.match(explainCompileError((error as Error).message, description).message, /wide arithmetic/);
    }
  });

  test('does not hide that a function has too many locals and branches before it', () => {
    const branches = Array.from({ length: 300 }, () => op.block()).flat();
    const locals = new Array<'i32'>(MAX_COMPILE_COST / 200).fill('i32');
    const bytes = module({ functions: [{ export: 'f', locals, body: [...branches, ...WIDE_ADD] }] });
    assert.throws(() => parseModule(bytes), /too many local variables/);
  });
});
