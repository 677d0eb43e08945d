/**
 * How an export may be meant whose type the binary leaves open: each way to read its numbers as text, bytes or JSON,
 * checked by the ABI's own layout, so that nothing is offered that does not fit.
 */
import type { Convention } from '../../../host/abi/adapter';
import { defaultSignature, layOut } from '../../../host/abi/bytes-layout';
import { numericSignature, type DataType } from '../../../host/abi/numbers';
import { layOutBindgen } from '../../../host/abi/wasm-bindgen-layout';
import type { InspectedExport } from '../../../host/inspection';
import type { FunctionType, WasmType } from '../../../host/module/description';
import { formatSignature, parseSignature } from '../../../host/values/parse-signature';
import type { Result, Signature } from '../../../host/values/signature';

export interface Reading {
  readonly takes: readonly Result[];
  readonly returns: readonly Result[];
  /** As the properties save it. Blank for plain numbers, whose sign is then left open. */
  readonly signature: string;
  readonly convention: Convention | 'auto';
}

const DATA: readonly DataType[] = ['string', 'bytes', 'json'];
/** Longer lists of parameters have too many readings to choose from: their signature is written. */
const MOST_PARAMETERS = 4;
const MOST_SINGLE_POINTERS = 2;

/** @returns the likeliest first; none where nothing is open, or too much */
export function readingsOf(item: InspectedExport, abi: string | undefined): Reading[] {
  const type = functionType(item.type);
  if (type === undefined || type.parameters.length > MOST_PARAMETERS + 1) return [];
  if (abi === 'bytes') return (item.conventions ?? []).flatMap((convention) => bytesReadings(type, convention));
  return abi === 'wasm-bindgen' ? bindgenReadings(type) : numberReadings(type);
}

/** `(string, i32)`, as signatures write one side. */
export function formatSide(values: readonly Result[]): string {
  return `(${values.map(({ type }) => type).join(', ')})`;
}

function bytesReadings(type: FunctionType, convention: Convention): Reading[] {
  const numbers = numericSignature(type);
  if (numbers === undefined) return [];
  // without a signature, two i32 in a row are taken for pointer and length
  const blank = convention === 'number' ? defaultSignature(type, convention) : undefined;
  const meansNumbers = blank !== undefined && formatSignature(blank) === formatSignature(numbers);
  const slots = convention === 'out-pointer' ? type.parameters.slice(1) : type.parameters;
  const returned = convention === 'number' ? [numbers.results] : DATA.map((kind): Result[] => [{ type: kind }]);
  return combine(parameterReadings(slots), returned).flatMap((signature) => {
    if (layOut(signature, type, convention) === undefined) return [];
    return [toReading(signature, convention, meansNumbers)];
  });
}

function bindgenReadings(type: FunctionType): Reading[] {
  const data = DATA.map((kind): Result[] => [{ type: kind }]);
  const numbers = numericSignature({ parameters: [], results: type.results })?.results ?? [];
  const pointer = type.results.length === 0 && type.parameters[0] === 'i32';
  const readings = [
    ...(pointer ? combine(parameterReadings(type.parameters.slice(1)), data) : []),
    ...combine(parameterReadings(type.parameters), [...data, numbers]),
  ];
  return readings
    .filter((signature) => layOutBindgen(signature, type) !== undefined)
    .map((signature) => toReading(signature, 'auto', false));
}

/** Where nothing but numbers can be told by a signature. */
function numberReadings(type: FunctionType): Reading[] {
  const signature = numericSignature(type);
  return signature === undefined ? [] : [toReading(signature, 'auto', false)];
}

function toReading({ parameters, results }: Signature, convention: Reading['convention'], bare: boolean): Reading {
  const written = formatSignature({ parameters, results }).replace('→', '->');
  const onlyNumbers = [...parameters, ...results].every(({ type }) => !isData(type));
  return { takes: parameters, returns: results, signature: bare && onlyNumbers ? '' : written, convention };
}

function combine(parameters: readonly Result[][], results: readonly (readonly Result[])[]): Signature[] {
  return parameters.flatMap((taken) => results.map((returned) => ({ parameters: taken, results: returned })));
}

/** Text first, plain numbers last; of several texts or bytes all are of one kind. */
function parameterReadings(slots: readonly WasmType[]): Result[][] {
  const shapes = [...shapesOf(slots, 2), ...(slots.length <= MOST_SINGLE_POINTERS ? shapesOf(slots, 1) : [])];
  const data = shapes.filter((shape) => shape.includes('data'));
  const numbers = numericSignature({ parameters: slots, results: [] })?.parameters ?? [];
  return [
    ...DATA.flatMap((kind) => data.map((shape) => shape.map((each) => ({ type: each === 'data' ? kind : each })))),
    numbers.map(({ type }) => ({ type })),
  ];
}

type Shape = (Exclude<Result['type'], DataType> | 'data')[];

/** @param width i32 that data takes: two for pointer and length, one where it says itself where it ends */
function shapesOf([slot, ...rest]: readonly WasmType[], width: 1 | 2): Shape[] {
  if (slot === undefined) return [[]];
  const asNumber = numericSignature({ parameters: [slot], results: [] })?.parameters[0]?.type;
  if (asNumber === undefined || isData(asNumber)) return [];
  const isPointer = slot === 'i32' && (width === 1 || rest[0] === 'i32');
  return [
    ...(isPointer ? shapesOf(rest.slice(width - 1), width).map((shape): Shape => ['data', ...shape]) : []),
    ...shapesOf(rest, width).map((shape): Shape => [asNumber, ...shape]),
  ];
}

/** What lies in the guest's memory: text, bytes and JSON, and no number. */
export function isData(type: Result['type']): type is DataType {
  return (DATA as readonly string[]).includes(type);
}

/** @param text as `(i32, i32) → i64`; undefined where it has types that no message carries */
function functionType(text: string): FunctionType | undefined {
  try {
    const { parameters, results } = parseSignature(text);
    return { parameters: parameters.map(asWasm), results: results.map(asWasm) };
  } catch {
    return undefined;
  }
}

function asWasm({ type }: Result): WasmType {
  return type === 'i64' || type === 'f32' || type === 'f64' ? type : 'i32';
}
