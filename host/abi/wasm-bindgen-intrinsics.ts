import type { FunctionType, ModuleDescription } from '../module/description';
import type { LiveInstance, RawFunction } from './instance';
import { formatFunctionType } from '../values/parse-signature';
import { findFunction, type FunctionExport, functionExports } from './module-exports';

/** An absent `Option` of bool or of 8 or 16 bits (wasm-bindgen, `convert/impls.rs`). */
export const NARROW_ABSENT = 0xffffff;

/** An absent `Option` of 32 bits, as an f64 no such value has: until 0.2.118, since then, and its `null`. */
const WIDE_ABSENT_OLD = 2 ** 32 + 1;
const WIDE_ABSENT = Number.MAX_SAFE_INTEGER;
const WIDE_NULL = Number.MAX_SAFE_INTEGER - 1;
const FIRST_WITH_WIDE_ABSENT = 120;

/** What says "absent" to this module: the two look like numbers to the wrong one. */
export function absentWide(module: ModuleDescription): number {
  const version = /^wasm-bindgen 0\.2\.(\d+)/.exec(module.tools.find((tool) => tool.startsWith('wasm-bindgen ')) ?? '');
  return version?.[1] !== undefined && Number(version[1]) < FIRST_WITH_WIDE_ABSENT ? WIDE_ABSENT_OLD : WIDE_ABSENT;
}

export function isAbsentWide(value: number): boolean {
  return value === WIDE_ABSENT || value === WIDE_NULL || value === WIDE_ABSENT_OLD;
}

/** wasm-bindgen's own exports, as far as a module has them. */
export interface Intrinsics {
  readonly start?: () => unknown;
  readonly allocate?: (size: number) => number;
  readonly free?: (pointer: number, size: number) => unknown;
  readonly references?: WebAssembly.Table;
  readonly dropReference?: (index: number) => unknown;
  /** Moves the stack pointer by so many bytes; returns where it is then. */
  readonly moveStack?: (bytes: number) => number;
}

/** Memory functions by the parameters they take; some releases export them as `__wbindgen_export_0` and so on. */
const ALLOCATE = ['(i32) → i32', '(i32, i32) → i32'];
const FREE = ['(i32, i32) → ()', '(i32, i32, i32) → ()'];
const NUMBERED = /^__wbindgen_export_?\d+$/;

export function findMalloc(module: ModuleDescription): FunctionExport | undefined {
  return findNamed(module, '__wbindgen_malloc', ALLOCATE);
}

export function findFree(module: ModuleDescription): FunctionExport | undefined {
  return findNamed(module, '__wbindgen_free', FREE);
}

function findNamed(module: ModuleDescription, name: string, types: readonly string[]): FunctionExport | undefined {
  const functions = functionExports(module);
  const fits = (type: FunctionType): boolean => types.includes(formatFunctionType(type));
  return (
    functions.find((each) => each.name === name && fits(each.type)) ??
    // A numbered export takes the alignment too: those releases are younger than it.
    functions.find((each) => NUMBERED.test(each.name) && formatFunctionType(each.type) === types[1])
  );
}

export function findIntrinsics(module: ModuleDescription, instance: LiveInstance): Intrinsics {
  const malloc = findMalloc(module);
  const free = findFree(module);
  const start = ofType(module, instance, '__wbindgen_start', '() → ()');
  const references = findReferences(module, instance);
  const dropReference = ofType(module, instance, '__externref_table_dealloc', '(i32) → ()');
  const moveStack = findStack(module, instance);
  return {
    ...(start === undefined ? {} : { start }),
    ...(malloc === undefined ? {} : { allocate: bindMalloc(malloc, instance) }),
    ...(free === undefined ? {} : { free: bindFree(free, instance) }),
    ...(references === undefined ? {} : { references }),
    ...(dropReference === undefined ? {} : { dropReference }),
    ...(moveStack === undefined ? {} : { moveStack }),
  };
}

/** One of another type is none of wasm-bindgen's: called with numbers it would throw, or answer no number. */
function ofType(
  module: ModuleDescription,
  instance: LiveInstance,
  name: string,
  type: string,
): RawFunction | undefined {
  const found = findFunction(module, name);
  return found !== undefined && formatFunctionType(found.type) === type ? instance.function(name) : undefined;
}

function bindMalloc({ name, type }: FunctionExport, instance: LiveInstance): (size: number) => number {
  const raw = instance.require(name);
  return type.parameters.length === 1 ? (size) => Number(raw(size)) : (size) => Number(raw(size, 1));
}

function bindFree({ name, type }: FunctionExport, instance: LiveInstance): (pointer: number, size: number) => unknown {
  const raw = instance.require(name);
  return type.parameters.length === 2 ? raw : (pointer, size) => raw(pointer, size, 1);
}

function findReferences(module: ModuleDescription, instance: LiveInstance): WebAssembly.Table | undefined {
  const found = module.exports.find(
    (each) =>
      each.kind === 'table' && each.element === 'externref' && !each.limits.index64 && /^__wbindgen_ex/.test(each.name),
  );
  return found === undefined ? undefined : instance.table(found.name);
}

/** The stack pointer: moved by a function since 2020-08, before that an exported global. */
function findStack(module: ModuleDescription, instance: LiveInstance): ((bytes: number) => number) | undefined {
  const move = ofType(module, instance, '__wbindgen_add_to_stack_pointer', '(i32) → i32');
  if (move !== undefined) return (bytes) => Number(move(bytes));
  const found = module.exports.find(
    (each) => each.kind === 'global' && each.type === 'i32' && each.mutable && NUMBERED.test(each.name),
  );
  const global = found === undefined ? undefined : instance.global(found.name);
  if (global === undefined) return undefined;
  return (bytes) => {
    const moved = Number(global.value) + bytes;
    global.value = moved;
    return moved;
  };
}
