import type { FunctionType, WasmType } from '../module/description';
import type { Parameter, Result, Signature } from '../values/signature';
import { type Convention, CONVENTIONS } from './adapter';
import { isNumeric, numericSignature, wasmType } from './numbers';

/**
 * How a parameter is passed: as a number, as pointer and length, or as one pointer to data that says itself
 * where it ends (NUL-terminated, or behind its length with `length-prefixed`).
 */
export type Carrier = 'number' | 'pointer-length' | 'pointer';

/** How a signature lies over the type in the binary. */
export interface Layout {
  readonly signature: Signature;
  readonly convention: Convention;
  /** One a parameter of the signature. */
  readonly carriers: readonly Carrier[];
}

/** @returns undefined where signature, convention and type do not go together */
export function layOut(signature: Signature, type: FunctionType, convention: Convention): Layout | undefined {
  if ([...signature.parameters, ...signature.results].some(({ optional }) => optional === true)) return undefined;
  const outPointer = convention === 'out-pointer';
  if (outPointer && type.parameters[0] !== 'i32') return undefined;
  if (!resultFits(signature.results, type.results, convention)) return undefined;
  const carriers = carry(signature.parameters, outPointer ? type.parameters.slice(1) : type.parameters, convention);
  if (carriers === undefined) return undefined;
  if (convention === 'in-place' && !carriers.includes('pointer-length')) return undefined;
  return { signature, convention, carriers };
}

function resultFits(results: readonly Result[], types: readonly WasmType[], convention: Convention): boolean {
  if (convention === 'number') return same(results.map(slotOf), types);
  const [data] = results;
  return results.length === 1 && data !== undefined && !isNumeric(data.type) && same(RETURNED[convention], types);
}

const RETURNED: Readonly<Record<Exclude<Convention, 'number'>, readonly WasmType[]>> = {
  packed: ['i64'],
  'packed-low': ['i64'],
  pair: ['i32', 'i32'],
  'out-pointer': [],
  cstring: ['i32'],
  'length-prefixed': ['i32'],
  'in-place': ['i32'],
};

/** Conventions under which data may also be passed as one pointer; with `number` as NUL-terminated text. */
const SELF_DELIMITING_RESULTS: readonly Convention[] = ['cstring', 'length-prefixed'];
const SELF_DELIMITING: readonly Convention[] = [...SELF_DELIMITING_RESULTS, 'number'];

function carry(
  parameters: readonly Parameter[],
  types: readonly WasmType[],
  convention: Convention,
): Carrier[] | undefined {
  const styles: Carrier[] = SELF_DELIMITING.includes(convention) ? ['pointer-length', 'pointer'] : ['pointer-length'];
  for (const style of styles) {
    const carriers = parameters.map(({ type }) => (isNumeric(type) ? 'number' : style));
    const slots = parameters.flatMap((parameter, index) => {
      if (carriers[index] === 'number') return [slotOf(parameter)];
      return carriers[index] === 'pointer' ? ['i32' as const] : ['i32' as const, 'i32' as const];
    });
    if (same(slots, types)) return carriers;
  }
  return undefined;
}

/** The type of a number's slot; undefined for data, which has none of its own. */
function slotOf({ type }: Parameter | Result): WasmType | undefined {
  return isNumeric(type) ? wasmType(type) : undefined;
}

function same(left: readonly (WasmType | undefined)[], right: readonly WasmType[]): boolean {
  return left.length === right.length && left.every((type, index) => type === right[index]);
}

/** Every layout that fits a signature somebody wrote. */
export function possibleLayouts(signature: Signature, type: FunctionType): Layout[] {
  return CONVENTIONS.flatMap((convention) => layOut(signature, type, convention) ?? []);
}

/** True where a pointer may be meant: without one, numbers are numbers. */
export function mayCarryPointers(type: FunctionType): boolean {
  return type.parameters.includes('i32') || type.results.includes('i32') || type.results.includes('i64');
}

/** Conventions that a type allows, the likeliest first. */
export function conventionsOf(type: FunctionType): Convention[] {
  const buffer = hasBuffer(type.parameters);
  const results = type.results.join(' ');
  const data: Convention[] = [];
  if (results === 'i64') data.push('packed', 'packed-low');
  if (results === 'i32 i32') data.push('pair');
  if (results === '' && type.parameters[0] === 'i32') data.push('out-pointer');
  if (results === 'i32') data.push('cstring', 'length-prefixed', ...(buffer ? (['in-place'] as const) : []));
  return [...data, 'number'];
}

function hasBuffer(types: readonly WasmType[]): boolean {
  return types.some((type, index) => type === 'i32' && types[index + 1] === 'i32');
}

/**
 * What a function takes and returns when only the convention is known: bytes, which carry text too, and text
 * with `cstring`.
 * @returns undefined where the parameters can be read in several ways
 */
export function defaultSignature(type: FunctionType, convention: Convention): Signature | undefined {
  const numbers = numericSignature(type);
  if (numbers === undefined) return undefined;
  const slots = convention === 'out-pointer' ? type.parameters.slice(1) : type.parameters;
  const data: Result = { type: convention === 'cstring' ? 'string' : 'bytes' };
  const results = convention === 'number' ? numbers.results : [data];
  const onePointer = slots.join(' ') === 'i32' && SELF_DELIMITING_RESULTS.includes(convention);
  if (slots.join(' ') === 'i32 i32' || onePointer) return { parameters: [data], results };
  const numbersOnly = SELF_DELIMITING_RESULTS.includes(convention) ? !slots.includes('i32') : !hasBuffer(slots);
  if (numbersOnly) return { parameters: numbers.parameters.slice(numbers.parameters.length - slots.length), results };
  return undefined;
}
