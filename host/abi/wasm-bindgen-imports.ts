import type { FunctionType, ModuleImport, WasmType } from '../module/description';
import { guestError } from './guest-error';
import type { Importable } from './module-imports';

/** What the imports of a wasm-bindgen module need of the living guest. */
export interface BindgenHost {
  /** Text that the guest points to. */
  text(pointer: number, length: number): string;
  /** A JavaScript value as the guest holds it: itself, or (before reference types) its index. */
  give(value: unknown, as: WasmType | undefined): unknown;
  /** The value behind what the guest holds. */
  peek(reference: unknown): unknown;
  drop(reference: unknown): void;
  /** The guest spoke on the console's error channel, as a panic hook does just before it traps. */
  say(words: string): void;
  /** Writes a pointer and length of an empty text. */
  writeEmptyText(pointer: number): void;
  fillReferenceTable(): void;
}

interface Rule {
  /** Names end in a hash that differs from build to build. */
  readonly name: RegExp;
  /** Parameters and results with `ref` for externref, or an index where the module is older than those. */
  readonly types: readonly string[];
  supply(host: BindgenHost, type: FunctionType): Importable;
}

const IMPORT_MODULE = /_bg(?:\.wasm)?\.js$|^wbg$|^__wbindgen_placeholder__$|^__wbindgen_externref_xform__$/;
const CONVERSION = /^__wbindgen_(?:cast|generic|string_new|number_new|bigint_from_[iu]64)/;

/** The intrinsics that values, errors and panics need. Whatever else a module imports is JavaScript's own. */
const RULES: readonly Rule[] = [
  {
    name: /throw/,
    types: ['i32 i32 →'],
    supply: (host) => (pointer: number, length: number) => {
      throw guestError(host.text(pointer, length));
    },
  },
  {
    name: /^__wbindgen_rethrow/,
    types: ['ref →'],
    supply: (host) => (reference: unknown) => {
      throw guestError(errorWords(host.peek(reference)));
    },
  },
  {
    name: /^__wbindgen_init_externref_table/,
    types: ['→'],
    supply: (host) => () => {
      host.fillReferenceTable();
    },
  },
  {
    name: /^__wbg_Error_|^__wbindgen_error_new/,
    types: ['i32 i32 → ref'],
    supply: (host, type) => (pointer: number, length: number) =>
      host.give(new ErrorValue(host.text(pointer, length)), type.results[0]),
  },
  {
    name: CONVERSION,
    types: ['i32 i32 → ref'],
    supply: (host, type) => (pointer: number, length: number) => host.give(host.text(pointer, length), type.results[0]),
  },
  {
    name: CONVERSION,
    types: ['f64 → ref', 'i64 → ref'],
    supply: (host, type) => (value: number | bigint) => host.give(value, type.results[0]),
  },
  {
    name: /^__wbindgen_object_drop_ref/,
    types: ['ref →'],
    supply: (host) => (reference: unknown) => {
      host.drop(reference);
    },
  },
  {
    name: /^__wbindgen_object_clone_ref/,
    types: ['ref → ref'],
    supply: (host, type) => (reference: unknown) => host.give(host.peek(reference), type.results[0]),
  },
  {
    // console_error_panic_hook makes an Error to read its stack.
    name: /^__wbg_new_/,
    types: ['→ ref'],
    supply: (host, type) => () => host.give(new ErrorValue(''), type.results[0]),
  },
  {
    name: /^__wbg_stack_/,
    types: ['i32 ref →'],
    supply: (host) => (pointer: number) => {
      host.writeEmptyText(pointer);
    },
  },
  {
    // Owned or borrowed cannot be told, so the text is never given back: after a panic that does not matter.
    name: /^__wbg_error_/,
    types: ['i32 i32 →'],
    supply: (host) => (pointer: number, length: number) => {
      host.say(host.text(pointer, length));
    },
  },
  {
    name: /^__wbg_error_/,
    types: ['ref →'],
    supply: (host) => (reference: unknown) => {
      host.say(errorWords(host.peek(reference)));
    },
  },
  {
    name: /^__wbg_(?:log|info|warn|debug)_/,
    types: ['i32 i32 →', 'ref →'],
    supply: () => () => undefined,
  },
];

/** A JavaScript Error as far as a guest can make one. */
class ErrorValue {
  constructor(readonly message: string) {}
}

/** An error of a guest in words: mostly a text or an Error. */
export function errorWords(value: unknown): string {
  if (value instanceof ErrorValue) return value.message;
  return typeof value === 'object' && value !== null ? '(an object without text)' : String(value);
}

export function isBindgenImport({ module }: ModuleImport): boolean {
  return IMPORT_MODULE.test(module);
}

/** Whether an import can be supplied; needs no guest. */
export function isSupplied(wanted: ModuleImport): boolean {
  return findRule(wanted) !== undefined;
}

/** @returns undefined where nothing fits name and type */
export function supplyBindgenImport(wanted: ModuleImport, host: BindgenHost): Importable | undefined {
  return wanted.kind === 'function' ? findRule(wanted)?.supply(host, wanted.type) : undefined;
}

function findRule(wanted: ModuleImport): Rule | undefined {
  if (wanted.kind !== 'function' || !isBindgenImport(wanted)) return undefined;
  return RULES.find(({ name, types }) => name.test(wanted.name) && types.some((type) => fits(wanted.type, type)));
}

function fits(type: FunctionType, pattern: string): boolean {
  const [parameters = '', results = ''] = pattern.split('→').map((part) => part.trim());
  return fitsList(type.parameters, parameters) && fitsList(type.results, results);
}

function fitsList(types: readonly WasmType[], pattern: string): boolean {
  const wanted = pattern === '' ? [] : pattern.split(' ');
  return (
    types.length === wanted.length &&
    types.every((type, index) => type === wanted[index] || (wanted[index] === 'ref' && isReference(type)))
  );
}

function isReference(type: WasmType): boolean {
  return type === 'externref' || type === 'i32';
}
