import { WasmFunctionError } from '../errors';
import { MAX_GIVEN, MAX_REFERENCES, MIB } from '../limits';
import type { ModuleDescription, WasmType } from '../module/description';
import { count } from '../values/describe';
import type { GuestValue } from '../values/signature';
import { describeInvalidText } from '../values/text';
import type { CallPlan, Guest } from './adapter';
import { fromBytes, toBytes } from './bytes-values';
import { readThenGiveBack } from './give-back';
import { guestError } from './guest-error';
import { LiveInstance, type RawFunction, rawResults } from './instance';
import { LinearMemory } from './linear-memory';
import { importObject } from './module-imports';
import { liftNumber, lowerNumber, type RawValue } from './numbers';
import { type BindgenHost, errorWords, supplyBindgenImport } from './wasm-bindgen-imports';
import { absentWide, findIntrinsics, type Intrinsics, isAbsentWide, NARROW_ABSENT } from './wasm-bindgen-intrinsics';
import { type BindgenLayout, type Form, slotsOf } from './wasm-bindgen-layout';

/** Bytes kept on the guest's stack for results it writes through a pointer: the largest is an error beside a value. */
const RETURN_AREA = 32;
/** Where output of before 2020-06 writes its results: the bottom of the stack, which nothing else uses. */
const OLD_RETURN_POINTER = 8;
/** Constants that Rust knows by their place in the table of references. */
const REFERENCE_CONSTANTS = [undefined, null, true, false];
/** References of guests older than reference types are indices; the lower ones are constants of theirs. */
const FIRST_REFERENCE = 2048;

/** Bytes of a text of the guest's that are read: what it makes of them lives outside its memory. */
const MAX_WORDS = 4096;
/** Bytes that a value takes on the worker's heap, at most, and each character of a text. */
const VALUE_SIZE = 128;
const CHARACTER_SIZE = 2;

/** A wasm-bindgen module with the part of its JavaScript glue that values, errors and panics need. */
export class BindgenGuest implements Guest, BindgenHost {
  broken = false;
  private readonly references = new Map<number, unknown>();
  private nextReference = FIRST_REFERENCE;
  /** Bytes of values that the guest was given since it was entered. */
  private given = 0;
  private words: string | undefined;
  /** Absent while the start section of an older module runs. */
  private readonly instance: LiveInstance | undefined;
  private readonly linear: LinearMemory | undefined;
  private readonly intrinsics: Intrinsics = {};
  private readonly target: RawFunction;
  private readonly absentWide: number;

  constructor(
    module: WebAssembly.Module,
    description: ModuleDescription,
    private readonly layout: BindgenLayout,
    plan: CallPlan,
  ) {
    const imports = importObject(description, (wanted) => supplyBindgenImport(wanted, this));
    this.instance = this.spoken(() => new LiveInstance(module, imports));
    const memory = this.instance.memory;
    this.linear = memory === undefined ? undefined : new LinearMemory(memory, plan.maxOutput);
    this.intrinsics = findIntrinsics(description, this.instance);
    this.target = this.instance.require(plan.export);
    this.absentWide = absentWide(description);
    this.spoken(() => this.intrinsics.start?.());
  }

  get memory(): WebAssembly.Memory | undefined {
    return this.instance?.memory;
  }

  call(args: readonly GuestValue[]): GuestValue[] {
    this.given = 0;
    const area = this.layout.returnPointer ? this.takeArea() : undefined;
    const raw: RawValue[] = area === undefined ? [] : [area];
    this.layout.parameters.forEach((form, index) => raw.push(...this.lower(args[index] ?? null, form)));
    const returned = this.spoken(() => rawResults(this.target(...raw)));
    return this.lift(area === undefined ? returned : this.readArea(area));
  }

  /**
   * Runs guest code. A guest that was left through an exception is not entered again: its stack pointer and
   * whatever it was changing are as they were at that moment.
   */
  private spoken<T>(run: () => T): T {
    this.words = undefined;
    try {
      return run();
    } catch (error) {
      this.broken = true;
      if (error instanceof WasmFunctionError || this.words === undefined) throw error;
      throw guestError(this.words);
    }
  }

  private lower(value: GuestValue, form: Form): RawValue[] {
    switch (form.kind) {
      case 'number':
        return [lowerNumber(value)];
      case 'data':
        return value === null ? [0, 0] : this.lowerData(toBytes(value));
      case 'wide':
        return [value === null ? this.absentWide : lowerNumber(value)];
      case 'narrow':
        return [value === null ? NARROW_ABSENT : lowerNumber(value)];
      case 'flagged': {
        const nothing = form.type === 'i64' || form.type === 'u64' ? 0n : 0;
        return value === null ? [0, nothing] : [1, lowerNumber(value)];
      }
    }
  }

  /** The guest gives its arguments back itself. */
  private lowerData(data: Uint8Array): RawValue[] {
    const { allocate } = this.intrinsics;
    if (allocate === undefined) throw missing('__wbindgen_malloc');
    const pointer = this.spoken(() => allocate(data.length)) >>> 0;
    const memory = this.requireMemory();
    if (pointer === 0 || !memory.contains(pointer, data.length)) {
      throw pointer === 0 ? noMemoryLeft(data.length) : misplaced(pointer, data.length, memory.size);
    }
    memory.write(pointer, data);
    return [pointer, data.length];
  }

  private lift(raw: readonly RawValue[]): GuestValue[] {
    const { results, fallible } = this.layout;
    // an i32 is signed in JavaScript, an index is not
    if (fallible && raw.at(-1) !== 0) throw guestError(errorWords(this.takeError(Number(raw.at(-2) ?? 0) >>> 0)));
    let at = 0;
    return results.map((form) => {
      const from = at;
      at += slotsOf(form).length;
      return this.liftOne(form, raw[from] ?? 0, raw[from + 1] ?? 0);
    });
  }

  private liftOne(form: Form, first: RawValue, second: RawValue): GuestValue {
    switch (form.kind) {
      case 'number':
        return liftNumber(first, form.type);
      case 'data':
        return this.liftData(form, Number(first), Number(second));
      case 'wide':
        return isAbsentWide(Number(first)) ? null : liftNumber(first, form.type);
      case 'narrow':
        return first === NARROW_ABSENT ? null : liftNumber(first, form.type);
      case 'flagged':
        return first === 0 ? null : liftNumber(second, form.type);
    }
  }

  private liftData(form: Form & { kind: 'data' }, pointer: number, length: number): GuestValue {
    if (form.optional && pointer === 0) return null;
    return readThenGiveBack(
      () => fromBytes(this.requireMemory().read(pointer, length), form.type),
      () => this.giveBack(pointer, length),
    );
  }

  /** What lies outside the memory no allocator gave. */
  private giveBack(pointer: number, length: number): void {
    const { free } = this.intrinsics;
    if (free !== undefined && this.requireMemory().contains(pointer, length >>> 0)) {
      this.spoken(() => free(pointer, length));
    }
  }

  /** An error leaves the guest's table of references, where nobody else would remove it. */
  private takeError(index: number): unknown {
    const { references, dropReference } = this.intrinsics;
    if (references === undefined) {
      const value = this.references.get(index);
      this.references.delete(index);
      return value;
    }
    const value: unknown = index < references.length ? references.get(index) : undefined;
    dropReference?.(index);
    return value;
  }

  private takeArea(): number {
    const pointer = (this.intrinsics.moveStack?.(-RETURN_AREA) ?? OLD_RETURN_POINTER) >>> 0;
    const memory = this.requireMemory();
    if (!memory.contains(pointer, RETURN_AREA)) {
      throw new WasmFunctionError(
        'abi',
        'The guest has no room on its stack for a result. Build it again; if it stays so, with a larger stack.',
      );
    }
    memory.fill(pointer, RETURN_AREA);
    return pointer;
  }

  /** The slots of the results, each aligned to its size, as the compiler lays out a structure. */
  private readArea(pointer: number): RawValue[] {
    const types: WasmType[] = [...this.layout.results.flatMap(slotsOf), 'i32', 'i32'];
    const view = this.requireMemory().dataView();
    let offset = 0;
    const values = types.map((type) => {
      const size = type === 'i64' || type === 'f64' ? 8 : 4;
      const at = pointer + Math.ceil(offset / size) * size;
      offset = at - pointer + size;
      return readSlot(view, at, type);
    });
    this.intrinsics.moveStack?.(RETURN_AREA);
    return values;
  }

  private requireMemory(): LinearMemory {
    if (this.linear === undefined) throw missing('memory');
    return this.linear;
  }

  /** What a guest says is shown to people or handed back to it: no more is kept than an error shows. */
  text(pointer: number, length: number): string {
    const memory = this.requireMemory();
    const bytes = length >>> 0;
    const kept = memory.contains(pointer, bytes) ? Math.min(bytes, MAX_WORDS) : bytes;
    return wordsOf(memory.read(pointer, kept));
  }

  give(value: unknown, as: WasmType | undefined): unknown {
    this.given += VALUE_SIZE + CHARACTER_SIZE * errorWords(value).length;
    if (this.given > MAX_GIVEN) throw tooMuchGiven();
    if (as === 'externref') return value;
    if (this.references.size >= MAX_REFERENCES) throw tooManyReferences();
    this.references.set(this.nextReference, value);
    return this.nextReference++;
  }

  peek(reference: unknown): unknown {
    return typeof reference === 'number' && this.references.has(reference) ? this.references.get(reference) : reference;
  }

  drop(reference: unknown): void {
    if (typeof reference === 'number') this.references.delete(reference);
  }

  say(words: string): void {
    // The hook adds the stack of an Error, which is empty here.
    const end = words.lastIndexOf('\n\nStack:');
    this.words = (end < 0 ? words : words.slice(0, end)).trim();
  }

  writeEmptyText(pointer: number): void {
    const memory = this.requireMemory();
    // An empty text of Rust points to 1, the alignment of its bytes.
    if (memory.contains(pointer, 8)) memory.write(pointer, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
  }

  fillReferenceTable(): void {
    const table = this.intrinsics.references;
    if (table === undefined) return;
    const start = growForConstants(table);
    table.set(0, undefined);
    REFERENCE_CONSTANTS.forEach((value, index) => {
      table.set(start + index, value);
    });
  }
}

/** Streaming: a character that is cut at the end is no error. */
function wordsOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return `(text that is not valid UTF-8, from ${describeInvalidText(bytes)} on)`;
  }
}

function growForConstants(table: WebAssembly.Table): number {
  try {
    return table.grow(REFERENCE_CONSTANTS.length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WasmFunctionError(
      'memory',
      `The guest's table of references is full: it has ${count(table.length, 'element')} and cannot grow. ` +
        'Build the module again with current wasm-bindgen.',
    );
  }
}

function tooManyReferences(): WasmFunctionError {
  return new WasmFunctionError(
    'memory',
    `The guest holds ${count(MAX_REFERENCES, 'JavaScript value')} at once, which is as many as it may. ` +
      'Have it drop values that it no longer needs.',
  );
}

function tooMuchGiven(): WasmFunctionError {
  return new WasmFunctionError(
    'memory',
    `The guest made more than ${String(MAX_GIVEN / MIB)} MiB of JavaScript values in one call. ` +
      'Have it make fewer, such as texts for console.log.',
  );
}

function readSlot(view: DataView, at: number, type: WasmType): RawValue {
  switch (type) {
    case 'i64':
      return view.getBigInt64(at, true);
    case 'f64':
      return view.getFloat64(at, true);
    case 'f32':
      return view.getFloat32(at, true);
    default:
      return view.getInt32(at, true);
  }
}

function missing(name: string): WasmFunctionError {
  return new WasmFunctionError(
    'abi',
    `The module exports no ${name}, which text and bytes need. Build it with wasm-pack or wasm-bindgen.`,
  );
}

function noMemoryLeft(size: number): WasmFunctionError {
  return new WasmFunctionError(
    'memory',
    `The guest has no memory left for ${count(size, 'byte')}; raise the memory limit or send less at once.`,
  );
}

function misplaced(pointer: number, size: number, memory: number): WasmFunctionError {
  return new WasmFunctionError(
    'abi',
    `The guest's allocator answered ${String(pointer)} for ${count(size, 'byte')}, outside its memory of ` +
      `${count(memory, 'byte')}. Build it again with current tools.`,
  );
}
