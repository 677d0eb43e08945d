import type { AbiName, GuestAbi, Refusal } from '../abi/adapter';
import { quoted, REFUSALS } from '../abi/refused';
import { firstOf } from '../one-line';
import type { ModuleDescription, ModuleImport } from './description';

export interface AbiChoice {
  readonly abi: AbiName | 'auto';
  /** Blank when none is chosen. */
  readonly export: string;
}

export type DetectedAbi =
  | { readonly kind: 'abi'; readonly abi: GuestAbi; readonly because: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * The places of the ABIs in the order of detection; `REFUSALS` stand between them. What says most about a
 * module comes first: an import of a name space nobody else has, then the marks of a tool, then what any
 * module could have.
 */
const ORDER: Readonly<Record<AbiName, number>> = {
  component: 2,
  extism: 4,
  'redpanda-transform': 5,
  'redpanda-connect': 6,
  yomo: 7,
  'wasm-bindgen': 10,
  assemblyscript: 12,
  'wasi-command': 15,
  bytes: 18,
  numeric: 19,
};

/** The export that a WASI command is run by. */
const COMMAND_EXPORT = '_start';

/** Imports named in the refusal of a module that is of no known ABI. */
const MAX_NAMED_IMPORTS = 5;

/**
 * Finds the ABI of a core module: the user's own choice, else the first that matches.
 * @param abis the ABIs there are, in any order
 */
export function detectAbi(module: ModuleDescription, abis: readonly GuestAbi[], choice: AbiChoice): DetectedAbi {
  if (choice.abi !== 'auto') return chosenAbi(module, abis, choice.abi);
  const candidates: { readonly order: number; detect(): DetectedAbi | undefined }[] = [
    ...REFUSALS.map(({ order, recognise }) => ({
      order,
      detect: () => asRefused(recognise(module)),
    })),
    ...abis
      .filter((abi) => isPossible(abi, choice))
      .map((abi) => ({
        order: ORDER[abi.name],
        detect: () => asDetected(abi, module),
      })),
  ];
  candidates.sort((a, b) => a.order - b.order);
  for (const { detect } of candidates) {
    const detected = detect();
    if (detected !== undefined) return detected;
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

function asRefused(refusal: Refusal | undefined): DetectedAbi | undefined {
  return refusal === undefined ? undefined : { kind: 'refused', refusal };
}

function asDetected(abi: GuestAbi, module: ModuleDescription): DetectedAbi | undefined {
  const detection = abi.detect(module);
  return detection === undefined ? undefined : { kind: 'abi', abi, because: detection.because };
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
