/** Guests in code that the engine does not interrupt: tail calls are made interruptible, long straight code is bounded. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WasmFunctionError } from '#dist/host/errors';
import { EndingThreads } from '#dist/host/execution/ending-threads';
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

describe('code that runs for seconds without a loop or a call', () => {
  const fill = [...op.i32(0), ...op.i32(1), ...op.i32(4 << 20), ...op.MEMORY_FILL];
  const straight = new Array<number[]>(10_000).fill(fill).flat();
  const bytes = module({
    memories: [{ minimum: 64 }],
    functions: [{ ...I32, export: 'f', body: [...op.localGet(0), ...op.when(straight), ...op.i32(7)] }],
  });

  test('there are never more than two threads of a module that go on, and its calls are refused until one has ended', async () => {
    const warnings: string[] = [];
    const endingThreads = new EndingThreads(0.2);
    const executors = [1, 2].map(
      () =>
        new WorkerExecutor({ workers: 4, spare: false, log: { warn: (text) => warnings.push(text) }, endingThreads }),
    );
    const compiled = compileBytes(bytes);
    // each as after another deploy
    const call = async (value: number, executor = executors[value % 2]!): Promise<string> => {
      const execution = openCompiled(executor, compiled, 'f', { timeout: 0.3 });
      return execution.call([value]).then(String, codeOf);
    };
    assert.equal(await call(0), '7');
    assert.match(await call(1), /^timeout: .* was stopped/);
    assert.match(await call(2), /^timeout: .* was stopped/);
    for (const value of [3, 4]) assert.match(await call(value), /^closed: .* cannot be stopped/);
    assert.ok(warnings.some((text) => text.includes('goes on computing')));
    await eventually('it is called again when a thread has ended', async () => (await call(0)) === '7', 120);
    await Promise.all(executors.map((executor) => executor.close()));
  });
});
