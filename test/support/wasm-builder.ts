/**
 * Core modules by hand, for tests that need one with exactly these sections. A function without a body
 * returns zeros; what is not given has no section.
 */
export type Value = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref' | 'exnref';

const VALUE_BYTES: Record<Value, number> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
  exnref: 0x69,
};

export interface Signature {
  readonly parameters?: readonly Value[];
  readonly results?: readonly Value[];
}

export interface LimitsSpec {
  readonly minimum: number;
  readonly maximum?: number;
  readonly shared?: boolean;
  readonly index64?: boolean;
}

export type ImportSpec = { readonly module: string; readonly name: string } & (
  | ({ readonly kind?: 'function' } & Signature)
  | ({ readonly kind: 'memory' } & LimitsSpec)
  | ({ readonly kind: 'table'; readonly element?: Value } & LimitsSpec)
  | { readonly kind: 'global'; readonly type: Value; readonly mutable?: boolean }
  | ({ readonly kind: 'tag' } & Signature)
);

export interface FunctionSpec extends Signature {
  /** Exported under this name. */
  readonly export?: string;
  readonly locals?: readonly Value[];
  /** Instructions without the closing `end`; blank returns a zero of each result. */
  readonly body?: readonly number[];
}

export interface TableSpec extends LimitsSpec {
  readonly element?: Value;
  /** Writes the form that says what the elements are at first. */
  readonly initialised?: boolean;
}

export interface GlobalSpec {
  readonly type: Value;
  readonly mutable?: boolean;
  /** A constant expression without its closing `end`; blank is a zero. */
  readonly value?: readonly number[];
}

export interface ExportSpec {
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
  readonly index: number;
}

export interface ModuleSpec {
  /** Types before those of imports and functions, as raw bytes, one type each: for GC types and the like. */
  readonly types?: readonly (readonly number[])[];
  readonly imports?: readonly ImportSpec[];
  readonly functions?: readonly FunctionSpec[];
  readonly tables?: readonly TableSpec[];
  readonly memories?: readonly LimitsSpec[];
  readonly tags?: readonly Signature[];
  readonly globals?: readonly GlobalSpec[];
  readonly exports?: readonly ExportSpec[];
  /** Index of the start function. */
  readonly start?: number;
  /** Functions put into table 0, from a constant index on; without one for `table.init` to put there. */
  readonly elements?: readonly { readonly offset?: number; readonly functions: readonly number[] }[];
  /** Bytes put into memory 0, at a constant address; without one for `memory.init` to put there. */
  readonly data?: readonly { readonly offset?: number; readonly bytes: readonly number[] }[];
  /** Custom sections at the end, contents as bytes. */
  readonly custom?: readonly { readonly name: string; readonly bytes: readonly number[] }[];
}

const KINDS = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

export const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit number. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

/** A name or other text: its length in bytes, then UTF-8. */
export function text(value: string): number[] {
  const bytes = Buffer.from(value, 'utf8');
  return [...leb(bytes.length), ...bytes];
}

export function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** Header and sections as they are. */
export function rawModule(...sections: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([...HEADER, ...sections.flat()]);
}

/** A `producers` section. */
export function producers(fields: Readonly<Record<string, readonly (readonly [string, string])[]>>) {
  const bytes = vector(
    Object.entries(fields).map(([field, values]) => [
      ...text(field),
      ...vector(values.map(([name, version]) => [...text(name), ...text(version)])),
    ]),
  );
  return { name: 'producers', bytes };
}

/** A `target_features` section; each feature with its sign, as `+simd128`. */
export function targetFeatures(features: readonly string[]) {
  const bytes = vector(features.map((feature) => [feature.charCodeAt(0), ...text(feature.slice(1))]));
  return { name: 'target_features', bytes };
}

/** The bytes of a module. */
export function module(spec: ModuleSpec): Uint8Array {
  const types = new Types(spec.types ?? []);
  const imports = (spec.imports ?? []).map((item) => encodeImport(item, types));
  const functions = spec.functions ?? [];
  const functionTypes = functions.map((item) => leb(types.indexOf(item)));
  const tags = (spec.tags ?? []).map((item) => [0, ...leb(types.indexOf(item))]);
  const present = (id: number, items: readonly (readonly number[])[]): number[] =>
    items.length === 0 ? [] : section(id, vector(items));
  return rawModule(
    present(1, types.bytes),
    present(2, imports),
    present(3, functionTypes),
    present(4, (spec.tables ?? []).map(encodeTable)),
    present(5, (spec.memories ?? []).map(encodeLimits)),
    present(13, tags),
    present(6, (spec.globals ?? []).map(encodeGlobal)),
    present(7, encodeExports(spec)),
    spec.start === undefined ? [] : section(8, leb(spec.start)),
    present(
      9,
      (spec.elements ?? []).map(({ offset, functions: put }) => [
        ...(offset === undefined ? [1, KINDS.function] : active(offset)),
        ...vector(put.map(leb)),
      ]),
    ),
    // engines ask for the number of segments where code names one
    (spec.data ?? []).some(({ offset }) => offset === undefined) ? section(12, leb(spec.data?.length ?? 0)) : [],
    present(10, functions.map(encodeBody)),
    present(
      11,
      (spec.data ?? []).map(({ offset, bytes }) => [
        ...(offset === undefined ? [1] : active(offset)),
        ...vector(bytes.map((byte) => [byte])),
      ]),
    ),
    ...(spec.custom ?? []).map(({ name, bytes }) => section(0, [...text(name), ...bytes])),
  );
}

class Types {
  readonly bytes: (readonly number[])[];
  readonly #known = new Map<string, number>();

  constructor(first: readonly (readonly number[])[]) {
    this.bytes = [...first];
  }

  indexOf({ parameters = [], results = [] }: Signature): number {
    const key = `${parameters.join()}:${results.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const values = (list: readonly Value[]): number[] => vector(list.map((value) => [VALUE_BYTES[value]]));
    this.#known.set(key, this.bytes.length);
    this.bytes.push([0x60, ...values(parameters), ...values(results)]);
    return this.bytes.length - 1;
  }
}

function encodeImport(item: ImportSpec, types: Types): number[] {
  const names = [...text(item.module), ...text(item.name)];
  switch (item.kind) {
    case 'memory':
      return [...names, KINDS.memory, ...encodeLimits(item)];
    case 'table':
      return [...names, KINDS.table, VALUE_BYTES[item.element ?? 'funcref'], ...encodeLimits(item)];
    case 'global':
      return [...names, KINDS.global, VALUE_BYTES[item.type], item.mutable === true ? 1 : 0];
    case 'tag':
      return [...names, KINDS.tag, 0, ...leb(types.indexOf(item))];
    default:
      return [...names, KINDS.function, ...leb(types.indexOf(item))];
  }
}

function encodeLimits({ minimum, maximum, shared, index64 }: LimitsSpec): number[] {
  const flags = (maximum === undefined ? 0 : 1) | (shared === true ? 2 : 0) | (index64 === true ? 4 : 0);
  return [flags, ...leb(minimum), ...(maximum === undefined ? [] : leb(maximum))];
}

function encodeTable(table: TableSpec): number[] {
  const element = VALUE_BYTES[table.element ?? 'funcref'];
  const plain = [element, ...encodeLimits(table)];
  return table.initialised === true ? [0x40, 0x00, ...plain, 0xd0, element, 0x0b] : plain;
}

function encodeGlobal({ type, mutable, value }: GlobalSpec): number[] {
  return [VALUE_BYTES[type], mutable === true ? 1 : 0, ...(value ?? zero(type)), 0x0b];
}

function encodeExports({ functions = [], imports = [], exports = [] }: ModuleSpec): number[][] {
  const imported = imports.filter(({ kind = 'function' }) => kind === 'function').length;
  const named = functions.flatMap((item, index) =>
    item.export === undefined ? [] : [{ name: item.export, kind: 'function' as const, index: imported + index }],
  );
  return [...named, ...exports].map(({ name, kind, index }) => [...text(name), KINDS[kind], ...leb(index)]);
}

/** How a segment begins that is put into place at a constant offset. */
function active(offset: number): number[] {
  return [0, 0x41, ...signedLeb(offset), 0x0b];
}

function encodeBody({ results = [], body, locals = [] }: FunctionSpec): number[] {
  const declared = vector(locals.map((type) => [1, VALUE_BYTES[type]]));
  const code = [...declared, ...(body ?? results.flatMap(zero)), 0x0b];
  return [...leb(code.length), ...code];
}

function zero(type: Value): number[] {
  switch (type) {
    case 'i32':
      return [0x41, 0];
    case 'i64':
      return [0x42, 0];
    case 'f32':
      return [0x43, 0, 0, 0, 0];
    case 'f64':
      return [0x44, 0, 0, 0, 0, 0, 0, 0, 0];
    case 'v128':
      return [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
    case 'funcref':
    case 'externref':
    case 'exnref':
      return [0xd0, VALUE_BYTES[type]];
  }
}
