import { WasmFunctionError } from '../errors';
import type { ModuleDescription } from '../module/description';
import { count } from '../values/describe';
import type { GuestValue } from '../values/signature';
import type { CallPlan, Guest } from './adapter';
import { type Allocation, Allocator } from './allocator';
import type { Carrier, Layout } from './bytes-layout';
import { fromBytes, toBytes } from './bytes-values';
import { readThenGiveBack } from './give-back';
import { type LiveInstance, type RawFunction, rawResults } from './instance';
import { LinearMemory } from './linear-memory';
import { isNumeric, liftNumber, lowerNumber, type RawValue } from './numbers';

/** Bytes of the pointer and the length that a guest writes with `out-pointer`. */
const OUT_AREA = 8;

/** What a call has put into the guest's memory. */
interface Passed {
  readonly raw: RawValue[];
  readonly allocations: Allocation[];
  /** The first data parameter, which `in-place` overwrites. */
  input?: Allocation & { readonly length: number };
  /** The result, where the guest may have allocated it. */
  returned?: Allocation;
}

/** Where data lies that came back, and what of it the guest may have allocated. */
interface Located {
  readonly pointer: number;
  readonly length: number;
  readonly allocation?: Allocation;
}

/**
 * A guest that takes and returns text and bytes in its memory. Whoever exports a deallocator wants it used: the
 * host gives back the arguments it allocated and, after copying it, a result from the guest's heap.
 */
export class BytesGuest implements Guest {
  broken = false;
  readonly memory: WebAssembly.Memory | undefined;
  private readonly linear: LinearMemory | undefined;
  private readonly allocator: Allocator | undefined;
  private readonly target: RawFunction;

  constructor(
    instance: LiveInstance,
    description: ModuleDescription,
    private readonly layout: Layout,
    plan: CallPlan,
  ) {
    this.memory = instance.memory;
    this.target = instance.require(plan.export);
    if (this.memory === undefined) return;
    this.linear = new LinearMemory(this.memory, plan.maxOutput);
    this.allocator = Allocator.of(description, instance, this.linear);
  }

  call(args: readonly GuestValue[]): GuestValue[] {
    // Before the first allocation, so that a refused argument leaves none behind.
    const prepared = args.map((value, index) => this.prepare(value, index));
    const passed: Passed = { raw: [], allocations: [] };
    if (this.layout.convention === 'out-pointer') {
      const area = this.allocate(OUT_AREA, passed);
      this.requireMemory().fill(area.pointer, OUT_AREA);
      passed.raw.push(area.pointer);
    }
    prepared.forEach((value, index) => {
      this.pass(value, this.layout.carriers[index] === 'pointer-length', passed);
    });
    // What traps is thrown away with all its memory, so nothing is given back then.
    const raw = rawResults(this.target(...passed.raw));
    return readThenGiveBack(
      () => this.lift(raw, passed),
      () => this.giveBack(passed),
    );
  }

  private giveBack({ allocations, returned }: Passed): void {
    try {
      if (returned !== undefined && !liesIn(returned, allocations)) this.allocator?.freeResult(returned);
      for (const allocation of allocations) this.allocator?.free(allocation);
    } catch (error) {
      this.broken = true;
      throw error;
    }
  }

  private prepare(value: GuestValue, index: number): RawValue | Uint8Array {
    const type = this.layout.signature.parameters[index]?.type;
    const carrier: Carrier = this.layout.carriers[index] ?? 'number';
    if (carrier === 'number' || type === undefined || isNumeric(type)) return lowerNumber(value);
    const data = toBytes(value);
    return carrier === 'pointer' ? this.delimit(data) : data;
  }

  private pass(value: RawValue | Uint8Array, withLength: boolean, passed: Passed): void {
    if (!(value instanceof Uint8Array)) {
      passed.raw.push(value);
      return;
    }
    const allocation = this.allocate(value.length, passed);
    this.requireMemory().write(allocation.pointer, value);
    passed.input ??= { ...allocation, length: value.length };
    passed.raw.push(allocation.pointer);
    if (withLength) passed.raw.push(value.length);
  }

  /** Data that says itself where it ends. */
  private delimit(data: Uint8Array): Uint8Array {
    if (this.layout.convention === 'length-prefixed') {
      const prefixed = new Uint8Array(4 + data.length);
      new DataView(prefixed.buffer).setUint32(0, data.length, true);
      prefixed.set(data, 4);
      return prefixed;
    }
    if (data.includes(0)) {
      throw new WasmFunctionError(
        'arguments',
        'The text contains a NUL, which would end it early in a C string. Take it out, or use another convention.',
      );
    }
    const terminated = new Uint8Array(data.length + 1);
    terminated.set(data);
    return terminated;
  }

  private allocate(size: number, passed: Passed): Allocation {
    if (this.allocator === undefined) {
      throw new WasmFunctionError('abi', 'The module exports no allocator for text and bytes. Export one as alloc.');
    }
    const allocation = this.allocator.allocate(size);
    passed.allocations.push(allocation);
    return allocation;
  }

  private requireMemory(): LinearMemory {
    if (this.linear === undefined) {
      throw new WasmFunctionError('abi', 'The module exports no memory for text and bytes. Export it as "memory".');
    }
    return this.linear;
  }

  private lift(raw: readonly RawValue[], passed: Passed): GuestValue[] {
    const { results } = this.layout.signature;
    const [first] = results;
    if (first === undefined || isNumeric(first.type)) {
      return results.map(({ type }, index) => liftNumber(raw[index] ?? 0, isNumeric(type) ? type : 'f64'));
    }
    const memory = this.requireMemory();
    const { pointer, length, allocation } = this.locate(raw, passed);
    // what lies elsewhere no allocator gave
    if (allocation !== undefined && memory.contains(pointer, length)) passed.returned = allocation;
    return [fromBytes(memory.read(pointer, length), first.type)];
  }

  private locate(raw: readonly RawValue[], passed: Passed): Located {
    const memory = this.requireMemory();
    const first = raw[0] ?? 0;
    switch (this.layout.convention) {
      case 'packed':
        return at(Number(BigInt.asUintN(32, BigInt(first) >> 32n)), Number(BigInt.asUintN(32, BigInt(first))));
      case 'packed-low':
        return at(Number(BigInt.asUintN(32, BigInt(first))), Number(BigInt.asUintN(32, BigInt(first) >> 32n)));
      case 'pair':
        return at(Number(first), Number(raw[1] ?? 0));
      case 'out-pointer': {
        const area = passed.allocations[0]?.pointer ?? 0;
        return at(memory.readU32(area), memory.readU32(area + 4));
      }
      case 'cstring': {
        const { start, length } = memory.findTerminated(Number(first));
        return { pointer: start, length, allocation: { pointer: start, size: length + 1 } };
      }
      case 'length-prefixed': {
        const { start, length } = memory.findPrefixed(Number(first));
        return { pointer: start + 4, length, allocation: { pointer: start, size: length + 4 } };
      }
      case 'in-place':
        return overwritten(Number(first), passed);
      case 'number':
        throw new WasmFunctionError(
          'abi',
          'The convention "number" returns no text or bytes. Choose another one, or numbers in the signature.',
        );
    }
  }
}

function at(rawPointer: number, rawLength: number): Located {
  const pointer = rawPointer >>> 0;
  const length = rawLength >>> 0;
  return { pointer, length, ...(length > 0 ? { allocation: { pointer, size: length } } : {}) };
}

function overwritten(length: number, { input }: Passed): Located {
  const available = input?.length ?? 0;
  if (length < 0 || length > available) {
    throw new WasmFunctionError(
      'result',
      `The guest returned ${String(length)} as the new length of its input of ${count(available, 'byte')}; ` +
        'with in-place the result is written over the input and cannot be longer. Return less, or use another convention.',
    );
  }
  return { pointer: input?.pointer ?? 0, length };
}

/** A result that is part of an argument goes back with the argument. */
function liesIn({ pointer }: Allocation, allocations: readonly Allocation[]): boolean {
  return allocations.some((each) => pointer >= each.pointer && pointer < each.pointer + each.size);
}
