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
    const [functions, others] = [tables.filter(holdsFunctions), tables.filter((table) => !holdsFunctions(table))];
    checkTables(tables, caps);
    return [
      ...share(functions.map(limitsOf), caps.tableElements, Infinity),
      ...share(others.map(limitsOf), caps.referenceElements, Infinity),
    ].sort(byPlace);
  }
  return [];
}

function readAll<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(read());
  return items;
}

function holdsFunctions({ element }: Table): boolean {
  return element === 'funcref';
}

function limitsOf({ limits }: Table): LocatedLimits {
  return limits;
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

function checkTables(tables: readonly Table[], caps: LimitCaps): void {
  if (tables.length > MAX_TABLES) {
    throw new WasmFunctionError(
      'memory',
      `The module declares ${tables.length} tables; at most ${MAX_TABLES} are allowed. Build it with fewer.`,
    );
  }
  const needed = total(tables.filter(holdsFunctions).map(limitsOf));
  if (needed > caps.tableElements) {
    throw new WasmFunctionError(
      'memory',
      `The module's tables need ${needed} elements from the start; at most ${caps.tableElements} are allowed, since a larger table ` +
        'can end the whole process. Build the module with smaller tables.',
    );
  }
  const held = total(tables.filter((table) => !holdsFunctions(table)).map(limitsOf));
  if (held > caps.referenceElements) {
    throw new WasmFunctionError(
      'memory',
      `The module's tables of host values need ${held} elements from the start; at most ${caps.referenceElements} are allowed, ` +
        'since what they hold can end the whole process. Build the module with smaller ones.',
    );
  }
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
