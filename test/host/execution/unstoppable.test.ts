/** Guests in code that the engine does not interrupt: tail calls are made interruptible, long straight code is bounded. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WasmFunctionError } from '#dist/host/errors';
import { WorkerExecutor } from '#dist/host/execution/worker-executor';
import * as op from '../../support/instructions';
import { eventually } from '../../support/node-red';
import { type FunctionSpec, module, type ModuleSpec } from '../../support/wasm-builder';
import { compileBytes, openCompiled } from './open';

const I32 = { parameters: ['i32'], results: ['i32'] } as const;

function codeOf(error: unknown): string {
  assert.ok(error instanceof WasmFunctionError, String(error));
  return `${error.code}: ${error.message}`;
}

describe('tail calls without end', () => {
  const itself: FunctionSpec = { ...I32, export: 'f', body: [...op.localGet(0), ...op.returnCall(0)] };
  const cases: Record<string, ModuleSpec> = {
    'of itself': { functions: [itself] },
    'of two functions in turn': {
      functions: [
        { ...itself, body: [...op.localGet(0), ...op.returnCall(1)] },
        { ...I32, body: [...op.localGet(0), ...op.returnCall(0)] },
      ],
    },
    'by table': {
      functions: [{ ...itself, body: [...op.localGet(0), ...op.i32(0), ...op.returnCallIndirect(0)] }],
      tables: [{ minimum: 1 }],
      elements: [{ offset: 0, functions: [0] }],
    },
    'beside a call that is compiled into its caller': {
      functions: [{ ...itself, body: [...op.call(1), ...op.localGet(0), ...op.returnCall(0)] }, {}],
    },
  };
  for (const [name, spec] of Object.entries(cases)) {
    test(name, async () => {
      const warnings: string[] = [];
      const executor = new WorkerExecutor({ workers: 1, spare: false, log: { warn: (text) => warnings.push(text) } });
      // long enough for the optimising compiler to have had its turn
      const execution = openCompiled(executor, compileBytes(module(spec)), 'f', { timeout: 0.5 });
      await assert.rejects(execution.call([1]), (error) => codeOf(error).startsWith('timeout'));
      // settles when the thread is gone; it warns where it no longer waits for that
      await executor.close();
      assert.deepEqual(warnings, []);
    });
  }
});

const short = process.env.TEST_LONG === undefined && 'takes 10 s or more; runs in the long form';

test('where threads do not end, no more are begun for the same function', { skip: short }, async (context) => {
  const fill = [...op.i32(0), ...op.i32(1), ...op.i32(4 << 20), ...op.MEMORY_FILL];
  const straight = new Array<number[]>(80_000).fill(fill).flat();
  const bytes = module({
    memories: [{ minimum: 64 }],
    functions: [{ ...I32, export: 'f', body: [...op.localGet(0), ...op.when(straight), ...op.i32(7)] }],
  });
  const warnings: string[] = [];
  const executor = new WorkerExecutor({ workers: 4, spare: false, log: { warn: (text) => warnings.push(text) } });
  const execution = openCompiled(executor, compileBytes(bytes), 'f', { timeout: 1 });
  assert.deepEqual(await execution.call([0]), [7]);
  const outcomes = (await Promise.allSettled([1, 1, 1, 1].map((value) => execution.call([value])))).map((outcome) =>
    outcome.status === 'rejected' ? codeOf(outcome.reason) : 'answered',
  );
  context.diagnostic(outcomes.join(' | '));
  for (const outcome of outcomes.slice(0, 2)) assert.match(outcome, /was stopped/);
  for (const outcome of outcomes.slice(2)) assert.match(outcome, /^timeout: .* cannot be stopped/);
  assert.ok(warnings.some((text) => text.includes('goes on computing')));
  await eventually(
    'the function is called again when a thread has ended',
    async () => {
      const outcome = await execution.call([0]).catch(codeOf);
      return typeof outcome !== 'string';
    },
    120_000,
  );
  await executor.close();
});
