import { Reader } from './reader';

/** Section numbers of the binary format (core specification 5.5.2; 13 is the exception-handling proposal's). */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The order sections must come in, each with its name; it is not that of their numbers. */
const ORDER: readonly (readonly [id: number, name: string])[] = [
  [SECTION.type, 'type'],
  [SECTION.import, 'import'],
  [SECTION.function, 'function'],
  [SECTION.table, 'table'],
  [SECTION.memory, 'memory'],
  [SECTION.tag, 'tag'],
  [SECTION.global, 'global'],
  [SECTION.export, 'export'],
  [SECTION.start, 'start'],
  [SECTION.element, 'element'],
  [SECTION.dataCount, 'data count'],
  [SECTION.code, 'code'],
  [SECTION.data, 'data'],
];
const RANKS = new Map(ORDER.map(([id, name], rank) => [id, { rank, name }]));

/** Whether a section must stand behind another; custom ones may stand anywhere. */
export function standsAfter(id: number, other: number): boolean {
  return (RANKS.get(id)?.rank ?? -1) > (RANKS.get(other)?.rank ?? -1);
}

/** More custom sections than any tool writes; they may stand anywhere and any number of times. */
const MAX_CUSTOM_SECTIONS = 10_000;

/** Bytes of `\0asm` and the version. */
export const HEADER_SIZE = 8;

export interface Section {
  readonly id: number;
  /** Offset of the section's number. */
  readonly start: number;
  /** Of the content; its end is the section's end. */
  readonly content: Reader;
}

/**
 * The sections of a core module in order, their contents unread. The header is taken for granted.
 * @throws WasmFunctionError `module` for a section that is unknown, out of order, repeated or longer than the file
 */
export function* readSections(bytes: Uint8Array): Generator<Section> {
  const outer = new Reader(bytes, Math.min(HEADER_SIZE, bytes.length), bytes.length, 'the list of sections');
  let last = -1;
  let customs = 0;
  while (!outer.done) {
    const start = outer.position;
    const id = outer.byte('a section number');
    let name = 'custom';
    if (id === SECTION.custom) {
      customs += 1;
      if (customs > MAX_CUSTOM_SECTIONS) throw outer.fail(`there are more than ${MAX_CUSTOM_SECTIONS} custom sections`);
    } else {
      const known = RANKS.get(id);
      if (known === undefined) throw outer.fail(`section number ${id} is unknown`, start);
      if (known.rank <= last) throw outer.fail(`the ${known.name} section is repeated or out of order`, start);
      last = known.rank;
      name = known.name;
    }
    const size = outer.u32(`the size of the ${name} section`);
    const from = outer.position;
    outer.skip(size, `the ${name} section`);
    yield { id, start, content: new Reader(bytes, from, outer.position, `the ${name} section`) };
  }
}
