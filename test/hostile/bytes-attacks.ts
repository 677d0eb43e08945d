/** Guests over text and bytes whose allocators and results lie. */
import * as op from '../support/instructions';
import type { Attack } from '../support/siege';
import { type FunctionSpec, module } from '../support/wasm-builder';
import type { Expected } from './attacks';

const MEMORY = [{ minimum: 1 }];

const ALLOC: FunctionSpec = { export: 'alloc', parameters: ['i32'], results: ['i32'] };
/** `(pointer, length) → pointer << 32 | length`. */
const ECHO = [
  ...op.localGet(0),
  ...op.I64_EXTEND_U,
  ...op.i64(32),
  ...op.I64_SHL,
  ...op.localGet(1),
  ...op.I64_EXTEND_U,
  ...op.I64_OR,
];

/** Values go in as text: "0" is one byte, with which all is well, "1" with something before it is not. */
function bytes(
  name: string,
  code: string,
  says: RegExp,
  allocated: readonly number[],
  returned: readonly number[],
  convention = 'packed',
): Attack & Expected {
  const alloc = { ...ALLOC, body: allocated };
  const results = [convention === 'packed' ? 'i64' : 'i32'] as const;
  const run: FunctionSpec = { export: 'f', parameters: ['i32', 'i32'], results, body: returned };
  return {
    name,
    code,
    says,
    module: module({
      functions: [alloc, run],
      memories: MEMORY,
      exports: [{ name: 'memory', kind: 'memory', index: 0 }],
    }),
    properties: {
      export: 'f',
      abi: 'bytes',
      signature: '(string) -> string',
      convention,
      input: '$string(payload.value) & (payload.value = 1 ? "!" : "")',
      inputType: 'jsonata',
    },
  };
}

/** The good answer for texts of one byte, the other for longer ones. */
function forLong(length: number, type: number, good: readonly number[], bad: readonly number[]): number[] {
  return [...op.localGet(length), ...op.i32(2), ...op.I32_LT_S, 0x04, type, ...good, 0x05, ...bad, ...op.END];
}

const GOOD_POINTER = op.i32(1024);
const allocates = (bad: readonly number[]): number[] => forLong(0, 0x7f, GOOD_POINTER, bad);
const returns = (bad: readonly number[]): number[] => forLong(1, 0x7e, ECHO, bad);
const packed = (pointer: number, length: number): number[] => [
  ...op.i32(pointer),
  ...op.I64_EXTEND_U,
  ...op.i64(32),
  ...op.I64_SHL,
  ...op.i32(length),
  ...op.I64_EXTEND_U,
  ...op.I64_OR,
];

/** All of the memory, without an end of a text in it. */
const FILLS_ALL = [...op.i32(0), ...op.i32(0x61), ...op.i32(65_536), ...op.MEMORY_FILL];
const put = (address: readonly number[], byte: number): number[] => [...address, ...op.i32(byte), ...op.store8];
const AFTER_INPUT = [...op.localGet(0), ...op.localGet(1), ...op.I32_ADD];
/** The input with a NUL behind it. */
const TERMINATED = [...put(AFTER_INPUT, 0), ...op.localGet(0)];
/** The input behind its length, which is less than 256. */
const PREFIX = [...op.localGet(0), ...op.i32(-4), ...op.I32_ADD];
const PREFIXED = [
  ...[...PREFIX, ...op.localGet(1), ...op.store8],
  ...[1, 2, 3].flatMap((byte) => put([...PREFIX, ...op.i32(byte), ...op.I32_ADD], 0)),
  ...PREFIX,
];

export const BYTES_ATTACKS: readonly (Expected & { readonly again: string })[] = [
  bytes('pointer-out-of-range', 'abi', /outside its memory/, allocates(op.i32(65_535)), ECHO),
  bytes('pointer-zero', 'memory', /no memory/, allocates(op.i32(0)), ECHO),
  bytes('pointer-negative', 'abi', /outside its memory/, allocates(op.i32(-8)), ECHO),
  bytes('returns-2-GiB', 'result', /outside its memory/, GOOD_POINTER, returns(packed(0, -2147483648))),
  bytes('returns-past-the-end', 'result', /outside its memory/, GOOD_POINTER, returns(packed(65_535, 2))),
  bytes(
    'returns-invalid-UTF-8',
    'result',
    /UTF-8/,
    GOOD_POINTER,
    returns([...op.i32(0), ...op.i32(255), ...op.store8, ...packed(0, 1)]),
  ),
  bytes(
    'allocator-enters-the-export',
    'trap',
    /stack/,
    allocates([...op.i32(0), ...op.i32(9), ...op.call(1), 0xa7]),
    returns([...op.i32(9), ...op.call(0), ...op.I64_EXTEND_U]),
  ),
  bytes(
    'text-without-an-end',
    'result',
    /no NUL ends/,
    GOOD_POINTER,
    forLong(1, 0x7f, TERMINATED, [...FILLS_ALL, ...op.i32(16)]),
    'cstring',
  ),
  bytes(
    'text-without-an-end-at-the-last-byte',
    'result',
    /no NUL ends/,
    GOOD_POINTER,
    forLong(1, 0x7f, TERMINATED, [...put(op.i32(65_535), 0x61), ...op.i32(65_535)]),
    'cstring',
  ),
  bytes(
    'length-before-the-text-of-4-GiB',
    'result',
    /outside its memory/,
    GOOD_POINTER,
    forLong(1, 0x7f, PREFIXED, [...[0, 1, 2, 3].flatMap((byte) => put(op.i32(16 + byte), 255)), ...op.i32(16)]),
    'length-prefixed',
  ),
].map((each) => ({ ...each, again: '0' }));
