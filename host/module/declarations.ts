import { basename, dirname, join } from 'node:path';
import type { FunctionType, WasmType } from './description';
import type { Parameter, Result, Signature, ValueType } from '../values/signature';

/**
 * Where a module's declarations may be, the likeliest first. wasm-pack writes `x.d.ts` for `x_bg.wasm`,
 * asc `x.d.ts` for `x.wasm`. `x_bg.wasm.d.ts` is of no use: it repeats what the binary says.
 *
 * @param file path of the `.wasm` file
 */
export function declarationPaths(file: string): string[] {
  const name = basename(file).replace(/\.wasm$/i, '');
  const names = name.endsWith('_bg') ? [name.slice(0, -'_bg'.length), name] : [name];
  return names.filter((candidate) => candidate !== '').map((candidate) => join(dirname(file), `${candidate}.d.ts`));
}

/** TypeScript's types that a message can carry. `number` says no more than f64 does until the binary is asked. */
const SCRIPT_TYPES = new Map<string, ValueType>([
  ['number', 'f64'],
  ['bigint', 'i64'],
  ['string', 'string'],
  ['boolean', 'bool'],
  ['Uint8Array', 'bytes'],
  ['Uint8ClampedArray', 'bytes'],
  ['ArrayBuffer', 'bytes'],
]);

/** Lists that a message could give and no signature can say. */
const LIST_TYPE = /^(?:(?:Int|Uint|BigInt|BigUint|Float)\d+Array|.*\[\])$/;

/** What a `.d.ts` says of a function. Plain data. */
export type Declaration =
  | { readonly kind: 'signature'; readonly signature: Signature }
  /** It takes or returns a list of other things than bytes; the question is a sentence or two, with the remedy. */
  | { readonly kind: 'uncarried'; readonly question: string };

/** AssemblyScript's own types, which asc writes into the comment above each function. */
const SOURCE_TYPES = new Map<string, ValueType>([
  ['i8', 'i32'],
  ['i16', 'i32'],
  ['i32', 'i32'],
  ['isize', 'i32'],
  ['u8', 'u32'],
  ['u16', 'u32'],
  ['u32', 'u32'],
  ['usize', 'u32'],
  ['i64', 'i64'],
  ['u64', 'u64'],
  ['f32', 'f32'],
  ['f64', 'f64'],
  ['bool', 'bool'],
]);

/** A comment (whole, or to the end of the text), a string, a name or a sign; linear in the text. */
const TOKEN = /\/\*[^]*?(?:\*\/|$)|\/\/[^\n]*|"[^"\n]*"|'[^'\n]*'|=>|[\p{ID_Start}$_][\p{ID_Continue}$]*|\S/gu;

/**
 * The functions a `.d.ts` declares, as wasm-pack, wasm-bindgen and `asc --bindings` write them.
 * A function over types that are not understood has no entry; nor has one that is declared twice in different ways.
 */
export function readDeclarations(text: string): ReadonlyMap<string, Declaration> {
  const declarations = new Map<string, Declaration | undefined>();
  const source = new Source(text);
  while (!source.done) {
    if (!source.takeWord('function')) {
      source.advance();
      continue;
    }
    const comment = source.takeComment();
    const name = source.name();
    if (name === undefined) continue;
    const read = readSignature(source);
    const declared = read?.kind === 'signature' ? refineByComment(read.signature, comment) : read;
    const same = !declarations.has(name) || JSON.stringify(declarations.get(name)) === JSON.stringify(declared);
    declarations.set(name, same ? declared : undefined);
  }
  return new Map([...declarations].flatMap(([name, declared]) => (declared === undefined ? [] : [[name, declared]])));
}

/** The words and signs of a declaration file, one after the other. */
class Source {
  readonly #tokens: IterableIterator<RegExpExecArray>;
  #next: string | undefined;
  /** The last comment of the form used for documentation, until the statement after it has ended. */
  #comment = '';

  constructor(text: string) {
    this.#tokens = text.matchAll(TOKEN);
    this.advance();
  }

  get done(): boolean {
    return this.#next === undefined;
  }

  get next(): string | undefined {
    return this.#next;
  }

  advance(): void {
    if (this.#next === ';' || this.#next === '}') this.#comment = '';
    for (;;) {
      const token = this.#tokens.next().value?.[0];
      if (token?.startsWith('/*') === true) this.#comment = token;
      else if (token?.startsWith('//') !== true) {
        this.#next = token;
        return;
      }
    }
  }

  takeComment(): string {
    const comment = this.#comment;
    this.#comment = '';
    return comment;
  }

  takeWord(text: string): boolean {
    if (this.#next !== text) return false;
    this.advance();
    return true;
  }

  name(): string | undefined {
    const name = this.#next;
    if (name === undefined || !/^[\p{ID_Start}$_]/u.test(name)) return undefined;
    this.advance();
    return name;
  }
}

function readSignature(source: Source): Declaration | undefined {
  if (!source.takeWord('(')) return undefined;
  const parameters: Parameter[] = [];
  while (!source.takeWord(')')) {
    const name = source.name();
    if (name === undefined) return undefined;
    const mayBeLeftOut = source.takeWord('?');
    if (!source.takeWord(':')) return undefined;
    const type = readType(source, [',', ')']);
    if (type === undefined || type === 'void') return undefined;
    if ('list' in type) return uncarried(`takes "${shorten(name)}" as ${type.list}`);
    parameters.push({ name: name.slice(0, MAX_NAME), ...type, ...(mayBeLeftOut ? { optional: true } : {}) });
    source.takeWord(',');
  }
  if (!source.takeWord(':')) return undefined;
  const result = readType(source, [';', '}', 'export', 'declare']);
  if (result === undefined) return undefined;
  if (result !== 'void' && 'list' in result) return uncarried(`returns ${result.list}`);
  return { kind: 'signature', signature: { parameters, results: result === 'void' ? [] : [result] } };
}

/** @param does what the function does, as the end of a sentence */
function uncarried(does: string): Declaration {
  const question =
    `By the .d.ts beside the module it ${does}; of lists only bytes (Uint8Array) are carried. ` +
    'Let it take or return the list as bytes (in Rust &[u8], Vec<u8>) or as JSON text (&str, String).';
  return { kind: 'uncarried', question };
}

/** Characters of a name that are kept for questions and errors: there may be a megabyte of them. */
const MAX_NAME = 40;

function shorten(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

interface ListType {
  /** Its name in TypeScript. */
  readonly list: string;
}

/** A type up to one of `ends`: a name, or a union of names. */
function readType(source: Source, ends: readonly string[]): Result | ListType | 'void' | undefined {
  const names: string[] = [];
  do {
    const name = source.name();
    if (name === undefined) return undefined;
    const isList = source.takeWord('[');
    if (isList && !source.takeWord(']')) return undefined;
    names.push(isList ? `${name}[]` : name);
  } while (source.takeWord('|'));
  if (source.next !== undefined && !ends.includes(source.next)) return undefined;
  return names.length === 1 && names[0] === 'void' ? 'void' : carriedType(names);
}

/** A union says one type where its other members are undefined or null, or the lists wasm-bindgen takes for bytes. */
function carriedType(names: readonly string[]): Result | ListType | undefined {
  const present = names.filter((name) => name !== 'undefined' && name !== 'null');
  const [name, ...others] = present.includes('Uint8Array') ? present.filter((each) => each !== 'number[]') : present;
  const type = name === undefined || others.length > 0 ? undefined : SCRIPT_TYPES.get(name);
  if (type === undefined) {
    const list = present.find((each) => LIST_TYPE.test(each));
    return list === undefined ? undefined : { list: shorten(list) };
  }
  return present.length === names.length ? { type } : { type, optional: true };
}

/** asc's `@param a \`u32\`` and `@returns \`bool\`` say what TypeScript's `number` cannot. */
function refineByComment(signature: Signature, comment: string): Declaration {
  const named = new Map<string, string>();
  for (const [, name = '', type = ''] of comment.matchAll(/@param ([\w$]{1,200}) `([^`\n]{0,200})`/g))
    named.set(name, type);
  const returned = /@returns `([^`\n]{0,200})`/.exec(comment)?.[1];
  const refined = {
    parameters: signature.parameters.map((parameter) => {
      const type = SOURCE_TYPES.get(named.get(parameter.name ?? '') ?? '');
      return type === undefined ? parameter : { ...parameter, type };
    }),
    results: signature.results.map((result) => {
      const type = SOURCE_TYPES.get(returned ?? '');
      return type === undefined ? result : { ...result, type };
    }),
  };
  return { kind: 'signature', signature: refined };
}

/**
 * A declared signature with `number` replaced by the type the binary has in that place: a `.d.ts` does not
 * tell i32 from f64. Only where parameters stand one to one, text and bytes taking one value (AssemblyScript)
 * or two (pointer and length); what an adapter knows better is left as declared.
 *
 * @returns undefined when the declaration cannot belong to a function of this type
 */
export function refine(signature: Signature, type: FunctionType): Signature | undefined {
  if (signature.parameters.some(({ optional }) => optional === true)) return signature;
  // older wasm-bindgen returns through a pointer passed first
  const returnPointers = signature.results.length > 0 && type.results.length === 0 ? 1 : 0;
  const types = type.parameters.slice(returnPointers);
  const parameters = align(signature.parameters, types, 2) ?? align(signature.parameters, types, 1);
  if (parameters === undefined) return undefined;
  const [result] = signature.results;
  const [wasmResult] = type.results;
  if (signature.results.length !== 1 || type.results.length !== 1 || result === undefined || wasmResult === undefined) {
    return { ...signature, parameters };
  }
  if (result.optional === true || isIndirect(result.type)) return { ...signature, parameters };
  const refined = refineValue(result.type, wasmResult);
  return refined === undefined ? undefined : { parameters, results: [{ type: refined }] };
}

function isIndirect(type: ValueType): boolean {
  return type === 'string' || type === 'bytes' || type === 'json';
}

/** @param width values that text or bytes take: a pointer and a length, or a pointer alone */
function align(declared: readonly Parameter[], types: readonly WasmType[], width: number): Parameter[] | undefined {
  let at = 0;
  const refined: Parameter[] = [];
  for (const parameter of declared) {
    if (isIndirect(parameter.type)) {
      at += width;
      refined.push(parameter);
      continue;
    }
    const type = refineValue(parameter.type, types[at]);
    if (type === undefined) return undefined;
    // TypeScript's number and bigint have no sign to go by.
    const eitherSign = type === 'i64' || (type === 'i32' && parameter.type === 'f64');
    refined.push({ ...parameter, type, ...(eitherSign ? { eitherSign } : {}) });
    at += 1;
  }
  return at === types.length ? refined : undefined;
}

function refineValue(declared: ValueType, type: WasmType | undefined): ValueType | undefined {
  switch (type) {
    case 'i32':
      if (declared === 'f64') return 'i32';
      return declared === 'bool' || declared === 'i32' || declared === 'u32' ? declared : undefined;
    case 'i64':
      return declared === 'i64' || declared === 'u64' ? declared : undefined;
    case 'f32':
      return declared === 'f64' || declared === 'f32' ? 'f32' : undefined;
    case 'f64':
      return declared === 'f64' ? 'f64' : undefined;
    default:
      return undefined;
  }
}
