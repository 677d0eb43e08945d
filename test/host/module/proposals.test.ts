import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseModule } from '#dist/host/module/parse';
import { explainCompileError } from '#dist/host/module/proposals';
import { module, rawModule, section, targetFeatures } from '../../support/wasm-builder';

const CURRENT = Number.parseInt(process.versions.node, 10);
const plain = parseModule(module({}));

function vectorConstant(): number[] {
  return [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
}

/** One module for each proposal, with the Node that first compiles it without a flag. */
const MODULES: readonly (readonly [title: RegExp, bytes: Uint8Array, node: number | undefined])[] = [
  [/typed references/, module({ types: [[0x60, 1, 0x64, 0x6e, 0]] }), 22],
  [/typed references/, module({ functions: [{ body: [0x41, 0, 0xfb, 0x1c, 0x1a] }] }), 22],
  [/typed references/, module({ tables: [{ minimum: 1, initialised: true }] }), 22],
  [/extended constant/, module({ globals: [{ type: 'i32', value: [0x41, 1, 0x41, 2, 0x6a] }] }), 22],
  [/64-bit memory/, module({ memories: [{ minimum: 1, index64: true }] }), 22],
  [/several memories/, module({ memories: [{ minimum: 1 }, { minimum: 1 }] }), 22],
  [
    /relaxed SIMD/,
    module({ functions: [{ body: [...vectorConstant(), ...vectorConstant(), 0xfd, 0x80, 2, 0x1a] }] }),
    22,
  ],
  [/exnref/, module({ functions: [{ body: [0x1f, 0x40, 0, 0x0b] }] }), 22],
  [/64-bit tables/, module({ tables: [{ minimum: 1, index64: true }] }), 24],
  [/custom page sizes/, rawModule(section(5, [1, 8, 1, 0])), undefined],
  [
    /stack switching/,
    module({
      types: [
        [0x60, 0, 0],
        [0x5d, 0],
      ],
    }),
    undefined,
  ],
  [
    /wide arithmetic/,
    module({ functions: [{ body: [0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0, 0xfc, 0x13, 0x1a, 0x1a] }] }),
    undefined,
  ],
];

describe('what this Node does not compile is explained by the proposal', () => {
  for (const [index, [title, bytes, node]] of MODULES.entries()) {
    const here = node !== undefined && CURRENT >= node;
    test(`${title.source}, module ${index + 1}`, { skip: here ? `Node ${CURRENT} has it` : false }, () => {
      let message = '';
      try {
        new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
      } catch (error) {
        message = (error as Error).message;
      }
      assert.notEqual(message, '', 'the engine compiled it after all');
      const explained = explainCompileError(message, plain);
      assert.equal(explained.code, 'module');
      assert.match(explained.message, title);
      assert.match(explained.message, node === undefined ? /no Node has/ : new RegExp(`use Node ${node} or later`));
      assert.ok(explained.message.includes(message.slice(0, 60)), "the engine's own words are kept");
    });
  }
});

describe('a compile error', () => {
  test('without a hint is explained by the features the module was built with', () => {
    const built = parseModule(module({ custom: [targetFeatures(['+simd128', '+multimemory'])] }));
    const { message } = explainCompileError('something new', built, 20);
    assert.match(message, /built with several memories.*Node 20 does not have: use Node 22 or later/);
  });

  test('is not put down to what this Node has', () => {
    const built = parseModule(module({ custom: [targetFeatures(['+extended-const'])] }));
    const { message, code } = explainCompileError('type mismatch, enable with --experimental-wasm-gc', built, 24);
    assert.equal(code, 'module');
    assert.match(message, /not valid.*The engine says: type mismatch/);
  });

  test('is repeated on one line and not in full length', () => {
    const { message } = explainCompileError(`a\n${'b'.repeat(5000)}`, plain, 24);
    assert.ok(message.length < 500 && !message.includes('\n'));
  });
});
