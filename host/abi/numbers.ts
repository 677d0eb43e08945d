import type { FunctionType, WasmType } from '../module/description';
import type { GuestValue, Parameter, Result, Signature, ValueType } from '../values/signature';

/** What JavaScript passes to and gets from an export of numeric types. */
export type RawValue = number | bigint;

export type NumericType = Exclude<ValueType, 'string' | 'bytes' | 'json'>;
export type DataType = Extract<ValueType, 'string' | 'bytes' | 'json'>;

const WASM_TYPES: Readonly<Record<NumericType, WasmType>> = {
  i32: 'i32',
  u32: 'i32',
  bool: 'i32',
  i64: 'i64',
  u64: 'i64',
  f32: 'f32',
  f64: 'f64',
};

export function isNumeric(type: ValueType): type is NumericType {
  return type in WASM_TYPES;
}

export function wasmType(type: NumericType): WasmType {
  return WASM_TYPES[type];
}

const NUMBERS: readonly WasmType[] = ['i32', 'i64', 'f32', 'f64'];

export function isNumberType(type: WasmType): type is 'i32' | 'i64' | 'f32' | 'f64' {
  return NUMBERS.includes(type);
}

/** Of a type that has only numbers: the others (`v128`, references) have no place in a message. */
export function onlyNumbers(type: FunctionType): boolean {
  return [...type.parameters, ...type.results].every(isNumberType);
}

const PARAMETERS: Readonly<Record<'i32' | 'i64' | 'f32' | 'f64', Parameter>> = {
  i32: { type: 'i32', eitherSign: true },
  i64: { type: 'i64', eitherSign: true },
  f32: { type: 'f32' },
  f64: { type: 'f64' },
};
const RESULTS: Readonly<Record<'i32' | 'i64' | 'f32' | 'f64', Result>> = {
  i32: { type: 'i32' },
  i64: { type: 'i64' },
  f32: { type: 'f32' },
  f64: { type: 'f64' },
};

/** Made once for each type: a module may have thousands of functions of one type with a thousand parameters. */
const signatures = new WeakMap<FunctionType, { readonly signature: Signature | undefined }>();

/** The signature a type of numbers only has by itself; undefined for other types. */
export function numericSignature(type: FunctionType): Signature | undefined {
  const known = signatures.get(type) ?? { signature: makeSignature(type) };
  signatures.set(type, known);
  return known.signature;
}

function makeSignature(type: FunctionType): Signature | undefined {
  const parameters = type.parameters.filter(isNumberType);
  const results = type.results.filter(isNumberType);
  if (parameters.length + results.length < type.parameters.length + type.results.length) return undefined;
  return {
    parameters: parameters.map((each) => PARAMETERS[each]),
    results: results.map((each) => RESULTS[each]),
  };
}

export function lowerNumber(value: GuestValue): RawValue {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw new TypeError(`A numeric parameter was given a ${typeof value}.`);
}

/** Gives a raw result the sign and kind that its type has. */
export function liftNumber(raw: RawValue, type: NumericType): GuestValue {
  switch (type) {
    case 'bool':
      return Number(raw) !== 0;
    case 'u32':
      return Number(raw) >>> 0;
    case 'u64':
      return BigInt.asUintN(64, BigInt(raw));
    case 'i32':
      // also where it comes as an f64, as an Option of wasm-bindgen does, which may hold anything
      return Number(raw) | 0;
    case 'i64':
    case 'f32':
    case 'f64':
      return raw;
  }
}
