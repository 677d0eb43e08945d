import type { FunctionType, WasmType } from '../module/description';
import type { Parameter, Result, Signature } from '../values/signature';
import { type DataType, isNumberType, isNumeric, type NumericType, wasmType } from './numbers';

/** How wasm-bindgen passes one value; what it takes depends on the Rust type, which the binary does not name. */
export type Form =
  | { readonly kind: 'number'; readonly type: NumericType }
  /** Pointer and length; an absent one, where that may be, has the pointer 0. */
  | { readonly kind: 'data'; readonly type: DataType; readonly optional: boolean }
  /** `Option` of up to 32 bits as an f64 beyond their range (since 0.2.96). */
  | { readonly kind: 'wide'; readonly type: NumericType }
  /** `Option` of bool and of 8 or 16 bits as an i32 beyond their range. */
  | { readonly kind: 'narrow'; readonly type: NumericType }
  /** `Option` as a flag and the value; before 0.2.96 those of 32 bits too. */
  | { readonly kind: 'flagged'; readonly type: NumericType };

export interface BindgenLayout {
  /** The signature given, with the types that the binary has where a `.d.ts` says only `number`. */
  readonly signature: Signature;
  readonly parameters: readonly Form[];
  readonly results: readonly Form[];
  /** Results are written where the first parameter points (output without multi-value). */
  readonly returnPointer: boolean;
  /** An error and a flag follow the results: a Rust `Result`. */
  readonly fallible: boolean;
}

/** The error's index and whether it is one, which follow the value of a `Result`. */
const ERROR_SLOTS: readonly WasmType[] = ['i32', 'i32'];

export function slotsOf(form: Form): readonly WasmType[] {
  switch (form.kind) {
    case 'number':
      return [wasmType(form.type)];
    case 'data':
      return ['i32', 'i32'];
    case 'wide':
      return ['f64'];
    case 'narrow':
      return ['i32'];
    case 'flagged':
      return ['i32', wasmType(form.type)];
  }
}

/** @returns undefined where the signature does not fit the type */
export function layOutBindgen(signature: Signature, type: FunctionType): BindgenLayout | undefined {
  return layOutDirect(signature, type) ?? layOutPointer(signature, type);
}

function layOutDirect(signature: Signature, type: FunctionType): BindgenLayout | undefined {
  const parameters = match(signature.parameters, type.parameters);
  if (parameters === undefined) return undefined;
  const plain = match(signature.results, type.results);
  const results = plain ?? match(signature.results, withoutError(type.results));
  if (results === undefined) return undefined;
  const fallible = plain === undefined;
  return { signature: retype(signature, parameters, results), parameters, results, returnPointer: false, fallible };
}

/** The types before the error of a `Result`; a type that nothing matches where there is none. */
function withoutError(types: readonly WasmType[]): readonly WasmType[] {
  const start = types.length - ERROR_SLOTS.length;
  return start >= 0 && ERROR_SLOTS.every((slot, index) => types[start + index] === slot)
    ? types.slice(0, start)
    : ['reference'];
}

/**
 * Nothing tells the types behind a return pointer, so the likeliest form of each result is taken, and an error
 * is looked for: the area is zero before the call. Rust returns one value at most, for which the area is large enough.
 */
function layOutPointer(signature: Signature, type: FunctionType): BindgenLayout | undefined {
  if (type.results.length > 0 || type.parameters[0] !== 'i32' || signature.results.length > 1) return undefined;
  const parameters = match(signature.parameters, type.parameters.slice(1));
  if (parameters === undefined) return undefined;
  const results = signature.results.flatMap((result) => formsOf(result).slice(0, 1));
  return {
    signature: retype(signature, parameters, results),
    parameters,
    results,
    returnPointer: true,
    fallible: true,
  };
}

/**
 * Finds a form for each value so that their slots make up the types, trying the likeliest first. A place that has led
 * nowhere once is not tried again: of 60 optional numbers over i32 there are more readings than anybody can wait for.
 */
function match(values: readonly (Parameter | Result)[], types: readonly WasmType[]): Form[] | undefined {
  const dead = new Set<number>();
  const from = (index: number, at: number): Form[] | undefined => {
    const value = values[index];
    if (value === undefined) return at === types.length ? [] : undefined;
    const place = index * (types.length + 1) + at;
    if (dead.has(place)) return undefined;
    for (const form of formsOf(value)) {
      const slots = slotsOf(form);
      if (!slots.every((slot, offset) => slot === types[at + offset])) continue;
      const rest = from(index + 1, at + slots.length);
      if (rest !== undefined) return [form, ...rest];
    }
    dead.add(place);
    return undefined;
  };
  return from(0, 0);
}

/** A `.d.ts` says `number`, read as f64, of every number; the slot then says which. */
function formsOf({ type, optional }: Parameter | Result): Form[] {
  if (!isNumeric(type)) return [{ kind: 'data', type, optional: optional === true }];
  if (optional !== true) {
    const types: NumericType[] = type === 'f64' ? ['f64', 'f32', 'i32'] : [type];
    return types.map((each) => ({ kind: 'number', type: each }));
  }
  switch (type) {
    case 'bool':
      return [{ kind: 'narrow', type }];
    case 'i64':
    case 'u64':
      return [{ kind: 'flagged', type }];
    case 'f32':
      return [
        { kind: 'wide', type },
        { kind: 'flagged', type },
      ];
    case 'i32':
    case 'u32':
      return [
        { kind: 'wide', type },
        { kind: 'narrow', type },
        { kind: 'flagged', type },
      ];
    case 'f64':
      return [
        { kind: 'flagged', type },
        { kind: 'wide', type },
        { kind: 'narrow', type: 'i32' },
        { kind: 'flagged', type: 'i32' },
        { kind: 'flagged', type: 'f32' },
      ];
  }
}

function retype(signature: Signature, parameters: readonly Form[], results: readonly Form[]): Signature {
  return {
    parameters: signature.parameters.map((parameter, index) => {
      const type = parameters[index]?.type ?? parameter.type;
      return { ...parameter, type, ...(type !== parameter.type && type === 'i32' ? { eitherSign: true } : {}) };
    }),
    results: signature.results.map((result, index) => ({ ...result, type: results[index]?.type ?? result.type })),
  };
}

/** What of wasm-bindgen's run-time a module has: without it some readings are impossible. */
export interface BindgenFeatures {
  /** The module can be given memory: it takes text or bytes somewhere. */
  readonly takesData: boolean;
  /** Memory can be given back to the module: it returns text or bytes somewhere. */
  readonly returnsData: boolean;
}

/** The signature that the binary leaves no doubt about; undefined where text, bytes and numbers look alike. */
export function readSignature(type: FunctionType, features: BindgenFeatures): Signature | undefined {
  const { parameters } = type;
  if (!parameters.every(isNumberType)) return undefined;
  const pair = parameters.some((each, index) => each === 'i32' && parameters[index + 1] === 'i32');
  if (pair && features.takesData) return undefined;
  const pointer = type.results.length === 0 && parameters[0] === 'i32' && features.returnsData;
  const results = pointer ? undefined : readResults(type.results, features);
  return results === undefined ? undefined : { parameters: parameters.map(binaryParameter), results };
}

function binaryParameter(type: WasmType): Parameter {
  if (type === 'i32' || type === 'i64') return { type, eitherSign: true };
  return { type: type === 'f32' ? 'f32' : 'f64' };
}

function readResults(types: readonly WasmType[], features: BindgenFeatures): Result[] | undefined {
  const [first, second, ...rest] = types;
  if (first === undefined) return [];
  if (!isNumberType(first)) return undefined;
  if (second === undefined) return [{ type: first }];
  if (types.length === 2 && first === 'i32') {
    if (second === 'i32') return features.returnsData ? undefined : []; // a Result of nothing
    return isNumberType(second) ? [{ type: second, optional: true }] : undefined;
  }
  return second === 'i32' && rest.join() === 'i32' ? [{ type: first }] : undefined;
}
