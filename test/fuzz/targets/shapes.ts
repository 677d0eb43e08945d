/** Small modules of each ABI, by decisions: types, plumbing in its usual and in unusual types, imports. */
import type { AbiName, Convention } from '#dist/host/abi/adapter';
import { CONVENTIONS } from '#dist/host/abi/adapter';
import { type Result, type Signature, VALUE_TYPES, type ValueType } from '#dist/host/values/signature';
import {
  type FunctionSpec,
  leb,
  type ModuleSpec,
  type Signature as WasmSignature,
  type Value,
} from '../../support/wasm-builder';
import type { Decisions } from '../random';

/** Where a module's functions find what they return and pass on: 16 words of 32 bits. */
export const SLOTS_AT = 128;
const SLOTS = 16;

export interface Planned {
  readonly spec: ModuleSpec;
  readonly signature: Signature;
  readonly convention: Convention | 'auto';
}

const NUMBERS: readonly Value[] = ['i32', 'i64', 'f32', 'f64'];

export function shapeOf(abi: AbiName, decisions: Decisions): Planned {
  switch (abi) {
    case 'bytes':
      return bytesShape(decisions);
    case 'wasm-bindgen':
      return bindgenShape(decisions);
    case 'assemblyscript':
      return numbersShape(decisions, [{ module: 'env', name: 'abort', parameters: ['i32', 'i32', 'i32', 'i32'] }]);
    default:
      return numbersShape(decisions, []);
  }
}

type Import = WasmSignature & { readonly module: string; readonly name: string };

/** The slot that is read next, so that a module's loads differ. */
class Slots {
  #next = 0;

  load(type: Value): number[] {
    const at = SLOTS_AT + (this.#next++ % (SLOTS - 1)) * 4;
    switch (type) {
      case 'i32':
        return [0x41, ...signed(at), 0x28, 2, 0];
      case 'i64':
        return [0x41, ...signed(at), 0x29, 2, 0];
      case 'f32':
        return [0x41, ...signed(at), 0x2a, 2, 0];
      case 'f64':
        return [0x41, ...signed(at), 0x2b, 2, 0];
      case 'externref':
        return [0xd0, 0x6f];
      default:
        throw new Error(`nothing is loaded as ${type}`);
    }
  }
}

function signed(value: number): number[] {
  const bytes = leb(value);
  const last = bytes.at(-1) ?? 0;
  return (last & 0x40) === 0 ? bytes : [...bytes.slice(0, -1), last | 0x80, 0];
}

/** A function that does what the decisions say and returns what stands in the slots. */
function fromSlots(name: string, type: WasmSignature, slots: Slots, before: readonly number[] = []): FunctionSpec {
  return { export: name, ...type, body: [...before, ...(type.results ?? []).flatMap((result) => slots.load(result))] };
}

/** Calls an import only where a slot is odd, since most of them throw. */
function callImports(imports: readonly Import[], slots: Slots, table: boolean): number[] {
  return imports.flatMap(({ parameters = [], results = [] }, index) => {
    const args = parameters.flatMap((type) =>
      type === 'externref' && table ? [...slots.load('i32'), 0x41, 3, 0x71, 0x25, 0] : slots.load(type),
    );
    const call = [...args, 0x10, ...leb(index), ...results.flatMap(() => [0x1a])];
    return [...slots.load('i32'), 0x41, 1, 0x71, 0x04, 0x40, ...call, 0x0b];
  });
}

/** Grows the memory in the middle of a call: what the host has seen of it is gone then. */
const GROW = [0x41, 1, 0x40, 0, 0x1a];

function beforeResults(decisions: Decisions): number[] {
  return decisions.oneIn(6) ? GROW : [];
}

function numbersShape(decisions: Decisions, imports: readonly Import[]): Planned {
  const slots = new Slots();
  const parameters = decisions.list(3, () => decisions.pick(NUMBERS));
  const results = decisions.list(3, () => decisions.pick(NUMBERS));
  const body = [...callImports(imports, slots, false), ...beforeResults(decisions)];
  return {
    spec: { imports, functions: [fromSlots('f', { parameters, results }, slots, body)], ...memory(1) },
    signature: {
      parameters: parameters.map((type) => read(type, decisions)),
      results: results.map((type) => read(type, decisions)),
    },
    convention: 'auto',
  };
}

function memory(pages: number): Pick<ModuleSpec, 'memories' | 'exports'> {
  return { memories: [{ minimum: pages, maximum: 4 }], exports: [{ name: 'memory', kind: 'memory', index: 0 }] };
}

/** A type of a signature over one of the binary. */
function read(type: Value, decisions: Decisions): Result {
  const readings: Partial<Record<Value, readonly ValueType[]>> = { i32: ['i32', 'u32', 'bool'], i64: ['i64', 'u64'] };
  return { type: decisions.pick(readings[type] ?? [type as ValueType]) };
}

const DATA = ['string', 'bytes', 'json'] as const;

function bytesShape(decisions: Decisions): Planned {
  const slots = new Slots();
  const convention = decisions.pick(CONVENTIONS);
  const inputs = decisions.list(2, (): Result => ({ type: decisions.pick(decisions.oneIn(4) ? VALUE_TYPES : DATA) }));
  const onePointer = decisions.oneIn(2) && (convention === 'cstring' || convention === 'length-prefixed');
  const parameters = inputs.flatMap(({ type }): Value[] => slotsOf(type, onePointer ? 1 : 2));
  const number = decisions.pick(NUMBERS);
  const results: Readonly<Record<Convention, readonly Value[]>> = {
    ...{ packed: ['i64'], 'packed-low': ['i64'], pair: ['i32', 'i32'], 'out-pointer': [] },
    ...{ cstring: ['i32'], 'length-prefixed': ['i32'], 'in-place': ['i32'], number: [number] },
  };
  const type = {
    parameters: convention === 'out-pointer' ? (['i32', ...parameters] as const) : parameters,
    results: results[convention],
  };
  const heap = decisions.below(4);
  return {
    spec: {
      functions: [
        fromSlots('f', type, slots, [
          ...(convention === 'out-pointer' ? writeArea(slots) : []),
          ...beforeResults(decisions),
        ]),
        ...allocator(decisions, slots),
      ],
      ...memory(decisions.oneIn(4) ? 2 : 1),
      ...heapBase(heap),
    },
    signature: {
      parameters: inputs,
      results: [convention === 'number' ? read(number, decisions) : { type: decisions.pick(DATA) }],
    },
    convention,
  };
}

/** Stores two slots where the first parameter points. */
function writeArea(slots: Slots): number[] {
  const store = (offset: number) => [0x20, 0, ...slots.load('i32'), 0x36, 2, offset];
  return [...store(0), ...store(4)];
}

function slotsOf(type: ValueType, width: number): Value[] {
  switch (type) {
    case 'string':
    case 'bytes':
    case 'json':
      return new Array<Value>(width).fill('i32');
    case 'i64':
    case 'u64':
      return ['i64'];
    case 'f32':
    case 'f64':
      return [type];
    default:
      return ['i32'];
  }
}

/** Before memory is filled an allocator has to answer sensibly once, so that there is a guest at all. */
function allocator(decisions: Decisions, slots: Slots): FunctionSpec[] {
  const parameters = decisions.pick<readonly Value[]>([['i32'], ['i32', 'i32'], ['i32', 'i32', 'i32', 'i32']]);
  const freed = decisions.pick<readonly Value[]>([[], ['i32'], ['i32', 'i32'], ['i32', 'i32', 'i32'], ['i64']]);
  const steady = decisions.oneIn(2);
  const answer = steady ? [0x41, ...signed(2048)] : [...slots.load('i32'), 0x41, ...signed(1024), 0x6a];
  return [
    { export: decisions.pick(['alloc', 'malloc', 'cabi_realloc']), parameters, results: ['i32'], body: answer },
    ...(freed.length === 0 ? [] : [{ export: decisions.pick(['free', 'dealloc']), parameters: freed }]),
  ];
}

/** `__heap_base` of the usual type, and of others. */
function heapBase(heap: number): Pick<ModuleSpec, 'globals' | 'exports'> {
  const type = (['i32', 'i64', 'v128', undefined] as const)[heap];
  const exports = [{ name: 'memory', kind: 'memory', index: 0 } as const];
  if (type === undefined) return { exports };
  return { globals: [{ type }], exports: [...exports, { name: '__heap_base', kind: 'global', index: 0 }] };
}

const BINDGEN_IMPORTS: readonly (readonly [name: string, parameters: readonly Value[], results: readonly Value[]])[] = [
  ['__wbg___wbindgen_throw_1', ['i32', 'i32'], []],
  ['__wbindgen_rethrow', ['externref'], []],
  ['__wbindgen_rethrow', ['i32'], []],
  ['__wbindgen_init_externref_table', [], []],
  ['__wbg_Error_1', ['i32', 'i32'], ['externref']],
  ['__wbindgen_error_new', ['i32', 'i32'], ['i32']],
  ['__wbindgen_cast_1', ['i32', 'i32'], ['externref']],
  ['__wbindgen_string_new', ['i32', 'i32'], ['i32']],
  ['__wbindgen_number_new', ['f64'], ['i32']],
  ['__wbindgen_bigint_from_i64', ['i64'], ['externref']],
  ['__wbindgen_object_drop_ref', ['i32'], []],
  ['__wbindgen_object_clone_ref', ['i32'], ['i32']],
  ['__wbindgen_object_clone_ref', ['externref'], ['externref']],
  ['__wbg_new_1', [], ['externref']],
  ['__wbg_stack_1', ['i32', 'externref'], []],
  ['__wbg_error_1', ['i32', 'i32'], []],
  ['__wbg_error_1', ['externref'], []],
  ['__wbg_log_1', ['externref'], []],
];

/** wasm-bindgen's plumbing in its own types and in others of the same name, which a hostile module may have. */
const PLUMBING: readonly (readonly [name: string, types: readonly WasmSignature[]])[] = [
  [
    '__wbindgen_malloc',
    [
      { parameters: ['i32', 'i32'], results: ['i32'] },
      { parameters: ['i32'], results: ['i32'] },
      { parameters: ['i64'], results: ['i32'] },
    ],
  ],
  [
    '__wbindgen_free',
    [{ parameters: ['i32', 'i32', 'i32'] }, { parameters: ['i32', 'i32'] }, { parameters: ['i64', 'i32'] }],
  ],
  [
    '__wbindgen_add_to_stack_pointer',
    [
      { parameters: ['i32'], results: ['i32'] },
      { parameters: ['i64'], results: ['i32'] },
      { parameters: ['i32'], results: ['externref'] },
    ],
  ],
  ['__externref_table_dealloc', [{ parameters: ['i32'] }, { parameters: ['i64'] }]],
  ['__wbindgen_start', [{}, { parameters: ['i64'] }]],
  ['__wbindgen_export_0', [{ parameters: ['i32', 'i32'], results: ['i32'] }]],
];

const BINDGEN_TYPES: readonly ValueType[] = [
  'string',
  'bytes',
  'i32',
  'u32',
  'i64',
  'u64',
  'f32',
  'f64',
  'bool',
  'json',
];

function bindgenShape(decisions: Decisions): Planned {
  const slots = new Slots();
  const table = decisions.oneIn(2);
  const imports = decisions.list(3, (): Import => {
    const [name, parameters, results] = decisions.pick(BINDGEN_IMPORTS);
    return { module: './x_bg.js', name, parameters, results };
  });
  const value = (): Result => ({
    type: decisions.pick(BINDGEN_TYPES),
    ...(decisions.oneIn(3) ? { optional: true } : {}),
  });
  const inputs = decisions.list(2, value);
  const outputs = decisions.list(decisions.oneIn(8) ? 4 : 1, value);
  const form = ({ type, optional }: Result): Value[] => bindgenSlots(type, optional === true, decisions);
  const pointer = decisions.oneIn(3);
  const fallible: Value[] = decisions.oneIn(2) ? ['i32', 'i32'] : [];
  const type: WasmSignature = {
    parameters: [...(pointer ? (['i32'] as const) : []), ...inputs.flatMap(form)],
    results: pointer ? [] : [...outputs.flatMap(form), ...fallible],
  };
  const plumbing = PLUMBING.flatMap(([name, types]) => {
    if (decisions.oneIn(4)) return [];
    const chosen = decisions.oneIn(6) ? decisions.pick(types) : (types[0] ?? {});
    return [
      name === '__wbindgen_malloc' && decisions.oneIn(2)
        ? { export: name, ...chosen, body: [0x41, ...signed(2048)] }
        : fromSlots(name, chosen, slots),
    ];
  });
  const first = pointer ? writeArea(slots) : [];
  const body = [...callImports(imports, slots, table), ...first, ...beforeResults(decisions)];
  return {
    spec: {
      imports,
      functions: [fromSlots('f', type, slots, body), ...plumbing],
      memories: [{ minimum: 1, maximum: 4 }],
      ...(table ? { tables: [{ element: 'externref' as const, minimum: 4, maximum: 6 }] } : {}),
      exports: [
        ...(decisions.oneIn(8) ? [] : [{ name: 'memory', kind: 'memory' as const, index: 0 }]),
        ...(table ? [{ name: '__wbindgen_externrefs', kind: 'table' as const, index: 0 }] : []),
      ],
    },
    signature: { parameters: inputs, results: outputs },
    convention: 'auto',
  };
}

function bindgenSlots(type: ValueType, optional: boolean, decisions: Decisions): Value[] {
  const slots = slotsOf(type, 2);
  if (!optional || slots.length > 1) return slots;
  return decisions.pick<readonly Value[]>([['f64'], ['i32'], ['i32', ...slots]]).slice();
}
