import { WasmFunctionError } from '../errors';
import { count } from '../values/describe';

/**
 * A guest's memory behind range checks: every pointer and length comes from code that nobody trusts. Pointers
 * are unsigned 32-bit byte offsets; a raw i32, which JavaScript shows signed, is taken too.
 */
export class LinearMemory {
  private bytes = new Uint8Array(0);

  /** @param maxOutput bytes one call may return */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly maxOutput: number,
  ) {}

  /** Made anew when a guest has grown its memory, which detaches the buffer that was there. */
  private get view(): Uint8Array {
    if (this.bytes.buffer !== this.memory.buffer) this.bytes = new Uint8Array(this.memory.buffer);
    return this.bytes;
  }

  get size(): number {
    return this.view.length;
  }

  contains(pointer: number, length: number): boolean {
    return (pointer >>> 0) + length <= this.size;
  }

  /**
   * A copy of what a guest returned, which the guest's next call leaves alone.
   * @throws WasmFunctionError `result` where it lies outside the memory or is larger than a call may return
   */
  read(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    const bytes = length >>> 0;
    if (!this.contains(start, bytes)) {
      throw this.outside(`pointer ${String(start)} and length ${String(bytes)}`);
    }
    if (bytes > this.maxOutput) throw this.tooLarge(count(bytes, 'byte'));
    return this.view.slice(start, start + bytes);
  }

  /**
   * The bytes before a NUL.
   * @throws WasmFunctionError `result` for a null pointer, or where no NUL follows within the memory or the limit
   */
  readTerminated(pointer: number): Uint8Array {
    const start = this.requirePointer(pointer);
    const limit = Math.min(this.size, start + this.maxOutput + 1);
    const length = this.view.subarray(start, limit).indexOf(0);
    if (length >= 0) return this.read(start, length);
    if (limit < this.size) throw this.tooLarge('text without an end');
    throw new WasmFunctionError(
      'result',
      `The guest returned text at ${String(start)} that no NUL ends before the end of its memory; ` +
        'check the convention: with cstring the result is a pointer to NUL-terminated text.',
    );
  }

  /** Bytes behind a u32 that counts them. @throws WasmFunctionError `result` */
  readPrefixed(pointer: number): Uint8Array {
    const start = this.requirePointer(pointer);
    return this.read(start + 4, this.readU32(start));
  }

  /** @throws WasmFunctionError `result` */
  readU32(pointer: number): number {
    const start = pointer >>> 0;
    if (!this.contains(start, 4)) throw this.outside(`a pointer to ${String(start)}`);
    return this.dataView().getUint32(start, true);
  }

  /** For values at a pointer whose range has been checked, as of a return area. */
  dataView(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** Writes to memory that the guest's allocator gave, and which was checked then. */
  write(pointer: number, bytes: Uint8Array): void {
    this.view.set(bytes, pointer >>> 0);
  }

  fill(pointer: number, length: number): void {
    this.view.fill(0, pointer >>> 0, (pointer >>> 0) + length);
  }

  private requirePointer(pointer: number): number {
    if (pointer === 0) {
      throw new WasmFunctionError(
        'result',
        'The guest returned a null pointer where a pointer to its result was due; check the convention and the signature.',
      );
    }
    const start = pointer >>> 0;
    if (start >= this.size) throw this.outside(`a pointer to ${String(start)}`);
    return start;
  }

  private outside(what: string): WasmFunctionError {
    return new WasmFunctionError(
      'result',
      `The guest returned ${what}, outside its memory of ${count(this.size, 'byte')}; ` +
        'check the convention and the signature.',
    );
  }

  private tooLarge(what: string): WasmFunctionError {
    return new WasmFunctionError(
      'result',
      `The guest returned ${what}; a call may return ${count(this.maxOutput, 'byte')} at most. ` +
        'Return less, or raise wasmFunctionMaxOutput in settings.js.',
    );
  }
}
