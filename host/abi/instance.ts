import { WasmFunctionError } from '../errors';
import type { ModuleDescription } from '../module/description';
import { findFunction } from './module-exports';
import type { RawValue } from './numbers';

/** An export as it is called; several results come as an array, none as undefined. */
export type RawFunction = (...args: readonly RawValue[]) => RawValue | readonly RawValue[] | undefined;

/** A live instance whose exports are looked up by kind; every name is an ordinary one, `__proto__` too. */
export class LiveInstance {
  private readonly exports: ReadonlyMap<string, WebAssembly.ExportValue>;

  /**
   * Instantiates, which runs the start function.
   * @throws WasmFunctionError `abi` where an import is missing or of another type
   */
  constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(module, imports);
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError) && !(error instanceof TypeError)) throw error;
      throw new WasmFunctionError(
        'abi',
        `The module cannot be linked (${error.message}): its imports are not those of its ABI. ` +
          'Build it again with current tools, or choose another ABI.',
      );
    }
    this.exports = new Map(Object.entries(instance.exports));
  }

  /** The first memory that is exported; ABIs over memory have one. */
  get memory(): WebAssembly.Memory | undefined {
    for (const each of this.exports.values()) if (each instanceof WebAssembly.Memory) return each;
    return undefined;
  }

  function(name: string): RawFunction | undefined {
    const found = this.exports.get(name);
    return typeof found === 'function' ? (found as RawFunction) : undefined;
  }

  global(name: string): WebAssembly.Global | undefined {
    const found = this.exports.get(name);
    return found instanceof WebAssembly.Global ? found : undefined;
  }

  table(name: string): WebAssembly.Table | undefined {
    const found = this.exports.get(name);
    return found instanceof WebAssembly.Table ? found : undefined;
  }

  /** @throws WasmFunctionError `export` */
  require(name: string): RawFunction {
    const found = this.function(name);
    if (found !== undefined) return found;
    throw new WasmFunctionError('export', `The module exports no function "${name}". Choose another export.`);
  }

  /** A library's initialisation, which comes before the first call; where there is none of its type, nothing. */
  initialize(description: ModuleDescription): void {
    const found = findFunction(description, '_initialize');
    if (found === undefined || found.type.parameters.length + found.type.results.length > 0) return;
    this.function('_initialize')?.();
  }
}

/** The results of a call as an array, whatever their number. */
export function rawResults(returned: RawValue | readonly RawValue[] | undefined): readonly RawValue[] {
  if (returned === undefined) return [];
  return typeof returned === 'object' ? returned : [returned];
}
