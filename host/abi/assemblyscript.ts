import { WasmFunctionError } from '../errors';
import type { FunctionType, ModuleDescription, ModuleImport } from '../module/description';
import { formatSignature } from '../values/parse-signature';
import type { CallableExport, CallPlan, ExportChoice, Guest, GuestAbi } from './adapter';
import { guestError } from './guest-error';
import { LiveInstance } from './instance';
import { findFunction, offeredExports, requireFunction } from './module-exports';
import { importObject, missingImports, refuse } from './module-imports';
import { isNumeric } from './numbers';
import { numericExport, numericGuest, planNumbers } from './numeric';

const IMPORT_REMEDY =
  'Build it without the parts of the standard library that need a host (console, Date, Math.random, trace).';

/** Functions of AssemblyScript's run-time (`--exportRuntime`) and of optional arguments. */
const PLUMBING = new Set([
  '__new',
  '__pin',
  '__unpin',
  '__collect',
  '__setArgumentsLength',
  '__renew',
  '__retain',
  '__release',
]);

/** Characters of an abort's message or file name that are read. */
const MAX_TEXT = 1000;

/** AssemblyScript, over numbers so far. */
export const assemblyscript: GuestAbi = {
  name: 'assemblyscript',
  title: 'AssemblyScript',
  summary: 'Functions written in AssemblyScript that take and return numbers.',
  detect(module) {
    const exported = new Set(module.exports.map(({ name }) => name));
    if (['__new', '__pin', '__rtti_base'].every((name) => exported.has(name))) {
      return { because: 'it exports the AssemblyScript run-time (__new, __pin, __rtti_base)' };
    }
    return module.imports.some(isAbort) ? { because: 'it imports abort from "env" as AssemblyScript does' } : undefined;
  },
  caller: {
    exports: callableExports,
    supplierOf: (wanted) => (isAbort(wanted) ? 'the AssemblyScript run-time' : undefined),
    plan,
    instantiate,
  },
};

function isAbort(wanted: ModuleImport): boolean {
  return (
    wanted.module === 'env' &&
    wanted.name === 'abort' &&
    wanted.kind === 'function' &&
    wanted.type.parameters.join() === 'i32,i32,i32,i32' &&
    wanted.type.results.length === 0
  );
}

function offered(module: ModuleDescription) {
  return offeredExports(module, (name) => PLUMBING.has(name));
}

function callableExports(module: ModuleDescription): CallableExport[] {
  const missing = missingImports(module, IMPORT_REMEDY, isAbort);
  return offered(module).map((each) => numericExport(each, missing ?? mayBeObject(module, each.type)));
}

/** Strings and arrays are pointers, and look like i32; without the run-time nobody can make one. */
function mayBeObject(module: ModuleDescription, type: FunctionType): string | undefined {
  const pointers = [...type.parameters, ...type.results].includes('i32');
  if (!pointers || findFunction(module, '__new') === undefined) return undefined;
  return (
    'The binary does not tell an i32 from a string or an array: give a signature such as (i32) -> i32 where it is a ' +
    'number. Strings and arrays of AssemblyScript are not carried yet.'
  );
}

function plan(module: ModuleDescription, choice: ExportChoice): Omit<CallPlan, 'abi' | 'maxOutput'> {
  const { name, type } = requireFunction(module, choice.export, () => offered(module));
  refuse(missingImports(module, IMPORT_REMEDY, isAbort));
  const { signature } = choice;
  if (signature === undefined) refuse(mayBeObject(module, type));
  else if ([...signature.parameters, ...signature.results].some((value) => !isNumeric(value.type))) {
    throw new WasmFunctionError(
      'abi',
      `The signature ${formatSignature(signature)} has text or bytes, which AssemblyScript modules are not given yet. ` +
        'Export a function over numbers (i32, i64, f32, f64), or write this one in Rust or C.',
      { export: name },
    );
  }
  return planNumbers(name, type, signature);
}

function instantiate(module: WebAssembly.Module, description: ModuleDescription, plan: CallPlan): Guest {
  refuse(missingImports(description, IMPORT_REMEDY, isAbort));
  const state: { live?: LiveInstance; aborted: boolean } = { aborted: false };
  const abort = (message: number, file: number, line: number, column: number): never => {
    state.aborted = true;
    throw guestError(abortWords(state.live?.memory, message, file, `${String(line >>> 0)}:${String(column >>> 0)}`));
  };
  const live = new LiveInstance(
    module,
    importObject(description, (wanted) => (isAbort(wanted) ? abort : undefined)),
  );
  state.live = live;
  live.initialize(description);
  const { memory, call } = numericGuest(live, plan);
  return {
    memory,
    get broken() {
      return state.aborted;
    },
    call,
  };
}

function abortWords(memory: WebAssembly.Memory | undefined, message: number, file: number, position: string): string {
  const said = readString(memory, message);
  const where = readString(memory, file);
  return `${said ?? 'abort'}${where === undefined ? '' : ` (${where}:${position})`}`;
}

/** UTF-16 at a pointer, its length in bytes in the u32 before it; undefined for null and for nonsense. */
function readString(memory: WebAssembly.Memory | undefined, pointer: number): string | undefined {
  const start = pointer >>> 0;
  if (memory === undefined || start < 4 || start > memory.buffer.byteLength) return undefined;
  const length = new DataView(memory.buffer).getUint32(start - 4, true);
  if (start + length > memory.buffer.byteLength) return undefined;
  return new TextDecoder('utf-16le').decode(new Uint8Array(memory.buffer, start, Math.min(length, 2 * MAX_TEXT)));
}
