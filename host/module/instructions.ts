/**
 * How long each instruction is and what it does to the operand stack, as far as the binary says (core
 * specification 5.4 and appendix A.7; the proposals for exceptions, SIMD, threads, GC and tail calls).
 */

/** What follows an opcode. */
export const Operands = {
  none: 0,
  index: 1,
  twoIndices: 2,
  /** Alignment and offset. */
  memory: 3,
  memoryAndLane: 4,
  lane: 5,
  signed: 6,
  fourBytes: 7,
  eightBytes: 8,
  sixteenBytes: 9,
  heapType: 10,
  valueTypes: 11,
  /** Flags, a label and two heap types. */
  cast: 12,
} as const;
export type OperandKind = (typeof Operands)[keyof typeof Operands];

export interface Instruction {
  readonly operands: OperandKind;
  /** Values on the stack afterwards, less those before. Where it is not known exactly, it is the most there may be. */
  readonly effect: number;
}

type Row = readonly [first: number, last: number, operands: OperandKind, effect: number];

const O = Operands;

/** Instructions of one byte that neither branch nor call. */
const PLAIN: readonly Row[] = [
  [0x01, 0x01, O.none, 0],
  [0x1a, 0x1a, O.none, -1], // drop
  [0x1b, 0x1b, O.none, -2], // select
  [0x1c, 0x1c, O.valueTypes, -2],
  [0x20, 0x20, O.index, 1], // local.get, set, tee; global.get, set; table.get, set
  [0x21, 0x21, O.index, -1],
  [0x22, 0x22, O.index, 0],
  [0x23, 0x23, O.index, 1],
  [0x24, 0x24, O.index, -1],
  [0x25, 0x25, O.index, 0],
  [0x26, 0x26, O.index, -2],
  [0x28, 0x35, O.memory, 0], // loads, stores
  [0x36, 0x3e, O.memory, -2],
  [0x3f, 0x3f, O.index, 1], // memory.size, grow
  [0x40, 0x40, O.index, 0],
  [0x41, 0x42, O.signed, 1], // constants
  [0x43, 0x43, O.fourBytes, 1],
  [0x44, 0x44, O.eightBytes, 1],
  [0x45, 0x45, O.none, 0], // comparisons; eqz stands between them
  [0x46, 0x4f, O.none, -1],
  [0x50, 0x50, O.none, 0],
  [0x51, 0x66, O.none, -1],
  [0x67, 0x69, O.none, 0], // arithmetic: of one operand, of two
  [0x6a, 0x78, O.none, -1],
  [0x79, 0x7b, O.none, 0],
  [0x7c, 0x8a, O.none, -1],
  [0x8b, 0x91, O.none, 0],
  [0x92, 0x98, O.none, -1],
  [0x99, 0x9f, O.none, 0],
  [0xa0, 0xa6, O.none, -1],
  [0xa7, 0xc4, O.none, 0], // conversions
  [0xd0, 0xd0, O.heapType, 1], // references
  [0xd1, 0xd1, O.none, 0],
  [0xd2, 0xd2, O.index, 1],
  [0xd3, 0xd3, O.none, -1],
  [0xd4, 0xd4, O.none, 0],
];

/** After 0xfb: structures and arrays. Each is taken to leave one value more. */
const GC: readonly Row[] = [
  [0, 1, O.index, 1],
  [2, 5, O.twoIndices, 1],
  [6, 7, O.index, 1],
  [8, 10, O.twoIndices, 1],
  [11, 14, O.index, 1],
  [15, 15, O.none, 1],
  [16, 16, O.index, 1],
  [17, 19, O.twoIndices, 1],
  [20, 23, O.heapType, 1],
  [26, 30, O.none, 1],
];

/** After 0xfc: saturating conversions, bulk memory, tables. */
const BULK: readonly Row[] = [
  [0, 7, O.none, 0],
  [8, 8, O.twoIndices, -3],
  [9, 9, O.index, 0],
  [10, 10, O.twoIndices, -3],
  [11, 11, O.index, -3],
  [12, 12, O.twoIndices, -3],
  [13, 13, O.index, 0],
  [14, 14, O.twoIndices, -3],
  [15, 15, O.index, -1],
  [16, 16, O.index, 1],
  [17, 17, O.index, -3],
];

/** After 0xfd: vectors, relaxed ones too. Arithmetic is taken to leave as many values as it finds. */
const SIMD: readonly Row[] = [
  [0, 10, O.memory, 0],
  [11, 11, O.memory, -2],
  [12, 12, O.sixteenBytes, 1],
  [13, 13, O.sixteenBytes, -1],
  [14, 20, O.none, 0],
  [21, 34, O.lane, 0],
  [35, 76, O.none, -1],
  [77, 83, O.none, 0],
  [84, 87, O.memoryAndLane, -1],
  [88, 91, O.memoryAndLane, -2],
  [92, 93, O.memory, 0],
  [94, 0x13f, O.none, 0],
];

/** After 0xfe: atomics. */
const ATOMIC: readonly Row[] = [
  [0, 0, O.memory, -1],
  [1, 2, O.memory, -2],
  [3, 3, O.lane, 0], // fence
  [0x10, 0x16, O.memory, 0],
  [0x17, 0x1d, O.memory, -2],
  [0x1e, 0x47, O.memory, -1],
  [0x48, 0x4e, O.memory, -2],
];

function list(rows: readonly Row[]): readonly (Instruction | undefined)[] {
  const instructions: (Instruction | undefined)[] = [];
  for (const [first, last, operands, effect] of rows) {
    for (let opcode = first; opcode <= last; opcode += 1) instructions[opcode] = { operands, effect };
  }
  return instructions;
}

/** By opcode. */
export const INSTRUCTIONS = list(PLAIN);

/** By prefix, then by the number that follows it. */
export const PREFIXED: ReadonlyMap<number, readonly (Instruction | undefined)[]> = new Map([
  [0xfb, list(GC)],
  [0xfc, list(BULK)],
  [0xfd, list(SIMD)],
  [0xfe, list(ATOMIC)],
]);
