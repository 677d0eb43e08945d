/** Results that are refused, of instances that live on. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createWasmHost } from '#dist/host/host';
import { DEFAULT_LIMITS } from '#dist/host/limits';
import type { WasmFunction, WasmHost } from '#dist/host/wasm-function';
import * as op from '../support/instructions';
import { module } from '../support/wasm-builder';

const HEAP_START = 1024;
const PAGE = 65_536;
const TOP = 0;
const TAKEN = 1;
const CALLS = 2;

const add = (global: number, ...value: readonly (readonly number[])[]): number[] => [
  ...op.globalGet(global),
  ...value.flat(),
  ...op.I32_ADD,
  ...op.globalSet(global),
];

/**
 * Counts its calls in the first byte of a result that takes 2 KiB: the whole where it was given more than one byte.
 * Its heap of 63 KiB starts again at the bottom once everything is back, and traps where it is full.
 * @param giveBack comes first in the deallocator, whose parameters are a pointer and a size
 */
function counter(giveBack: readonly number[]): Uint8Array {
  const size = 2048;
  return module({
    memories: [{ minimum: 1, maximum: 1 }],
    globals: [
      { type: 'i32', mutable: true, value: op.i32(HEAP_START) },
      { type: 'i32', mutable: true },
      { type: 'i32', mutable: true },
    ],
    functions: [
      {
        export: 'alloc',
        parameters: ['i32'],
        results: ['i32'],
        body: [
          ...add(TAKEN, op.i32(1)),
          ...add(TOP, op.localGet(0)),
          ...[...op.i32(PAGE), ...op.globalGet(TOP), ...op.I32_LT_S, ...op.when(op.UNREACHABLE)],
          ...[...op.globalGet(TOP), ...op.localGet(0), ...op.I32_SUB],
        ],
      },
      {
        export: 'dealloc',
        parameters: ['i32', 'i32'],
        body: [
          ...giveBack,
          ...add(TAKEN, op.i32(-1)),
          ...[...op.globalGet(TAKEN), ...op.I32_EQZ, ...op.when(op.i32(HEAP_START), op.globalSet(TOP))],
        ],
      },
      {
        export: 'count',
        parameters: ['i32', 'i32'],
        results: ['i64'],
        locals: ['i32'],
        body: [
          ...add(CALLS, op.i32(1)),
          ...[...op.i32(size), ...op.call(0), ...op.localTee(2), ...op.globalGet(CALLS), ...op.store8],
          ...[...op.localGet(2), ...op.I64_EXTEND_U, ...op.i64(32), ...op.I64_SHL],
          // 1 for one byte, else 2048
          ...[...op.localGet(1), ...op.i32(2), ...op.I32_LT_S, ...op.i32(1 - size), ...op.I32_MUL],
          ...[...op.i32(size), ...op.I32_ADD, ...op.I64_EXTEND_U, ...op.I64_OR],
        ],
      },
    ],
    exports: [{ name: 'memory', kind: 'memory', index: 0 }],
  });
}

describe('a shared instance whose results are refused', () => {
  let folder: string;
  let host: WasmHost;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'refused-results-'));
    const limits = { ...DEFAULT_LIMITS, maxOutput: 1 / 1024 };
    host = createWasmHost(limits, { warn: (text) => assert.fail(text) }, { spare: false });
  });
  after(async () => {
    await host.close();
    await rm(folder, { recursive: true });
  });

  async function open(name: string, bytes: Uint8Array): Promise<WasmFunction> {
    const file = join(folder, `${name}.wasm`);
    await writeFile(file, bytes);
    return host.open({
      file,
      export: 'count',
      abi: 'bytes',
      signature: '(bytes) -> bytes',
      convention: 'packed',
      result: 'auto',
      timeout: 5,
      memory: 1,
      instance: 'shared',
      concurrency: 1,
      queue: 1000,
    });
  }

  test('has its memory back and keeps its state', async () => {
    const opened = await open('honest', counter([]));
    for (let call = 1; call <= 100; call++) {
      await assert.rejects(opened.call('ab'), { code: 'result', message: /2048 bytes; a call may return 1024 bytes/ });
    }
    assert.deepEqual(await opened.call('a'), { kind: 'value', value: Buffer.of(101) });
  });

  test('starts anew where it traps when it is given its memory back; the error is that of the result', async () => {
    const isResult = [...op.i32(1000), ...op.localGet(1), ...op.I32_LT_S];
    const opened = await open('trapping', counter([...isResult, ...op.when(op.UNREACHABLE)]));
    assert.deepEqual(await opened.call('a'), { kind: 'value', value: Buffer.of(1) });
    await assert.rejects(opened.call('ab'), { code: 'result', message: /2048 bytes/ });
    assert.deepEqual(await opened.call('a'), { kind: 'value', value: Buffer.of(1) });
  });
});
