import type { Reader } from './reader';
import { readHeapType } from './types';

const END = 0x0b;
const GC_PREFIX = 0xfb;
const SIMD_PREFIX = 0xfd;

/** Instructions without operands: i32 and i64 arithmetic of extended constant expressions. */
const PLAIN = new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e]);

/** GC instructions a constant expression may hold, with the number of indices that follow each. */
const GC_INDICES = new Map([
  [0, 1], // struct.new
  [1, 1], // struct.new_default
  [6, 1], // array.new
  [7, 1], // array.new_default
  [8, 2], // array.new_fixed
  [26, 0], // any.convert_extern
  [27, 0], // extern.convert_any
  [28, 0], // ref.i31
  [32, 1], // struct.new_desc
  [33, 1], // struct.new_default_desc
  [130, 1], // string.const
]);

/**
 * Steps over a constant expression (core specification 3.3.13.2, GC and extended-const proposals included):
 * its length shows only by reading it.
 */
export function skipConstantExpression(reader: Reader): void {
  for (;;) {
    const start = reader.position;
    const opcode = reader.byte('a constant expression');
    if (opcode === END) return;
    if (PLAIN.has(opcode)) continue;
    if (!skipOperands(reader, opcode)) {
      throw reader.fail(
        `a constant expression holds the instruction 0x${opcode.toString(16)}, which is unknown there`,
        start,
      );
    }
  }
}

function skipOperands(reader: Reader, opcode: number): boolean {
  switch (opcode) {
    case 0x41: // i32.const
      reader.skipSigned(5, 'a constant');
      return true;
    case 0x42: // i64.const
      reader.skipSigned(10, 'a constant');
      return true;
    case 0x43: // f32.const
      reader.skip(4, 'a constant');
      return true;
    case 0x44: // f64.const
      reader.skip(8, 'a constant');
      return true;
    case 0x23: // global.get
    case 0xd2: // ref.func
      reader.u32('an index');
      return true;
    case 0xd0: // ref.null
      readHeapType(reader);
      return true;
    case SIMD_PREFIX: // v128.const only
      if (reader.u32('an instruction') !== 12) return false;
      reader.skip(16, 'a constant');
      return true;
    case GC_PREFIX: {
      const indices = GC_INDICES.get(reader.u32('an instruction'));
      if (indices === undefined) return false;
      for (let index = 0; index < indices; index += 1) reader.u32('an index');
      return true;
    }
    default:
      return false;
  }
}
