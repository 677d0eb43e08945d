import { WasmFunctionError } from '../errors';
import type { FunctionType, ModuleDescription } from '../module/description';
import { quoted } from '../one-line';
import { count } from '../values/describe';
import { formatFunctionType, formatSignature } from '../values/parse-signature';
import type { CallableExport, CallPlan, Convention, ExportChoice, Guest, GuestAbi } from './adapter';
import { findAllocator } from './allocator';
import { BytesGuest } from './bytes-guest';
import {
  conventionsOf,
  defaultSignature,
  type Layout,
  layOut,
  mayCarryPointers,
  possibleLayouts,
} from './bytes-layout';
import { LiveInstance } from './instance';
import { exportsMemory, findFunction, offeredExports, requireFunction } from './module-exports';
import { importsWasi, missingImports, refuse } from './module-imports';
import { numericSignature } from './numbers';
import { unusualType } from './numeric';

const IMPORT_REMEDY = 'Build it so that it needs nothing of its host: no imports.';

/** Text and bytes in the guest's memory, handed over by pointer. */
export const bytes: GuestAbi = {
  name: 'bytes',
  title: 'Bytes and text',
  summary: 'Functions that take a pointer and a length in their memory, with an allocator to put the data there.',
  detect(module) {
    const allocator = findAllocator(module);
    if (allocator === undefined || !exportsMemory(module)) return undefined;
    const target = offeredExports(module).find(({ type }) => type.parameters.includes('i32'));
    if (target === undefined) return undefined;
    const wasi = importsWasi(module) ? ', and it imports WASI as a library or reactor does' : '';
    return {
      because: `it exports a memory, the allocator "${allocator.name}" and functions over pointers such as ${quoted(target.name)}${wasi}`,
    };
  },
  caller: { exports: callableExports, plan, instantiate },
};

function callableExports(module: ModuleDescription): CallableExport[] {
  const missing = missingImports(module, IMPORT_REMEDY);
  return offeredExports(module).map(({ name, type }) => {
    const refused = missing ?? unusualType(type);
    if (refused !== undefined) return { name, type, question: refused };
    const signature = mayCarryPointers(type) ? undefined : numericSignature(type);
    if (signature !== undefined) return { name, type, signature };
    const conventions = conventionsOf(type);
    return { name, type, conventions, question: openQuestion(type, conventions) };
  });
}

function openQuestion(type: FunctionType, conventions: readonly Convention[]): string {
  return (
    `The binary does not tell pointers from numbers in ${formatFunctionType(type)}: say how the result comes back ` +
    `(convention ${orList(conventions)}) and, for text or several values, what is passed (a signature such as (string) -> string).`
  );
}

function orList(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} or ${String(items.at(-1))}`;
}

function plan(module: ModuleDescription, choice: ExportChoice): Omit<CallPlan, 'abi' | 'maxOutput'> {
  const { name, type } = requireFunction(module, choice.export, () => offeredExports(module));
  refuse(missingImports(module, IMPORT_REMEDY) ?? unusualType(type));
  const layout = choose(type, choice);
  refuse(missingExports(module, layout));
  return { export: name, signature: layout.signature, convention: layout.convention, emits: 'result' };
}

/** @throws WasmFunctionError `abi` where nothing fits, or more than one reading does */
function choose(type: FunctionType, choice: ExportChoice): Layout {
  const { convention } = choice;
  if (convention === 'auto') return chooseConvention(type, choice);
  const signature = choice.signature ?? defaultSignature(type, convention);
  const layout = signature === undefined ? undefined : layOut(signature, type, convention);
  if (layout !== undefined) return layout;
  const reason =
    signature === undefined
      ? `The parameters of ${formatFunctionType(type)} can be read in several ways: give a signature such as (string, u32) -> bytes.`
      : `The signature ${formatSignature(signature)} and the convention ${convention} do not fit ${formatFunctionType(type)}: ` +
        'text and bytes take two i32 each (pointer and length), and the convention says what comes back.';
  throw new WasmFunctionError('abi', reason, { export: choice.export });
}

function chooseConvention(type: FunctionType, { signature, export: name }: ExportChoice): Layout {
  if (signature === undefined) {
    const numbers = mayCarryPointers(type) ? undefined : numericSignature(type);
    const layout = numbers === undefined ? undefined : layOut(numbers, type, 'number');
    if (layout !== undefined) return layout;
    throw new WasmFunctionError('abi', openQuestion(type, conventionsOf(type)), { export: name });
  }
  const layouts = possibleLayouts(signature, type);
  const [only] = layouts;
  // One i32 for a text may point to a NUL-terminated one or to one behind its length.
  if (only !== undefined && layouts.length === 1 && !only.carriers.includes('pointer')) return only;
  const written = formatSignature(signature);
  const reason =
    only === undefined
      ? `The signature ${written} does not fit ${formatFunctionType(type)} under any convention: text and bytes take two i32 ` +
        'each (pointer and length), or one where the data says itself where it ends.'
      : `The binary does not tell how ${written} is passed over ${formatFunctionType(type)}: ` +
        `choose a convention (${orList(layouts.map(({ convention }) => convention))}).`;
  throw new WasmFunctionError('abi', reason, { export: name });
}

function missingExports(module: ModuleDescription, { carriers, convention }: Layout): string | undefined {
  const data = convention !== 'number' || carriers.some((carrier) => carrier !== 'number');
  if (data && !exportsMemory(module)) {
    return 'The module exports no memory, through which text and bytes pass; export it as "memory".';
  }
  const allocates = convention === 'out-pointer' || carriers.some((carrier) => carrier !== 'number');
  if (allocates && findAllocator(module) === undefined) {
    return (
      'The module exports no allocator, which text and bytes are put into its memory with; ' +
      'export one as alloc, allocate, malloc or cabi_realloc.'
    );
  }
  return undefined;
}

function instantiate(module: WebAssembly.Module, description: ModuleDescription, plan: CallPlan): Guest {
  refuse(missingImports(description, IMPORT_REMEDY));
  const type = findFunction(description, plan.export)?.type;
  const layout = type === undefined ? undefined : layOut(plan.signature, type, plan.convention ?? 'number');
  if (layout === undefined) {
    const given = count(plan.signature.parameters.length, 'parameter');
    throw new WasmFunctionError(
      'abi',
      `The export "${plan.export}" does not take the ${given} it is to be given. Check its signature and deploy again.`,
    );
  }
  const instance = new LiveInstance(module, {});
  instance.initialize(description);
  return new BytesGuest(instance, description, layout, plan);
}
