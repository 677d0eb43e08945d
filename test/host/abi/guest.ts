import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AbiName, Convention, Guest, GuestAbi } from '#dist/host/abi/adapter';
import { findAbi } from '#dist/host/abi/index';
import type { ExternalType, FunctionType, Limits, ModuleDescription, WasmType } from '#dist/host/module/description';
import { acceptArguments } from '#dist/host/values/accept';
import { produceValue } from '#dist/host/values/produce';
import type { Parameter, Result, Signature, ValueType } from '#dist/host/values/signature';

const guests = join(__dirname, '..', '..', 'guests');

/** The bytes of a committed guest, as `wat/add`. */
export function guestBytes(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(guests, `${name}.wasm`)));
}

/** A signature as `(string, u32?) -> bytes`, as far as the tests need it. */
export function signature(text: string): Signature {
  const [left = '', right = ''] = text.split('->').map((part) => part.trim().replace(/^\(|\)$/g, ''));
  const values = (list: string): Result[] =>
    list
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
      .map((each) => ({
        type: each.replace('?', '') as ValueType,
        ...(each.endsWith('?') ? { optional: true } : {}),
      }));
  return { parameters: values(left) as Parameter[], results: values(right) };
}

export interface Opened {
  readonly guest: Guest;
  readonly signature: Signature;
  readonly convention: Convention | undefined;
  /** A message's way: accepted, called, produced. */
  call(input?: unknown): unknown;
}

export interface Choice {
  readonly signature?: string;
  readonly convention?: Convention;
  readonly maxOutput?: number;
  readonly tools?: readonly string[];
}

export function caller(name: AbiName): NonNullable<GuestAbi['caller']> {
  const found = findAbi(name)?.caller;
  if (found === undefined) throw new Error(`${name} cannot be called`);
  return found;
}

/** Plans and instantiates an export of a committed guest in this thread. */
export function open(abi: AbiName, file: string, name: string, choice: Choice = {}): Opened {
  const bytes = guestBytes(file);
  const description = { ...describe(bytes), ...(choice.tools === undefined ? {} : { tools: choice.tools }) };
  const planned = caller(abi).plan(description, {
    export: name,
    convention: choice.convention ?? 'auto',
    ...(choice.signature === undefined ? {} : { signature: signature(choice.signature) }),
  });
  const plan = { ...planned, abi, maxOutput: choice.maxOutput ?? 1024 * 1024 };
  const guest = caller(abi).instantiate(new WebAssembly.Module(bytes), description, plan);
  return {
    guest,
    signature: plan.signature,
    convention: plan.convention,
    call(input) {
      const result = produceValue(guest.call(acceptArguments(input, plan.signature)), plan.signature, 'auto');
      return result.kind === 'value' ? result.value : undefined;
    },
  };
}

const TYPES: Readonly<Record<number, WasmType>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
  0x7b: 'v128',
  0x70: 'funcref',
  0x6f: 'externref',
};

/** Describes a well-formed module; the tests of the ABIs are to stand without the parser for hostile ones. */
export function describe(bytes: Uint8Array): ModuleDescription {
  const types: FunctionType[] = [];
  const externals: Record<'function' | 'table' | 'memory' | 'global', ExternalType[]> = {
    function: [],
    table: [],
    memory: [],
    global: [],
  };
  const imports: ModuleDescription['imports'][number][] = [];
  const exports: ModuleDescription['exports'][number][] = [];
  let at = 8;
  const byte = (): number => bytes[at++]!;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
  };
  const list = <T>(read: () => T): T[] => Array.from({ length: number() }, read);
  const type = (): WasmType => TYPES[byte()] ?? 'reference';
  const text = (): string => {
    const length = number();
    at += length;
    return Buffer.from(bytes.subarray(at - length, at)).toString();
  };
  const limits = (): Limits => {
    const flags = byte();
    const minimum = number();
    return { minimum, shared: false, index64: false, ...((flags & 1) === 1 ? { maximum: number() } : {}) };
  };
  const table = (): ExternalType => ({ kind: 'table', element: type(), limits: limits() });
  const global = (): ExternalType => ({ kind: 'global', type: type(), mutable: byte() === 1 });
  const fn = (): ExternalType => ({ kind: 'function', type: types[number()]! });
  const memory = (): ExternalType => ({ kind: 'memory', limits: limits() });
  const kinds = ['function', 'table', 'memory', 'global'] as const;
  while (at < bytes.length) {
    const id = byte();
    const end = number() + at;
    if (id === 1) types.push(...list(() => (byte(), { parameters: list(type), results: list(type) })));
    if (id === 2) {
      list(() => {
        const [module, name, kind] = [text(), text(), kinds[byte()]!];
        const external = { function: fn, table, memory, global }[kind]();
        externals[kind].push(external);
        imports.push({ module, name, ...external });
      });
    }
    if (id === 3) externals.function.push(...list(fn));
    if (id === 4) externals.table.push(...list(table));
    if (id === 5) externals.memory.push(...list(memory));
    if (id === 6) {
      list(() => {
        externals.global.push(global());
        // An initialiser of the guests here is one constant.
        byte();
        number();
        byte();
      });
    }
    if (id === 7) {
      list(() => {
        const [name, kind, index] = [text(), kinds[byte()]!, number()];
        exports.push({ name, ...externals[kind][index]! });
      });
    }
    at = end;
  }
  return {
    size: bytes.length,
    hash: '',
    imports,
    exports,
    memories: [],
    tables: [],
    functionCount: externals.function.length,
    hasStart: false,
    customSections: [],
    tools: [],
    features: [],
  };
}
