import type { GuestAbi, Refusal } from '../abi/adapter';
import { type ErrorCode, WasmFunctionError } from '../errors';

/**
 * A refusal as an error: what the file is, why it was taken for that, what to do.
 * @param code `module` for a file that is no module, `abi` for a module that is not for us
 */
export function refusalError(refusal: Refusal, code: Extract<ErrorCode, 'module' | 'abi'>): WasmFunctionError {
  return new WasmFunctionError(code, `This is ${refusal.kind}: ${refusal.because}. ${refusal.remedy}`);
}

/** The refusal of a module whose ABI is known but has no caller in this version. */
export function notCalledYet(abi: GuestAbi, because: string): WasmFunctionError {
  return new WasmFunctionError(
    'abi',
    `${abi.title} is recognised, but this version does not call it yet (${because}). ` +
      'Use a module that exports plain functions over numbers or bytes, or one built with wasm-bindgen or wasm-pack.',
  );
}
