/** Instructions by their names (core specification 5.4), for bodies written by hand. */
import { leb, signedLeb } from './wasm-builder';

export const EMPTY = 0x40;
const MEMORY_0 = 0;
const BYTE_ALIGNED = [0, 0];

export const UNREACHABLE = [0x00];
export const END = [0x0b];
export const RETURN = [0x0f];
export const DROP = [0x1a];
export const I32_EQZ = [0x45];
export const I32_EQ = [0x46];
export const I32_MUL = [0x6c];
export const I32_ADD = [0x6a];
export const I32_SUB = [0x6b];
export const I32_LT_S = [0x48];
export const I32_DIV_S = [0x6d];
export const I32_TRUNC_F64 = [0xaa];
export const I64_EXTEND_U = [0xad];
export const I64_OR = [0x84];
export const I64_SHL = [0x86];
export const MEMORY_GROW = [0x40, MEMORY_0];
export const MEMORY_SIZE = [0x3f, MEMORY_0];
export const MEMORY_COPY = [0xfc, 10, MEMORY_0, MEMORY_0];
export const MEMORY_FILL = [0xfc, 11, MEMORY_0];
export const MEMORY_WAIT = [0xfe, 1, 2, 0];
export const TABLE_GET = [0x25, 0];
export const TABLE_SET = [0x26, 0];
export const memoryInit = (segment: number): number[] => [0xfc, 8, ...leb(segment), MEMORY_0];
export const dataDrop = (segment: number): number[] => [0xfc, 9, ...leb(segment)];
export const tableInit = (segment: number): number[] => [0xfc, 12, ...leb(segment), 0];
export const elementDrop = (segment: number): number[] => [0xfc, 13, ...leb(segment)];
export const TABLE_COPY = [0xfc, 14, 0, 0];
export const TABLE_GROW = [0xfc, 15, 0];
export const TABLE_FILL = [0xfc, 17, 0];
export const NULL_FUNCTION = [0xd0, 0x70];
export const NULL_EXTERN = [0xd0, 0x6f];

export const i32 = (value: number): number[] => [0x41, ...signedLeb(value)];
export const i64 = (value: number): number[] => [0x42, ...signedLeb(value)];
export const NOT_A_NUMBER = [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
export const localGet = (index: number): number[] => [0x20, ...leb(index)];
export const localSet = (index: number): number[] => [0x21, ...leb(index)];
export const localTee = (index: number): number[] => [0x22, ...leb(index)];
export const call = (index: number): number[] => [0x10, ...leb(index)];
export const callIndirect = (type: number): number[] => [0x11, ...leb(type), 0];
export const returnCall = (index: number): number[] => [0x12, ...leb(index)];
export const returnCallIndirect = (type: number): number[] => [0x13, ...leb(type), 0];
export const globalGet = (index: number): number[] => [0x23, ...leb(index)];
export const globalSet = (index: number): number[] => [0x24, ...leb(index)];
export const branch = (label: number): number[] => [0x0c, ...leb(label)];
export const branchIf = (label: number): number[] => [0x0d, ...leb(label)];
export const throwTag = (tag: number): number[] => [0x08, ...leb(tag)];
export const load8 = [0x2d, ...BYTE_ALIGNED];
export const store8 = [0x3a, ...BYTE_ALIGNED];

export const block = (...body: readonly (readonly number[])[]): number[] => [0x02, EMPTY, ...body.flat(), ...END];
export const loop = (...body: readonly (readonly number[])[]): number[] => [0x03, EMPTY, ...body.flat(), ...END];
export const when = (...body: readonly (readonly number[])[]): number[] => [0x04, EMPTY, ...body.flat(), ...END];
export const forever = (...body: readonly (readonly number[])[]): number[] => loop(...body, branch(0));
/** A block that ends where something is thrown in it (legacy exception handling: `try` and `catch_all`). */
export const tryAll = (...body: readonly (readonly number[])[]): number[] => [
  0x06,
  EMPTY,
  ...body.flat(),
  0x19,
  ...END,
];
