import { WasmFunctionError } from '../errors';

/** Bytes a name may have: the engine's own limit on strings in a module. */
const MAX_NAME_BYTES = 100_000;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a stretch of a module, front to back, and never past its end. Every failure is a WasmFunctionError
 * `module` that names the section and the offset in the file.
 */
export class Reader {
  position: number;

  /**
   * @param start offset in `bytes` of the first byte to read
   * @param end offset after the last
   * @param section as errors name it, `the type section`
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly start: number,
    readonly end: number,
    readonly section: string,
  ) {
    this.position = start;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  fail(problem: string, offset = this.position): WasmFunctionError {
    return malformed(`${problem} (in ${this.section}, at offset ${offset})`);
  }

  /** The next byte, left where it is; undefined at the end. */
  peek(): number | undefined {
    return this.done ? undefined : this.bytes[this.position];
  }

  byte(what: string): number {
    const byte = this.peek();
    if (byte === undefined) throw this.fail(`${what} is missing: the bytes end too early`);
    this.position += 1;
    return byte;
  }

  /** An unsigned LEB128 number of at most 32 bits (core specification 5.2.2). */
  u32(what: string): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte(what);
      if (shift === 28 && byte > 0x0f) throw this.fail(`${what} is no 32-bit number`, start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.fail(`${what} is no 32-bit number`, start);
  }

  /** An unsigned LEB128 number of at most 64 bits; above 2⁵³ the nearest number. */
  u64(what: string): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte(what);
      if (shift === 63 && byte > 0x01) throw this.fail(`${what} is no 64-bit number`, start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.fail(`${what} is no 64-bit number`, start);
  }

  /** Steps over a signed LEB128 number of at most `bytes` bytes. */
  skipSigned(bytes: number, what: string): void {
    const start = this.position;
    for (let count = 0; count < bytes; count += 1) {
      if (this.byte(what) < 0x80) return;
    }
    throw this.fail(`${what} is longer than ${bytes} bytes`, start);
  }

  /** A count of items that take at least `size` bytes each, so that it cannot promise more than is there. */
  count(what: string, limit: number, size = 1): number {
    const start = this.position;
    const count = this.u32(`the number of ${what}`);
    if (count > limit)
      throw this.fail(`${count} ${what} are declared, more than the ${limit} an engine accepts`, start);
    if (count * size > this.remaining) {
      throw this.fail(`${count} ${what} are declared, but only ${this.remaining} bytes are left for them`, start);
    }
    return count;
  }

  skip(bytes: number, what: string): void {
    if (bytes > this.remaining) {
      throw this.fail(`${what} takes ${bytes} bytes, but only ${this.remaining} are left`);
    }
    this.position += bytes;
  }

  name(what: string): string {
    const start = this.position;
    const length = this.u32(`the length of ${what}`);
    if (length > MAX_NAME_BYTES) throw this.fail(`${what} is longer than ${MAX_NAME_BYTES} bytes`, start);
    this.skip(length, what);
    try {
      return decoder.decode(this.bytes.subarray(this.position - length, this.position));
    } catch {
      throw this.fail(`${what} is not valid UTF-8`, start);
    }
  }
}

/** The error of a module whose bytes do not follow the format. */
export function malformed(problem: string): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `The module is damaged or not valid: ${problem}. Build it again, or copy it again if it was cut short.`,
  );
}
