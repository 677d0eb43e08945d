import { WasmFunctionError } from '../errors';
import { MAX_MEMORIES, MAX_TABLES, MIB, PAGE_SIZE } from '../limits';
import { concatenate, leb128, replaceIn, type Replacement } from './rewrite';
import { readSections, type Section, SECTION } from './sections';
import { readTable, type Table } from './tables';
import { type LocatedLimits, readLimits } from './types';

/** Pages a memory with 32-bit addresses may have (core specification 3.2.5). */
const MAX_PAGES_32 = 65536;

export interface LimitCaps {
  /** Pages of 64 KiB all memories may have together. */
  readonly memoryPages: number;
  /** Elements all tables of functions may have together. */
  readonly tableElements: number;
  /** Elements all other tables may have together. */
  readonly referenceElements: number;
}

/**
 * The module with maxima that keep its memories and tables within the caps, whatever it declares;
 * `memory.grow` and `table.grow` beyond them give −1. Each memory keeps its minimum. What the minima leave is
 * shared so that all may grow alike: in equal parts, except that nothing gets more than it declares, and what
 * it does not use goes to the others. One memory without a maximum so gets the whole cap. Limits of imports
 * are left as they are: whoever supplies an import decides its size.
 *
 * @param bytes a core module that `parseModule` has accepted
 * @returns the same bytes where nothing changes
 * @throws WasmFunctionError `memory` when the minima alone are above a cap, with the figures
 */
export function capLimits(bytes: Uint8Array, caps: LimitCaps): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const section of readSections(bytes)) {
    const replacements = replacementsIn(section, caps);
    if (replacements.length === 0) continue;
    parts.push(bytes.subarray(copied, section.start), replaceIn(bytes, section, replacements));
    copied = section.content.end;
  }
  if (parts.length === 0) return bytes;
  parts.push(bytes.subarray(copied));
  return concatenate(parts);
}

function replacementsIn({ id, content }: Section, caps: LimitCaps): Replacement[] {
  if (id === SECTION.memory) {
    const memories = readAll(content.count('memories', 2 ** 32, 2), () => readLimits(content, 'a memory'));
    checkMemories(memories, caps.memoryPages);
    return share(memories, caps.memoryPages, MAX_PAGES_32);
  }
  if (id === SECTION.table) {
    const tables = readAll(content.count('tables', 2 ** 32, 3), () => readTable(content));
    checkNumberOfTables(tables.length);
    const functions = limitsOf(tables.filter(({ element }) => element === 'funcref'));
    const references = limitsOf(tables.filter(({ element }) => element !== 'funcref'));
    checkFunctionTables(functions, caps.tableElements);
    checkReferenceTables(references, caps.referenceElements);
    return [
      ...share(functions, caps.tableElements, Infinity),
      ...share(references, caps.referenceElements, Infinity),
    ].sort(byPlace);
  }
  return [];
}

function readAll<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(read());
  return items;
}

function limitsOf(tables: readonly Table[]): LocatedLimits[] {
  return tables.map(({ limits }) => limits);
}

function total(located: readonly LocatedLimits[]): number {
  return located.reduce((sum, { limits }) => sum + limits.minimum, 0);
}

function checkMemories(memories: readonly LocatedLimits[], cap: number): void {
  if (memories.length > MAX_MEMORIES) {
    throw new WasmFunctionError(
      'memory',
      `The module declares ${memories.length} memories; at most ${MAX_MEMORIES} are allowed. Build it with fewer.`,
    );
  }
  const needed = total(memories);
  if (needed > cap) {
    throw new WasmFunctionError(
      'memory',
      `The module needs ${mebibytes(needed)} MiB of memory from the start; the limit is ${mebibytes(cap)} MiB. ` +
        `Set the node's memory (or wasmFunctionMemory in settings.js) to ${Math.ceil((needed * PAGE_SIZE) / MIB)} or more, ` +
        'or build the module with a smaller initial memory.',
    );
  }
}

function checkNumberOfTables(number: number): void {
  if (number <= MAX_TABLES) return;
  throw new WasmFunctionError(
    'memory',
    `The module declares ${number} tables; at most ${MAX_TABLES} are allowed. Build it with fewer.`,
  );
}

function checkFunctionTables(tables: readonly LocatedLimits[], cap: number): void {
  const needed = total(tables);
  if (needed <= cap) return;
  throw new WasmFunctionError(
    'memory',
    `The module's tables need ${needed} elements from the start; at most ${cap} are allowed, since a larger table ` +
      'can end the whole process. Build the module with smaller tables.',
  );
}

function checkReferenceTables(tables: readonly LocatedLimits[], cap: number): void {
  const needed = total(tables);
  if (needed <= cap) return;
  throw new WasmFunctionError(
    'memory',
    `The module's tables of host values need ${needed} elements from the start; at most ${cap} are allowed, since what ` +
      'they hold can end the whole process. Build the module with smaller ones.',
  );
}

function mebibytes(pages: number): string {
  return String(Math.round(((pages * PAGE_SIZE) / MIB) * 100) / 100);
}

/**
 * Those that want least are served first, so that what they leave is there for the rest.
 * @param largest what a maximum with 32-bit indices may be
 */
function share(located: readonly LocatedLimits[], cap: number, largest: number): Replacement[] {
  const wanted = ({ limits: { minimum, maximum, index64 } }: LocatedLimits): number =>
    Math.max(0, (maximum ?? (index64 ? Infinity : largest)) - minimum);
  let room = cap - total(located);
  let waiting = located.length;
  const replacements: Replacement[] = [];
  for (const item of [...located].sort((a, b) => (wanted(a) < wanted(b) ? -1 : wanted(a) > wanted(b) ? 1 : 0))) {
    const growth = Math.min(wanted(item), Math.floor(room / waiting));
    room -= growth;
    waiting -= 1;
    const maximum = item.limits.minimum + growth;
    if (maximum === item.limits.maximum) continue;
    const { minimum } = item.limits;
    const flags = item.flags | 0x01;
    replacements.push({ start: item.start, end: item.end, bytes: [flags, ...leb128(minimum), ...leb128(maximum)] });
  }
  return replacements.sort(byPlace);
}

function byPlace(a: Replacement, b: Replacement): number {
  return a.start - b.start;
}
