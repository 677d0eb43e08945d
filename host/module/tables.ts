import type { WasmType } from './description';
import { skipConstantExpression } from './constant-expression';
import type { Reader } from './reader';
import { type LocatedLimits, readLimits, readStoredType } from './types';

/** Starts a table that says what its elements are at first (typed function references). */
const WITH_INITIALISER = 0x40;

export interface Table {
  readonly element: WasmType;
  readonly limits: LocatedLimits;
}

/** One entry of the table section (core specification 5.5.7). */
export function readTable(reader: Reader): Table {
  const initialised = reader.peek() === WITH_INITIALISER;
  if (initialised) {
    reader.byte('a table');
    const reserved = reader.byte('a table');
    if (reserved !== 0) throw reader.fail(`a table starts with 0x40 0x${reserved.toString(16)}`, reader.position - 1);
  }
  const element = readStoredType(reader, 'a table');
  const limits = readLimits(reader, 'a table');
  if (initialised) skipConstantExpression(reader);
  return { element, limits };
}
