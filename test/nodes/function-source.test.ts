/** What is said of functions whose paths messages name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WasmFunctionError } from '#dist/host/errors';
import { FunctionsByPath } from '#dist/nodes/wasm-function/function-source';
import type { FunctionState, WasmFunction } from '#dist/host/wasm-function';

/** A function whose state the test decides. */
class TestFunction implements WasmFunction {
  state: FunctionState = { kind: 'loading' };
  #listener: (state: FunctionState) => void = () => undefined;

  constructor(readonly file: string) {}

  onState(listener: (state: FunctionState) => void): void {
    this.#listener = listener;
  }

  become(state: FunctionState): void {
    this.state = state;
    this.#listener(state);
  }

  call = (): Promise<never> => Promise.reject(new Error('not called'));
  reset = (): void => undefined;
  close = (): Promise<void> => Promise.resolve();
}

const failed = (message: string): FunctionState => ({
  kind: 'failed',
  error: new WasmFunctionError('module', message),
});

describe('functions whose paths messages name', () => {
  const opened = new Map<string, TestFunction>();
  const shown: string[] = [];
  const warnings: string[] = [];
  const functions = new FunctionsByPath(
    (path) => Promise.resolve(String(path)),
    (file) => {
      const open = new TestFunction(file);
      opened.set(file, open);
      return open;
    },
    { show: ({ kind }) => shown.push(kind), report: ({ message }) => warnings.push(message) },
  );
  const use = async (file: string): Promise<void> => functions.release(await functions.acquire(file));

  test('are warned of once each, however often messages go from one to the other', async () => {
    await use('bad.wasm');
    opened.get('bad.wasm')?.become(failed('bad'));
    for (let turn = 0; turn < 100; turn += 1) {
      await use('good.wasm');
      await use('bad.wasm');
    }
    assert.deepEqual(warnings, ['bad']);
    assert.equal(shown.at(-1), 'failed');
    await use('good.wasm');
    assert.equal(shown.at(-1), 'loading');
  });

  test('are warned of again where another thing is wrong, also while another one is shown', async () => {
    await use('good.wasm');
    warnings.length = 0;
    opened.get('bad.wasm')?.become(failed('worse'));
    assert.deepEqual(warnings, ['worse']);
    assert.equal(shown.at(-1), 'loading');
    await functions.close();
  });
});

test('a function that cannot be closed when it is dropped is told of; nothing else is held up by that', async () => {
  const warnings: WasmFunctionError[] = [];
  const functions = new FunctionsByPath(
    (path) => Promise.resolve(String(path)),
    (file) => {
      const open = new TestFunction(file);
      if (file === '0.wasm') open.close = () => Promise.reject(new Error('no way'));
      return open;
    },
    { show: () => undefined, report: (problem) => warnings.push(problem) },
  );
  // 16 are kept
  for (let file = 0; file < 17; file += 1) functions.release(await functions.acquire(`${String(file)}.wasm`));
  await nextTurn();
  assert.deepEqual(
    warnings.map(({ message, cause }) => [message, cause.file]),
    [['A function could not be closed (no way). Restart Node-RED if it keeps running.', '0.wasm']],
  );
  await functions.close();
});
