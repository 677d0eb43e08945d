import { WasmFunctionError } from '../errors';
import type { FunctionType, ModuleDescription } from '../module/description';
import { quoted } from '../one-line';
import { formatFunctionType, formatSignature } from '../values/parse-signature';
import type { GuestValue, Signature, ValueType } from '../values/signature';
import type { CallableExport, CallPlan, ExportChoice, Guest, GuestAbi } from './adapter';
import { LiveInstance, rawResults } from './instance';
import { type FunctionExport, offeredExports, requireFunction } from './module-exports';
import { importsWasi, missingImports, refuse } from './module-imports';
import {
  isNumeric,
  liftNumber,
  lowerNumber,
  type NumericType,
  numericSignature,
  onlyNumbers,
  wasmType,
} from './numbers';

const IMPORT_REMEDY =
  'Build it so that it needs nothing of its host, or choose the ABI it was made for if it was not recognised.';

/** Functions over numbers: nothing to agree on but their types. */
export const numeric: GuestAbi = {
  name: 'numeric',
  title: 'Numbers',
  summary: 'Functions that take and return numbers, written in any language.',
  detect(module) {
    const found = offeredExports(module).some(({ type }) => onlyNumbers(type));
    if (!found) return undefined;
    const wasi = importsWasi(module) ? ', and it imports WASI as a library or reactor does' : '';
    return { because: `its functions take and return numbers only${wasi}` };
  },
  caller: { exports: callableExports, plan, instantiate },
};

function callableExports(module: ModuleDescription): CallableExport[] {
  const missing = missingImports(module, IMPORT_REMEDY);
  return offeredExports(module).map((each) => numericExport(each, missing));
}

/** An export over numbers, or the reason why it is none that can be called. */
export function numericExport({ name, type }: FunctionExport, refused: string | undefined): CallableExport {
  const signature = refused === undefined ? numericSignature(type) : undefined;
  return signature === undefined ? { name, type, question: refused ?? unusual(type) } : { name, type, signature };
}

function plan(module: ModuleDescription, choice: ExportChoice): Omit<CallPlan, 'abi' | 'maxOutput'> {
  const { name, type } = requireFunction(module, choice.export, () => offeredExports(module));
  refuse(missingImports(module, IMPORT_REMEDY));
  return planNumbers(name, type, choice.signature);
}

/** @throws WasmFunctionError `abi` where the signature has other than numbers, or other ones than the type */
export function planNumbers(
  name: string,
  type: FunctionType,
  given: Signature | undefined,
): Omit<CallPlan, 'abi' | 'maxOutput'> {
  refuse(unusualType(type));
  const signature = given ?? numericSignature(type);
  if (signature === undefined || !fitsNumbers(signature, type)) throw misfit(name, type, signature);
  return { export: name, signature, emits: 'result' };
}

/** Why a function of this type cannot be called with what messages carry; undefined where it can. */
export function unusualType(type: FunctionType): string | undefined {
  return onlyNumbers(type) ? undefined : unusual(type);
}

function unusual(type: FunctionType): string {
  return (
    `Its type is ${formatFunctionType(type)}: vectors and references have no counterpart in a message. ` +
    'Export a function that takes and returns i32, i64, f32 or f64.'
  );
}

function fitsNumbers(signature: Signature, type: FunctionType): boolean {
  return fit(signature.parameters, type.parameters) && fit(signature.results, type.results);
}

function fit(values: readonly { readonly type: ValueType; readonly optional?: boolean }[], types: readonly string[]) {
  return (
    values.length === types.length &&
    values.every(({ type, optional }, index) => optional !== true && isNumeric(type) && wasmType(type) === types[index])
  );
}

function misfit(name: string, type: FunctionType, signature: Signature | undefined): WasmFunctionError {
  const given = signature === undefined ? 'Its signature' : `The signature ${formatSignature(signature)}`;
  return new WasmFunctionError(
    'abi',
    `${given} does not fit ${quoted(name)}, whose type is ${formatFunctionType(type)}: a function over numbers has one of i32, u32, ` +
      'i64, u64, f32, f64 or bool for each of them. For text and bytes the module has to export an allocator ' +
      '(malloc, alloc …) and its memory; without one, set the ABI to bytes to read what a function returns.',
    { export: name },
  );
}

function instantiate(module: WebAssembly.Module, description: ModuleDescription, plan: CallPlan): Guest {
  refuse(missingImports(description, IMPORT_REMEDY));
  const instance = new LiveInstance(module, {});
  instance.initialize(description);
  return numericGuest(instance, plan);
}

/** A guest whose export is called with numbers and nothing else. */
export function numericGuest(
  instance: LiveInstance,
  plan: CallPlan,
): Pick<Guest, 'memory'> & { readonly call: (args: readonly GuestValue[]) => GuestValue[] } {
  const target = instance.require(plan.export);
  const results = numericResults(plan.signature);
  return {
    memory: instance.memory,
    call: (args) =>
      rawResults(target(...args.map(lowerNumber))).map((raw, index) => liftNumber(raw, results[index] ?? 'f64')),
  };
}

function numericResults(signature: Signature): NumericType[] {
  return signature.results.map(({ type }) => type).filter(isNumeric);
}
