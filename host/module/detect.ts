import type { AbiName, GuestAbi, Refusal } from '../abi/adapter';
import { REFUSALS } from '../abi/refused';
import { firstOf, quoted } from '../one-line';
import type { ModuleDescription, ModuleImport } from './description';

export interface AbiChoice {
  readonly abi: AbiName | 'auto';
  /** Blank when none is chosen. */
  readonly export: string;
}

export type DetectedAbi =
  | { readonly kind: 'abi'; readonly abi: GuestAbi; readonly because: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The export that a WASI command is run by. */
const COMMAND_EXPORT = '_start';

/** Imports named in the refusal of a module that is of no known ABI. */
const MAX_NAMED_IMPORTS = 5;

/**
 * Finds the ABI of a core module: the user's own choice, else the first that matches.
 * @param abis the ABIs there are, in the order of detection; each of `REFUSALS` comes before the ABI it names
 */
export function detectAbi(module: ModuleDescription, abis: readonly GuestAbi[], choice: AbiChoice): DetectedAbi {
  if (choice.abi !== 'auto') return chosenAbi(module, abis, choice.abi);
  for (const abi of abis) {
    for (const { before, recognise } of REFUSALS) {
      const refusal = before === abi.name ? recognise(module) : undefined;
      if (refusal !== undefined) return { kind: 'refused', refusal };
    }
    const detection = isPossible(abi, choice) ? abi.detect(module) : undefined;
    if (detection !== undefined) return { kind: 'abi', abi, because: detection.because };
  }
  return { kind: 'refused', refusal: unknownAbi(module) };
}

function chosenAbi(module: ModuleDescription, abis: readonly GuestAbi[], name: AbiName): DetectedAbi {
  const abi = abis.find((candidate) => candidate.name === name);
  if (abi !== undefined) {
    return { kind: 'abi', abi, because: abi.detect(module)?.because ?? 'the node is set to it' };
  }
  return {
    kind: 'refused',
    refusal: {
      kind: `a module set to the ABI ${name}`,
      because: 'this version does not know that ABI',
      remedy: 'Set the ABI to auto.',
    },
  };
}

/** A command that exports other functions too is a library for whoever chooses one of those. */
function isPossible(abi: GuestAbi, choice: AbiChoice): boolean {
  return abi.name !== 'wasi-command' || choice.export === '' || choice.export === COMMAND_EXPORT;
}

function unknownAbi(module: ModuleDescription): Refusal {
  if (module.imports.length > 0) {
    return {
      kind: 'a module of no known kind',
      because: `it imports ${namedImports(module.imports)}, which this version does not supply`,
      remedy: 'Build it without these imports: as a library that needs nothing from its host, or with wasm-pack.',
    };
  }
  if (!module.exports.some(({ kind }) => kind === 'function')) {
    return {
      kind: 'a module without functions to call',
      because: 'it exports no function',
      remedy:
        'Export one: in Rust #[no_mangle] pub extern "C" fn in a cdylib, in C -Wl,--export=NAME, ' +
        'in AssemblyScript export function.',
    };
  }
  return {
    kind: 'a module of no known kind',
    because: 'none of its exports fits a known way of calling',
    remedy: 'Export a function over numbers, or choose the ABI yourself.',
  };
}

function namedImports(imports: readonly ModuleImport[]): string {
  return firstOf(imports, MAX_NAMED_IMPORTS, ({ module, name }) => quoted(`${module}.${name}`));
}
