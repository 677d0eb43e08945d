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
    if (bytes > this.maxOutput) throw this.tooLarge(bytes);
    return this.view.slice(start, start + bytes);
  }

  /**
   * Where text is that a NUL ends; one of more bytes than a call may return, too, since it is given back as a whole.
   * @throws WasmFunctionError `result` for a null pointer, or where no NUL follows within the memory
   */
  findTerminated(pointer: number): { readonly start: number; readonly length: number } {
    const start = this.requirePointer(pointer);
    const length = this.view.subarray(start).indexOf(0);
    if (length >= 0) return { start, length };
    throw new WasmFunctionError(
      'result',
      `The guest returned text at ${String(start)} that no NUL ends before the end of its memory; ` +
        'check the convention: with cstring the result is a pointer to NUL-terminated text.',
    );
  }

  /**
   * The length of what lies behind a u32 that counts it, wherever that ends.
   * @throws WasmFunctionError `result` for a pointer that is null or leads outside
   */
  findPrefixed(pointer: number): { readonly start: number; readonly length: number } {
    const start = this.requirePointer(pointer);
    return { start, length: this.readU32(start) };
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

  private tooLarge(bytes: number): WasmFunctionError {
    return new WasmFunctionError(
      'result',
      `The guest returned ${count(bytes, 'byte')}; a call may return ${count(this.maxOutput, 'byte')} at most. ` +
        'Return less, or raise wasmFunctionMaxOutput in settings.js.',
    );
  }
}
