import { WasmFunctionError } from '../errors';
import type { FunctionType, Limits, WasmType } from './description';
import type { Reader } from './reader';

/** What engines accept at most (WebAssembly JavaScript Interface, implementation-defined limits). */
const MAX_TYPES = 1_000_000;
const MAX_PARAMETERS = 1000;
const MAX_RESULTS = 1000;
const MAX_FIELDS = 10_000;
const MAX_SUPERTYPES = 1000;

/** Parameters and results of all types together: what bounds the memory a description takes. */
const MAX_TYPE_VALUES = 1_000_000;

const PLAIN_TYPES = new Map<number, WasmType>([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
  [0x69, 'exnref'],
  [0x74, 'exnref'], // noexn
]);

/** Shorthands of the abstract heap types, from `cont` (0x68) to `nocont` (0x75). */
const FIRST_ABSTRACT = 0x68;
const LAST_ABSTRACT = 0x75;

const REF = 0x64;
const REF_NULL = 0x63;
const SHARED = 0x65;

/** Forms of a type (GC proposal; continuations are stack switching's, descriptors the custom-descriptors proposal's). */
const FUNCTION = 0x60;
const STRUCT = 0x5f;
const ARRAY = 0x5e;
const CONTINUATION = 0x5d;
const PACKED_I8 = 0x78;
const PACKED_I16 = 0x77;
const SUB = 0x50;
const SUB_FINAL = 0x4f;
const REC = 0x4e;
const DESCRIPTOR = 0x4d;
const DESCRIBES = 0x4c;

/** A value type (core specification 5.3): numbers by name, references as far as a host can tell them apart. */
export function readValueType(reader: Reader, what: string): WasmType {
  const start = reader.position;
  const byte = reader.byte(what);
  const plain = PLAIN_TYPES.get(byte);
  if (plain !== undefined) return plain;
  if (byte >= FIRST_ABSTRACT && byte <= LAST_ABSTRACT) return 'reference';
  if (byte === REF || byte === REF_NULL) {
    const heap = readHeapType(reader);
    if (heap === 'exnref') return heap;
    return byte === REF_NULL && (heap === 'funcref' || heap === 'externref') ? heap : 'reference';
  }
  if (byte === SHARED) {
    readHeapType(reader);
    return 'reference';
  }
  throw reader.fail(`${what} has the unknown type 0x${byte.toString(16)}`, start);
}

/** A heap type: the index of a type, or an abstract one. */
export function readHeapType(reader: Reader): WasmType {
  if (reader.peek() === SHARED) reader.position += 1;
  const start = reader.position;
  reader.skipSigned(5, 'a heap type');
  // abstract types are negative numbers of 7 bits, which may be written longer than they need be
  const [first = 0, ...rest] = reader.bytes.subarray(start, reader.position);
  const isAbstract = rest.every((byte, index) => (byte | 0x80) === 0xff || (index === 3 && byte === 0x0f));
  return (isAbstract ? PLAIN_TYPES.get(first & 0x7f) : undefined) ?? 'reference';
}

/**
 * The type of what a table or a global holds.
 * @throws WasmFunctionError `module` for exceptions: each is an object on the worker's heap, and V8 ends the process
 *   where they fill it (Node 24); on the stack there is no room for so many
 */
export function readStoredType(reader: Reader, what: string): WasmType {
  const type = readValueType(reader, what);
  if (type !== 'exnref') return type;
  throw new WasmFunctionError(
    'module',
    `The module has ${what} of exceptions (exnref), and as many as it has room for can end the whole process. ` +
      'Build it so that exceptions are kept on the stack only, or without them (in Rust panic = "abort").',
  );
}

/**
 * The type section, recursive groups flattened.
 * @returns one entry a type index; undefined for structs, arrays and continuations
 */
export function readTypes(reader: Reader): (FunctionType | undefined)[] {
  const types: (FunctionType | undefined)[] = [];
  const room = { values: MAX_TYPE_VALUES };
  const groups = reader.count('types', MAX_TYPES, 2);
  for (let group = 0; group < groups; group += 1) {
    if (reader.peek() === REC) {
      reader.position += 1;
      const members = reader.count('types of a recursive group', MAX_TYPES, 2);
      for (let member = 0; member < members; member += 1) types.push(readType(reader, room));
    } else {
      types.push(readType(reader, room));
    }
    if (types.length > MAX_TYPES) throw reader.fail(`there are more than ${MAX_TYPES} types`);
  }
  return types;
}

function readType(reader: Reader, room: { values: number }): FunctionType | undefined {
  let form = reader.byte('a type');
  if (form === SUB || form === SUB_FINAL) {
    const parents = reader.count('supertypes', MAX_SUPERTYPES);
    for (let parent = 0; parent < parents; parent += 1) reader.u32('a supertype');
    form = reader.byte('a type');
  }
  while (form === DESCRIPTOR || form === DESCRIBES || form === SHARED) {
    if (form !== SHARED) reader.u32('a descriptor');
    form = reader.byte('a type');
  }
  switch (form) {
    case FUNCTION:
      return readFunctionType(reader, room);
    case STRUCT: {
      const fields = reader.count('fields', MAX_FIELDS, 2);
      for (let field = 0; field < fields; field += 1) readField(reader);
      return undefined;
    }
    case ARRAY:
      readField(reader);
      return undefined;
    case CONTINUATION:
      reader.skipSigned(5, 'a continuation type');
      return undefined;
    default:
      throw reader.fail(`a type has the unknown form 0x${form.toString(16)}`, reader.position - 1);
  }
}

function readFunctionType(reader: Reader, room: { values: number }): FunctionType {
  const read = (what: string, limit: number): WasmType[] => {
    const count = reader.count(what, limit);
    room.values -= count;
    if (room.values < 0) throw reader.fail(`its types have more than ${MAX_TYPE_VALUES} parameters and results`);
    return Array.from({ length: count }, () => readValueType(reader, `one of the ${what}`));
  };
  const parameters = read('parameters', MAX_PARAMETERS);
  return { parameters, results: read('results', MAX_RESULTS) };
}

/** A field of a struct or array: its storage type (packed i8 and i16 too) and whether it can change. */
function readField(reader: Reader): void {
  const storage = reader.peek();
  if (storage === PACKED_I8 || storage === PACKED_I16) reader.byte('a field type');
  else readValueType(reader, 'a field');
  reader.byte("a field's mutability");
}

/** What a limits field says, and where it stands: the rewriter replaces exactly these bytes. */
export interface LocatedLimits {
  readonly limits: Limits;
  /** The flags byte as it was. */
  readonly flags: number;
  readonly start: number;
  readonly end: number;
}

const HAS_MAXIMUM = 0x01;
const IS_SHARED = 0x02;
const IS_64 = 0x04;

/** Limits of a memory or table (core specification 5.3.10, with the threads and memory64 proposals' flags). */
export function readLimits(reader: Reader, what: string): LocatedLimits {
  const start = reader.position;
  const flags = reader.byte(`the limits of ${what}`);
  if (flags === 0x08 || flags === 0x09) {
    throw reader.fail(`${what} has pages of its own size, a proposal that no Node has`, start);
  }
  if (flags > (HAS_MAXIMUM | IS_SHARED | IS_64)) {
    throw reader.fail(`the limits of ${what} have the unknown flags 0x${flags.toString(16)}`, start);
  }
  const index64 = (flags & IS_64) !== 0;
  const read = (name: string): number => (index64 ? reader.u64(name) : reader.u32(name));
  const minimum = read(`the minimum of ${what}`);
  const shared = (flags & IS_SHARED) !== 0;
  if ((flags & HAS_MAXIMUM) === 0) {
    return { limits: { minimum, shared, index64 }, flags, start, end: reader.position };
  }
  const maximum = read(`the maximum of ${what}`);
  if (maximum < minimum) throw reader.fail(`${what} has a maximum (${maximum}) below its minimum (${minimum})`, start);
  return { limits: { minimum, maximum, shared, index64 }, flags, start, end: reader.position };
}
