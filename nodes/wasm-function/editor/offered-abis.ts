import type { AbiName } from '../../../host/abi/adapter';

/**
 * The kinds of modules that can be called; `abi` may also name others, which a saved node keeps. A list of its own,
 * since the adapters themselves are not for a browser: a test holds it to the list in `host/abi/`.
 */
export const OFFERED_ABIS: readonly (AbiName | 'auto')[] = [
  'auto',
  'numeric',
  'bytes',
  'wasm-bindgen',
  'assemblyscript',
];
