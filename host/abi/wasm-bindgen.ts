import { WasmFunctionError } from '../errors';
import type { FunctionType, ModuleDescription } from '../module/description';
import { quoted } from '../one-line';
import { formatFunctionType, formatSignature } from '../values/parse-signature';
import type { CallableExport, CallPlan, ExportChoice, Guest, GuestAbi } from './adapter';
import { findFunction, offeredExports, requireFunction } from './module-exports';
import { missingImports, refuse } from './module-imports';
import { BindgenGuest } from './wasm-bindgen-guest';
import { isBindgenImport, isSupplied } from './wasm-bindgen-imports';
import { findFree, findMalloc } from './wasm-bindgen-intrinsics';
import { type BindgenFeatures, layOutBindgen, readSignature } from './wasm-bindgen-layout';

const IMPORT_REMEDY =
  'They belong to JavaScript or the browser (web-sys, js-sys, getrandom …), which a sandboxed function does not have. ' +
  'Build it without the crates or features that need them.';

/** Rust with #[wasm_bindgen], as wasm-pack builds it for nodejs, bundlers and the web alike. */
export const wasmBindgen: GuestAbi = {
  name: 'wasm-bindgen',
  title: 'wasm-bindgen (Rust)',
  summary: 'Rust functions marked #[wasm_bindgen], built with wasm-pack or wasm-bindgen for any target.',
  detect(module) {
    const mark = module.exports.find(({ name }) => name === '__wbindgen_malloc' || name === '__wbindgen_start');
    if (mark !== undefined) return { because: `it exports ${mark.name}` };
    const wanted = module.imports.find((each) => isBindgenImport(each) || each.name.startsWith('__wbg_'));
    return wanted === undefined
      ? undefined
      : { because: `it imports ${quoted(wanted.name)} from ${quoted(wanted.module)}` };
  },
  caller: {
    exports: callableExports,
    supplierOf: (wanted) => (isSupplied(wanted) ? 'the wasm-bindgen glue' : undefined),
    plan,
    instantiate,
  },
};

/** `__wbg_counter_free` and the like belong to exported structs. */
function isPlumbing(name: string): boolean {
  return /^__(?:wbindgen|wbg|externref)_/.test(name);
}

function featuresOf(module: ModuleDescription): BindgenFeatures {
  const stack = findFunction(module, '__wbindgen_add_to_stack_pointer') !== undefined;
  return { takesData: findMalloc(module) !== undefined, returnsData: stack || findFree(module) !== undefined };
}

function callableExports(module: ModuleDescription): CallableExport[] {
  const missing = missingImports(module, IMPORT_REMEDY, isSupplied);
  const features = featuresOf(module);
  return offeredExports(module, isPlumbing).map(({ name, type }) => {
    if (missing !== undefined) return { name, type, question: missing };
    const signature = readSignature(type, features);
    return signature === undefined ? { name, type, question: openQuestion(type) } : { name, type, signature };
  });
}

function openQuestion(type: FunctionType): string {
  if ([...type.parameters, ...type.results].includes('externref')) {
    return (
      `Its type is ${formatFunctionType(type)}: it takes or returns a JavaScript value (JsValue), which there is none ` +
      'of in a sandbox. Export a function over numbers, String or Vec<u8>.'
    );
  }
  return (
    `The binary does not tell text, bytes and numbers apart in ${formatFunctionType(type)}: put the .d.ts that wasm-pack ` +
    'wrote beside the module, or give a signature such as (string) -> string.'
  );
}

function plan(module: ModuleDescription, choice: ExportChoice): Omit<CallPlan, 'abi' | 'maxOutput'> {
  const { name, type } = requireFunction(module, choice.export, () => offeredExports(module, isPlumbing));
  refuse(missingImports(module, IMPORT_REMEDY, isSupplied));
  const given = choice.signature ?? readSignature(type, featuresOf(module));
  if (given === undefined) throw new WasmFunctionError('abi', openQuestion(type), { export: name });
  const layout = layOutBindgen(given, type);
  if (layout === undefined) {
    throw new WasmFunctionError(
      'abi',
      `The signature ${formatSignature(given)} does not fit ${quoted(name)}, whose type is ${formatFunctionType(type)}: ` +
        'text and bytes take two i32 each (pointer and length), numbers one of their own type.',
      { export: name },
    );
  }
  const data = layout.parameters.some(({ kind }) => kind === 'data');
  if (data && findMalloc(module) === undefined) {
    refuse('The module exports no __wbindgen_malloc, so it takes no text or bytes: give a signature of numbers.');
  }
  return { export: name, signature: layout.signature, emits: 'result' };
}

function instantiate(module: WebAssembly.Module, description: ModuleDescription, plan: CallPlan): Guest {
  refuse(missingImports(description, IMPORT_REMEDY, isSupplied));
  const type = findFunction(description, plan.export)?.type;
  const layout = type === undefined ? undefined : layOutBindgen(plan.signature, type);
  if (layout === undefined) {
    throw new WasmFunctionError(
      'abi',
      `The export "${plan.export}" does not fit ${formatSignature(plan.signature)}. Check its signature and deploy again.`,
    );
  }
  return new BindgenGuest(module, description, layout, plan);
}
