import type { FunctionState, WasmFunction } from '../host/wasm-function';

export type ReadyFunction = Extract<FunctionState, { kind: 'ready' }>;

/**
 * Waits until the module is loaded, and only once: whoever runs a single command does not wait for a file to appear.
 * @throws WasmFunctionError (rejects) where it is refused
 */
export function untilReady(wasmFunction: WasmFunction): Promise<ReadyFunction> {
  return new Promise((resolve, reject) => {
    const settle = (state: FunctionState): void => {
      if (state.kind === 'ready') resolve(state);
      else if (state.kind === 'failed') reject(state.error);
    };
    wasmFunction.onState(settle);
    settle(wasmFunction.state);
  });
}
