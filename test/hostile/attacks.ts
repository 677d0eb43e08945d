/** Guests that do what no guest should, each with what is said of it. With the value 0 they are harmless. */
import type { Attack } from '../support/siege';
import * as op from '../support/instructions';
import { type FunctionSpec, type GlobalSpec, module, type ModuleSpec, type Value } from '../support/wasm-builder';

export type Expected = Attack &
  ({ readonly code: string; readonly says: RegExp } | { readonly code?: undefined; readonly says: unknown });

const MEMORY = [{ minimum: 1 }];
const TABLE = [{ minimum: 2, maximum: 1_000_000 }];

/** `f(i32) → i32`: 7 for 0, otherwise the attack and then 1. */
function harmfulUnless0(body: readonly number[], locals: FunctionSpec['locals'] = []): FunctionSpec {
  const good = op.when(op.i32(7), op.RETURN);
  const whole = [...op.localGet(0), ...op.I32_EQZ, ...good, ...body, ...op.i32(1)];
  return { export: 'f', parameters: ['i32'], results: ['i32'], locals, body: whole };
}

function attack(
  name: string,
  code: string,
  says: RegExp,
  body: readonly number[],
  spec: ModuleSpec & { readonly locals?: FunctionSpec['locals'] } = {},
  properties: Attack['properties'] = {},
): Expected {
  const functions = [harmfulUnless0(body, spec.locals), ...(spec.functions ?? [])];
  const bytes = module({ ...spec, functions });
  return { name, code, says, module: bytes, properties: { export: 'f', abi: 'numeric', ...properties } };
}

const SHORT = { timeout: 0.3 };
/** A table as large as one for what the host gives may be. */
const HOST_VALUES = { minimum: 4096, element: 'externref' } as const;
const BINDGEN = { abi: 'wasm-bindgen', signature: '(i32) -> i32' };

/** Imports by which a guest of wasm-bindgen gets a JavaScript value, with what it gives for it. */
const HOLDERS = [
  ['object_clone_ref', ['i32'], op.i32(5)],
  ['string_new', ['i32', 'i32'], [...op.i32(0), ...op.i32(100)]],
  ['number_new', ['f64'], op.NOT_A_NUMBER],
  ['bigint_from_i64', ['i64'], op.i64(-1)],
  ['error_new', ['i32', 'i32'], [...op.i32(0), ...op.i32(0)]],
] as const;

/** A memory, and the import that gives a value: itself as `externref`, by its number as `i32`. */
function holding(name: string, parameters: readonly Value[], as: 'i32' | 'externref'): ModuleSpec {
  return {
    memories: [{ minimum: 256 }],
    exports: [{ name: 'memory', kind: 'memory', index: 0 }],
    imports: [{ module: 'wbg', name: `__wbindgen_${name}`, parameters, results: [as] }],
  };
}

const SELF = [...op.i32(1), ...op.call(0), ...op.DROP];
const growAndTouch = op.block(
  op.forever(
    op.i32(1),
    op.MEMORY_GROW,
    op.localTee(1),
    op.i32(-1),
    op.I32_EQ,
    op.branchIf(1),
    op.localGet(1),
    op.i32(65_536),
    op.I32_MUL,
    op.i32(1),
    op.i32(65_536),
    op.MEMORY_FILL,
  ),
);

export const NUMBER_ATTACKS: readonly Expected[] = [
  { name: 'good', says: 1, module: module({ functions: [harmfulUnless0([])] }) },
  attack('endless-loop', 'timeout', /did not end within 0\.3 s/, op.forever(), {}, { timeout: 0.3 }),
  attack('endless-tail-calls', 'timeout', /within/, [...op.i32(1), ...op.returnCall(0)], {}, SHORT),
  attack(
    'mutual-tail-calls',
    'timeout',
    /within/,
    [...op.i32(1), ...op.returnCall(1)],
    { functions: [{ parameters: ['i32'], results: ['i32'], body: [...op.localGet(0), ...op.returnCall(0)] }] },
    SHORT,
  ),
  attack(
    'tail-calls-by-table',
    'timeout',
    /within/,
    [...op.i32(1), ...op.i32(0), ...op.returnCallIndirect(0)],
    { tables: TABLE, elements: [{ offset: 0, functions: [0] }] },
    SHORT,
  ),
  attack(
    'bulk-fills',
    'timeout',
    /within/,
    op.forever(op.i32(0), op.i32(1), op.i32(64 << 20), op.MEMORY_FILL),
    { memories: [{ minimum: 1024 }] },
    SHORT,
  ),
  attack(
    'waits-for-ever',
    'timeout',
    /within/,
    [...op.i32(0), ...op.i32(0), ...op.i64(-1), ...op.MEMORY_WAIT, ...op.DROP],
    { memories: [{ minimum: 1, maximum: 2, shared: true }] },
    SHORT,
  ),
  attack('recursion', 'trap', /ran out of stack/, SELF),
  attack('mutual-recursion', 'trap', /ran out of stack/, [...op.i32(1), ...op.call(1), ...op.DROP], {
    functions: [{ parameters: ['i32'], results: ['i32'], body: [...op.i32(1), ...op.call(0)] }],
  }),
  attack(
    'recursion-by-table',
    'trap',
    /ran out of stack/,
    [...op.i32(1), ...op.i32(0), ...op.callIndirect(0), ...op.DROP],
    { tables: TABLE, elements: [{ offset: 0, functions: [0] }] },
  ),
  attack(
    'touches-all-memory',
    'memory',
    /all of the 2 MiB/,
    [...growAndTouch, ...op.UNREACHABLE],
    { memories: MEMORY, locals: ['i32'], exports: [{ name: 'memory', kind: 'memory', index: 0 }] },
    { memory: 2 },
  ),
  attack(
    'one-large-growth',
    'trap',
    /0\.06 of the 64 MiB.*raise the memory limit/,
    [...op.i32(30_000), ...op.MEMORY_GROW, ...op.I32_EQZ, ...op.DROP, ...op.UNREACHABLE],
    { memories: MEMORY, exports: [{ name: 'memory', kind: 'memory', index: 0 }] },
  ),
  attack(
    'grows-its-table',
    'trap',
    /unreachable/,
    [
      ...op.block(op.forever(op.NULL_FUNCTION, op.i32(500_000), op.TABLE_GROW, op.i32(-1), op.I32_EQ, op.branchIf(1))),
      ...op.UNREACHABLE,
    ],
    { tables: [{ minimum: 1 }] },
  ),
  attack('unreachable', 'trap', /unreachable/, op.UNREACHABLE),
  attack('division-by-zero', 'trap', /divided an integer by zero/, [
    ...op.i32(1),
    ...op.i32(0),
    ...op.I32_DIV_S,
    ...op.DROP,
  ]),
  attack('division-overflow', 'trap', /overflowed/, [
    ...op.i32(-2147483648),
    ...op.i32(-1),
    ...op.I32_DIV_S,
    ...op.DROP,
  ]),
  attack('float-to-integer', 'trap', /cannot hold it/, [...op.NOT_A_NUMBER, ...op.I32_TRUNC_F64, ...op.DROP]),
  attack('load-out-of-bounds', 'trap', /outside its linear memory/, [...op.i32(-1), ...op.load8, ...op.DROP], {
    memories: MEMORY,
  }),
  attack('store-out-of-bounds', 'trap', /outside its linear memory/, [...op.i32(65_536), ...op.i32(0), ...op.store8], {
    memories: MEMORY,
  }),
  attack(
    'memory-copy-out-of-bounds',
    'trap',
    /outside its linear memory/,
    [...op.i32(0), ...op.i32(65_000), ...op.i32(1000), ...op.MEMORY_COPY],
    { memories: MEMORY },
  ),
  attack(
    'memory-fill-out-of-bounds',
    'trap',
    /outside its linear memory/,
    [...op.i32(0), ...op.i32(0), ...op.i32(-1), ...op.MEMORY_FILL],
    { memories: MEMORY },
  ),
  attack('null-function', 'trap', /null|signature/, [...op.i32(1), ...op.i32(1), ...op.callIndirect(0), ...op.DROP], {
    tables: TABLE,
  }),
  attack(
    'wrong-function-type',
    'trap',
    /of another type/,
    [...op.i32(1), ...op.i32(0), ...op.callIndirect(0), ...op.DROP],
    { tables: TABLE, functions: [{ results: ['i64'] }], elements: [{ offset: 0, functions: [1] }] },
  ),
  attack(
    'function-out-of-table',
    'trap',
    /does not exist/,
    [...op.i32(1), ...op.i32(9), ...op.callIndirect(0), ...op.DROP],
    { tables: TABLE },
  ),
  attack('table-get-out-of-bounds', 'trap', /table/, [...op.i32(9), ...op.TABLE_GET, ...op.DROP], { tables: TABLE }),
  attack('table-set-out-of-bounds', 'trap', /table/, [...op.i32(9), ...op.NULL_FUNCTION, ...op.TABLE_SET], {
    tables: TABLE,
  }),
  attack('table-copy-out-of-bounds', 'trap', /table/, [...op.i32(0), ...op.i32(1), ...op.i32(9), ...op.TABLE_COPY], {
    tables: TABLE,
  }),
  attack(
    'table-fill-out-of-bounds',
    'trap',
    /table/,
    [...op.i32(1), ...op.NULL_FUNCTION, ...op.i32(9), ...op.TABLE_FILL],
    { tables: TABLE },
  ),
  ...(
    [
      [
        'memory-init-out-of-bounds',
        /outside its linear memory/,
        [op.i32(65_530), op.i32(0), op.i32(8), op.memoryInit(0)],
      ],
      [
        'memory-init-past-its-segment',
        /outside its linear memory/,
        [op.i32(0), op.i32(4), op.i32(8), op.memoryInit(0)],
      ],
      [
        'memory-init-of-dropped-data',
        /outside its linear memory/,
        [op.dataDrop(0), op.dataDrop(0), op.i32(0), op.i32(0), op.i32(1), op.memoryInit(0)],
      ],
      [
        'table-init-out-of-bounds',
        /a table index that does not exist/,
        [op.i32(1), op.i32(0), op.i32(2), op.tableInit(0)],
      ],
      [
        'table-init-past-its-segment',
        /beyond the end of one of its own segments, or from one it had dropped/,
        [op.i32(0), op.i32(1), op.i32(2), op.tableInit(0)],
      ],
      [
        'table-init-of-dropped-elements',
        /beyond the end of one of its own segments, or from one it had dropped/,
        [op.elementDrop(0), op.elementDrop(0), op.i32(0), op.i32(0), op.i32(1), op.tableInit(0)],
      ],
    ] as const
  ).map(([name, says, body]) =>
    attack(name, 'trap', says, body.flat(), {
      memories: MEMORY,
      tables: TABLE,
      elements: [{ functions: [0, 0] }],
      data: [{ bytes: [1, 2, 3, 4, 5, 6, 7, 8] }],
    }),
  ),
  attack('uncaught-exception', 'guest', /exception of its language that nothing in it caught/, op.throwTag(0), {
    tags: [{}],
  }),
  {
    name: 'grows-between-calls',
    says: 1,
    module: module({
      functions: [
        // 2 grows, and answers with the pages there are
        harmfulUnless0([
          ...op.localGet(0),
          ...op.i32(2),
          ...op.I32_EQ,
          ...op.when(op.i32(1), op.MEMORY_GROW, op.DROP, op.MEMORY_SIZE, op.RETURN),
        ]),
      ],
      memories: MEMORY,
    }),
    properties: { memory: 1 },
  },
  ...HOLDERS.map(([name, parameters, values]) =>
    attack(
      `holds-values-for-ever-by-${name}`,
      'memory',
      /holds 4096 JavaScript values at once/,
      op.forever(values, op.call(0), op.DROP),
      holding(name, parameters, 'i32'),
      BINDGEN,
    ),
  ),
  attack(
    'holds-values-and-goes-on-where-it-may-not',
    'timeout',
    /within/,
    op.forever(op.tryAll(op.i32(5), op.call(0), op.DROP)),
    holding('object_clone_ref', ['i32'], 'i32'),
    { ...BINDGEN, timeout: 0.5 },
  ),
  attack(
    'fills-a-table-with-texts',
    'memory',
    /made more than 16 MiB of JavaScript values in one call/,
    op.forever(
      op.localGet(1),
      op.i32(0),
      op.i32(16 << 20),
      op.call(0),
      op.TABLE_SET,
      op.localGet(1),
      op.i32(1),
      op.I32_ADD,
      op.localSet(1),
    ),
    { ...holding('string_new', ['i32', 'i32'], 'externref'), tables: [HOST_VALUES], locals: ['i32'] },
    BINDGEN,
  ),
  attack(
    'grows-a-table-for-host-values',
    'trap',
    /a table index that does not exist/,
    [...op.NULL_EXTERN, ...op.i32(1_000_000), ...op.TABLE_GROW, ...op.NULL_EXTERN, ...op.TABLE_SET],
    { tables: [{ ...HOST_VALUES, maximum: 2_000_000 }] },
  ),
];

/** What a terminal would take for its title, a line of the log, a cleared screen and text from right to left. */
const STEERING = 'boom\u001b]0;owned\u0007\n1 Jan 00:00:00 - [info] all is well\r\u001b[2J\u202e\u2028\u009b1m';
const UTF16 = Buffer.from(STEERING, 'utf16le');
const SPOKEN = Buffer.concat([Buffer.from(Uint32Array.of(UTF16.length).buffer), UTF16]);

const ABORT = { module: 'env', name: 'abort', parameters: ['i32', 'i32', 'i32', 'i32'] } as const;
const ABORTS = [...op.i32(0), ...op.i32(0), ...op.i32(0), ...op.i32(0), ...op.call(0)];

/** The one function that AssemblyScript modules are given, called from where nobody expects it. */
const ABORT_ATTACKS: readonly Expected[] = [
  attack(
    'aborts-deep-in-its-own-export',
    'guest',
    /^The function failed: abort$/,
    // 1 more than was given, until it is 1000
    [
      ...op.localGet(0),
      ...op.i32(1000),
      ...op.I32_EQ,
      ...op.when(ABORTS),
      ...op.localGet(0),
      ...op.i32(1),
      ...op.I32_ADD,
      ...op.call(1),
      ...op.DROP,
    ],
    { imports: [ABORT] },
    { abi: 'assemblyscript' },
  ),
  attack(
    'aborts-through-its-table',
    'guest',
    /^The function failed: abort$/,
    [...op.i32(0), ...op.i32(0), ...op.i32(0), ...op.i32(0), ...op.i32(0), ...op.callIndirect(0)],
    { imports: [ABORT], tables: TABLE, elements: [{ offset: 0, functions: [0] }] },
    { abi: 'assemblyscript' },
  ),
];

/** What guests say of themselves goes into logs. */
export const WORDS: readonly Expected[] = [
  ...ABORT_ATTACKS,
  attack(
    'speaks-control-characters',
    'guest',
    /^The function failed: boom \]0;owned 1 Jan 00:00:00 - \[info\] all is well \[2J 1m$/,
    [...op.i32(16), ...op.i32(0), ...op.i32(0), ...op.i32(0), ...op.call(0)],
    {
      imports: [ABORT],
      memories: MEMORY,
      data: [{ offset: 12, bytes: [...SPOKEN] }],
      exports: [{ name: 'memory', kind: 'memory', index: 0 }],
    },
    { abi: 'assemblyscript' },
  ),
];

const spin = { body: op.forever() };
const plain: FunctionSpec = { export: 'f', parameters: ['i32'], results: ['i32'] };
function refused(
  name: string,
  code: string,
  says: RegExp,
  spec: ModuleSpec,
  properties: Attack['properties'] = {},
): Expected {
  return {
    name,
    code,
    says,
    module: module({ functions: [plain], ...spec }),
    properties: { export: 'f', ...properties },
  };
}

/** Hostile before anything is called: the file itself has to change. */
export const START_ATTACKS: readonly Expected[] = [
  refused('endless-start', 'timeout', /within/, { functions: [plain, spin], start: 1 }, SHORT),
  refused('aborting-start', 'guest', /^The function failed: abort$/, {
    imports: [ABORT],
    functions: [plain, { body: ABORTS }],
    start: 2,
  }),
  refused('recursive-start', 'trap', /stack/, { functions: [plain, { body: op.call(1) }], start: 1 }),
  refused('data-out-of-range', 'trap', /out of bounds/, { memories: MEMORY, data: [{ offset: -1, bytes: [1] }] }),
  refused('elements-out-of-range', 'trap', /out of bounds/, {
    tables: TABLE,
    elements: [{ offset: 99, functions: [0] }],
  }),
  refused('declares-4-GiB', 'memory', /4096 MiB/, { memories: [{ minimum: 65_536 }] }),
  refused('declares-5000-host-values', 'memory', /host values need 5000 elements/, {
    tables: [{ minimum: 5000, element: 'externref' }],
  }),
  refused('declares-5000-globals-of-host-values', 'module', /5000 globals of reference types/, {
    globals: new Array<GlobalSpec>(5000).fill({ type: 'externref', mutable: true }),
  }),
  refused('declares-10-million-entries', 'memory', /10000000 elements/, { tables: [{ minimum: 10_000_000 }] }),
  refused('declares-forty-large-tables', 'memory', /40000000 elements/, {
    tables: new Array(40).fill({ minimum: 1_000_000 }) as [],
  }),
  refused('unknown-import', 'abi', /imports/, { imports: [{ module: 'env\u202e', name: '<b>\n', parameters: [] }] }),
  refused('imports-memory', 'abi', /imports/, {
    imports: [{ module: 'env', name: 'memory', kind: 'memory', minimum: 1 }],
  }),
  refused('imports-table', 'abi', /imports/, { imports: [{ module: 'env', name: 't', kind: 'table', minimum: 1 }] }),
  refused('imports-global', 'abi', /imports/, {
    imports: [{ module: '__proto__', name: 'constructor', kind: 'global', type: 'i32' }],
  }),
  {
    ...{ name: 'a-hundred-thousand-exports', code: 'module', says: /100000 exports; at most 20000/ },
    ...{ module: exporting(100_000), properties: { export: 'f' } },
  },
  refused('exceptions-of-many-values', 'module', /exceptions carry 1000 values/, {
    tags: [{ parameters: new Array(1000).fill('i64') as [] }],
  }),
  refused('managed-arrays', 'module', /garbage collection/, { types: [[0x5e, 0x78, 1]] }),
  refused('table-of-exceptions', 'module', /table of exceptions/, { tables: [{ minimum: 1, element: 'exnref' }] }),
];

const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  '<img src=x onerror=alert(1)>',
  'a\u0000\n\u001b[2J',
  '\u202egpj',
  'n'.repeat(50_000),
];
const named = module({
  functions: HOSTILE_NAMES.map((name) => ({ export: name, parameters: ['i32'], results: ['i32'], body: op.i32(7) })),
});
const unnamed = module({ functions: [{ export: '', parameters: ['i32'], results: ['i32'], body: op.i32(7) }] });

/** `f` and as many other names of it. */
function exporting(count: number): Uint8Array {
  return module({
    functions: [{ export: 'f', parameters: ['i32'], results: ['i32'], body: op.i32(7) }],
    exports: Array.from({ length: count - 1 }, (_, index) => ({ name: String(index), kind: 'function', index: 0 })),
  });
}
const thousand: FunctionSpec = { export: 'f', parameters: ['i32'], results: new Array(1000).fill('i32') as [] };

/** Names and shapes that are unusual, and work like any other. */
export const NAMES: readonly Expected[] = [
  ...HOSTILE_NAMES.map((name, index) => ({
    name: `name-${String(index)}`,
    says: 7,
    module: named,
    properties: { export: name },
  })),
  { name: 'no-name', says: 7, module: unnamed },
  {
    name: 'its-import-is-its-export',
    code: 'guest',
    says: /^The function failed: abort$/,
    module: module({ imports: [ABORT], exports: [{ name: '__proto__', kind: 'function', index: 0 }] }),
    properties: { export: '__proto__', abi: 'assemblyscript', input: '[0, 0, 0, 0]', inputType: 'json' },
  },
  {
    name: 'a-memory-called-__proto__',
    says: 7,
    module: module({
      functions: [{ export: 'constructor', parameters: ['i32'], results: ['i32'], body: op.i32(7) }],
      memories: MEMORY,
      tables: TABLE,
      exports: [
        { name: '__proto__', kind: 'memory', index: 0 },
        { name: 'prototype', kind: 'table', index: 0 },
      ],
    }),
    properties: { export: 'constructor' },
  },
  { name: 'a-missing-name', code: 'export', says: /no "/, module: named, properties: { export: 'b\u202e\n' } },
  { name: 'twenty-thousand-exports', says: 7, module: exporting(20_000), properties: { export: 'f' } },
  {
    name: 'twenty-thousand-tail-calls',
    says: 7,
    module: module({
      functions: [
        { export: 'f', parameters: ['i32'], results: ['i32'], body: op.i32(7) },
        ...new Array<FunctionSpec>(20_000).fill({ body: op.returnCall(1) }),
      ],
    }),
    properties: { export: 'f' },
  },
  { name: 'a-thousand-results', says: new Array(1000).fill(0), module: module({ functions: [thousand] }) },
];
