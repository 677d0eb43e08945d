import { WasmFunctionError } from '../errors';
import type { ModuleDescription } from '../module/description';
import { count } from '../values/describe';
import type { LiveInstance, RawFunction } from './instance';
import type { LinearMemory } from './linear-memory';
import { ALLOCATORS, DEALLOCATORS, findFunction, type FunctionExport } from './module-exports';

/** Memory that a guest's allocator gave. */
export interface Allocation {
  readonly pointer: number;
  readonly size: number;
}

/** `(size)`, `(size, alignment)`, or `(0, 0, alignment, size)` as the Component Model's `cabi_realloc`. */
const ALLOCATOR_ARITIES = [1, 2, 4];
/** `(pointer)`, `(pointer, size)` or `(pointer, size, alignment)`. */
const DEALLOCATOR_ARITIES = [1, 2, 3];

export function findAllocator(module: ModuleDescription): FunctionExport | undefined {
  return findOfShape(module, ALLOCATORS, ALLOCATOR_ARITIES, (results) => results === 1);
}

function findDeallocator(module: ModuleDescription): FunctionExport | undefined {
  return findOfShape(module, DEALLOCATORS, DEALLOCATOR_ARITIES, (results) => results <= 1);
}

function findOfShape(
  module: ModuleDescription,
  names: readonly string[],
  arities: readonly number[],
  fits: (results: number) => boolean,
): FunctionExport | undefined {
  return names
    .map((name) => findFunction(module, name))
    .find(
      (found) =>
        found !== undefined &&
        arities.includes(found.type.parameters.length) &&
        fits(found.type.results.length) &&
        [...found.type.parameters, ...found.type.results].every((type) => type === 'i32'),
    );
}

/** The functions a guest exports to hand out memory and take it back. */
export class Allocator {
  /**
   * Where the heap starts, as far as is known. Results below it are constants and static buffers, and giving
   * those to a deallocator would corrupt the guest's heap.
   */
  private heapStart = Number.POSITIVE_INFINITY;

  private constructor(
    private readonly memory: LinearMemory,
    private readonly name: string,
    private readonly allocateRaw: (size: number) => unknown,
    private readonly freeRaw: ((allocation: Allocation) => unknown) | undefined,
  ) {}

  /** @returns undefined where the module exports no allocator */
  static of(module: ModuleDescription, instance: LiveInstance, memory: LinearMemory): Allocator | undefined {
    const found = findAllocator(module);
    if (found === undefined) return undefined;
    const allocator = new Allocator(memory, found.name, bindAllocate(instance, found), bindFree(module, instance));
    allocator.learnHeapStart(module, instance);
    return allocator;
  }

  /** Linkers export where the heap starts when asked to; otherwise the first allocation is about there. */
  private learnHeapStart(module: ModuleDescription, instance: LiveInstance): void {
    if (this.freeRaw === undefined) return;
    const base: unknown = readsHeapBase(module) ? instance.global('__heap_base')?.value : undefined;
    if (typeof base === 'number') this.heapStart = base >>> 0;
    else this.free(this.allocate(8));
  }

  /**
   * At least one byte, since an allocator may answer a request for none with a null pointer.
   * @throws WasmFunctionError `memory` where the guest has none left, `abi` where it answers nonsense
   */
  allocate(length: number): Allocation {
    const size = Math.max(length, 1);
    const pointer = Number(this.allocateRaw(size)) >>> 0;
    if (pointer === 0) {
      throw new WasmFunctionError(
        'memory',
        `The guest's allocator "${this.name}" has no memory for ${count(size, 'byte')}; ` +
          'raise the memory limit or send less at once. A heap of a fixed size is made larger in the module itself.',
      );
    }
    if (!this.memory.contains(pointer, size)) {
      throw new WasmFunctionError(
        'abi',
        `The guest's allocator "${this.name}" answered ${String(pointer)} for ${count(size, 'byte')}, ` +
          `outside its memory of ${count(this.memory.size, 'byte')}. Mend it, or check that it is an allocator at all.`,
      );
    }
    this.heapStart = Math.min(this.heapStart, pointer);
    return { pointer, size };
  }

  /** Gives memory back that `allocate` gave; without a deallocator it stays taken. */
  free(allocation: Allocation): void {
    this.freeRaw?.(allocation);
  }

  /** Gives a result back that the guest allocated; what cannot be from its heap is left alone. */
  freeResult(allocation: Allocation): void {
    if (allocation.pointer >= this.heapStart) this.free(allocation);
  }
}

/** By its type, since the value of a vector cannot even be read. */
function readsHeapBase(module: ModuleDescription): boolean {
  return module.exports.some((each) => each.name === '__heap_base' && each.kind === 'global' && each.type === 'i32');
}

function bindAllocate(instance: LiveInstance, { name, type }: FunctionExport): (size: number) => unknown {
  const raw = instance.require(name);
  switch (type.parameters.length) {
    case 1:
      return (size) => raw(size);
    case 2:
      return (size) => raw(size, 1);
    default:
      return (size) => raw(0, 0, 1, size);
  }
}

function bindFree(
  module: ModuleDescription,
  instance: LiveInstance,
): ((allocation: Allocation) => unknown) | undefined {
  const found = findDeallocator(module);
  if (found === undefined) return undefined;
  const raw: RawFunction = instance.require(found.name);
  const arity = found.type.parameters.length;
  return ({ pointer, size }) => raw(...[pointer, size, 1].slice(0, arity));
}
