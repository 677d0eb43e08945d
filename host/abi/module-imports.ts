import { WasmFunctionError } from '../errors';
import type { ModuleDescription, ModuleImport } from '../module/description';
import { firstOf, quoted } from '../one-line';

/** Import modules of WASI preview 1, the second from before it had that name. */
const WASI_MODULES = new Set(['wasi_snapshot_preview1', 'wasi_unstable']);

/** Imports shown by name in an error. */
const SHOWN = 5;

export function importsWasi(module: ModuleDescription): boolean {
  return module.imports.some((each) => WASI_MODULES.has(each.module));
}

export function importsModule(module: ModuleDescription, name: string): boolean {
  return module.imports.some((each) => each.module === name);
}

/**
 * Why a module cannot be instantiated with what is supplied, as a sentence with the remedy.
 * @param isSupplied says of an import whether the ABI has it
 * @returns undefined where everything is supplied
 */
export function missingImports(
  module: ModuleDescription,
  remedy: string,
  isSupplied = (_wanted: ModuleImport) => false,
): string | undefined {
  const missing = module.imports.filter((each) => !isSupplied(each));
  const [first] = missing;
  if (first === undefined) return undefined;
  const listed = firstOf(missing, SHOWN, (each) => `${quoted(each.module)}.${quoted(each.name)}`);
  if (missing.every((each) => WASI_MODULES.has(each.module))) {
    return (
      `This is a WASI library or reactor, which is recognised but not called yet: it imports ${listed}. ` +
      'Build it without WASI (Rust: --target wasm32-unknown-unknown; C: -nostdlib) until then.'
    );
  }
  return `The module imports ${listed}, which nothing here supplies. ${remedy}`;
}

/** @throws WasmFunctionError `abi` with the reason */
export function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new WasmFunctionError('abi', reason);
}

export type Importable = (...args: never[]) => unknown;

/**
 * An object of imports by module and name, made without assignment: a module may well be called `__proto__`.
 * @param supply the function for an import of the module
 */
export function importObject(
  module: ModuleDescription,
  supply: (wanted: ModuleImport) => Importable | undefined,
): WebAssembly.Imports {
  const modules = new Map<string, [string, WebAssembly.ImportValue][]>();
  for (const wanted of module.imports) {
    const supplied = supply(wanted);
    if (supplied === undefined) continue;
    const entries = modules.get(wanted.module) ?? [];
    entries.push([wanted.name, supplied as WebAssembly.ImportValue]);
    modules.set(wanted.module, entries);
  }
  return Object.fromEntries([...modules].map(([name, entries]) => [name, Object.fromEntries(entries)]));
}
