import { WasmFunctionError } from '../errors';
import type { FunctionType, ModuleDescription } from '../module/description';
import { firstOf, quoted } from '../one-line';

export interface FunctionExport {
  readonly name: string;
  readonly type: FunctionType;
}

/** Functions that toolchains export for themselves, whatever the ABI. */
const TOOLCHAIN = new Set([
  '_initialize',
  '__wasm_call_ctors',
  '__wasm_init_memory',
  '__wasm_apply_data_relocs',
  '__errno_location',
  'setThrew',
  'stackSave',
  'stackRestore',
  'stackAlloc',
  '__getTempRet0',
  '__setTempRet0',
  'asyncify_start_unwind',
  'asyncify_stop_unwind',
  'asyncify_start_rewind',
  'asyncify_stop_rewind',
  'asyncify_get_state',
]);
const TOOLCHAIN_PREFIX = /^(?:_?emscripten_|__em_|cabi_post_|__wasilibc_|__tinygo_|__llvm_)/;

/** Functions to hand out and take back memory, under the names languages and tutorials give them. */
export const ALLOCATORS = [
  'alloc',
  'allocate',
  'malloc',
  '__alloc',
  'wasm_alloc',
  'wasm_malloc',
  'wasm_allocate',
  '_malloc',
  'cabi_realloc',
  'canonical_abi_realloc',
] as const;
export const DEALLOCATORS = [
  'dealloc',
  'deallocate',
  'free',
  '__free',
  '__dealloc',
  'wasm_free',
  'wasm_dealloc',
  'wasm_deallocate',
  '_free',
] as const;
const MEMORY_PLUMBING = new Set<string>([
  ...ALLOCATORS,
  ...DEALLOCATORS,
  'realloc',
  'calloc',
  '__realloc',
  'wasm_realloc',
  'aligned_alloc',
  'posix_memalign',
  'malloc_usable_size',
  'canonical_abi_free',
  'cabi_free',
]);

/** Made once for each module: a list of exports asks for each of them by its name. */
const byName = new WeakMap<ModuleDescription, ReadonlyMap<string, FunctionExport>>();

function functionsByName(module: ModuleDescription): ReadonlyMap<string, FunctionExport> {
  const known = byName.get(module);
  if (known !== undefined) return known;
  const found = new Map<string, FunctionExport>();
  for (const each of module.exports) {
    if (each.kind === 'function') found.set(each.name, { name: each.name, type: each.type });
  }
  byName.set(module, found);
  return found;
}

export function functionExports(module: ModuleDescription): FunctionExport[] {
  return [...functionsByName(module).values()];
}

/** The functions a user may want: no plumbing of a toolchain, and none that `isPlumbing` names. */
export function offeredExports(module: ModuleDescription, isPlumbing = (_name: string) => false): FunctionExport[] {
  return functionExports(module).filter(
    ({ name }) =>
      !TOOLCHAIN.has(name) && !TOOLCHAIN_PREFIX.test(name) && !MEMORY_PLUMBING.has(name) && !isPlumbing(name),
  );
}

export function findFunction(module: ModuleDescription, name: string): FunctionExport | undefined {
  return functionsByName(module).get(name);
}

export function exportsFunction(module: ModuleDescription, name: string): boolean {
  return findFunction(module, name) !== undefined;
}

export function exportsMemory(module: ModuleDescription): boolean {
  return module.exports.some((each) => each.kind === 'memory');
}

/** @throws WasmFunctionError `export` where there is no such function; lists those there are */
export function requireFunction(
  module: ModuleDescription,
  name: string,
  offered: () => readonly FunctionExport[],
): FunctionExport {
  const found = findFunction(module, name);
  if (found !== undefined) return found;
  const other = module.exports.find((each) => each.name === name);
  const choices = listNames(offered());
  throw new WasmFunctionError(
    'export',
    other === undefined
      ? `The module exports no ${quoted(name)}. Choose one of its functions: ${choices}.`
      : `The export ${quoted(name)} is a ${other.kind}, not a function. Choose one of its functions: ${choices}.`,
    { export: name },
  );
}

/** Names that an error shows. */
const SHOWN_NAMES = 10;

/** Names of a module for a sentence: the first few, and how many more there are. */
export function listNames(offered: readonly { readonly name: string }[]): string {
  if (offered.length === 0) return 'it has none';
  return firstOf(offered, SHOWN_NAMES, ({ name }) => quoted(name));
}
