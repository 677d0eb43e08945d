import type { FunctionType, ModuleDescription, ModuleImport } from '../module/description';
import type { GuestValue, Signature } from '../values/signature';

/** Names of the ABIs as flows save them (`abi`), besides `auto`. */
export const ABI_NAMES = [
  'numeric',
  'bytes',
  'wasm-bindgen',
  'assemblyscript',
  'wasi-command',
  'extism',
  'component',
  'yomo',
  'redpanda-transform',
  'redpanda-connect',
] as const;
export type AbiName = (typeof ABI_NAMES)[number];

/** How the result of a `bytes` export comes back (property `convention`), besides `auto`. */
export const CONVENTIONS = [
  'packed',
  'packed-low',
  'pair',
  'out-pointer',
  'cstring',
  'length-prefixed',
  'in-place',
  'number',
] as const;
export type Convention = (typeof CONVENTIONS)[number];

/** Why a module was taken for one of this ABI: ends the sentence "detected X because …". */
export interface Detection {
  readonly because: string;
}

/** An export a user may choose. */
export interface CallableExport {
  readonly name: string;
  /** What the binary says. */
  readonly type: FunctionType;
  /** What is passed and returned; undefined while `question` is open. */
  readonly signature?: Signature;
  /** What the binary cannot tell and the user has to say, as a sentence with the remedy. */
  readonly question?: string;
  /** Conventions that fit the type, the likeliest first; only for `bytes`. */
  readonly conventions?: readonly Convention[];
}

/** What a node's configuration says about an export. */
export interface ExportChoice {
  /** The export's name, never blank here. */
  readonly export: string;
  /** Parsed `signature` property or `.d.ts`, where there is one. */
  readonly signature?: Signature;
  readonly convention: Convention | 'auto';
}

/** Everything a worker needs to call an export, settled once. Plain data: it is posted to the worker. */
export interface CallPlan {
  readonly abi: AbiName;
  readonly export: string;
  readonly signature: Signature;
  readonly convention?: Convention;
  /** `result`: a call returns the values of one message; `messages`: one value a message, none or many. */
  readonly emits: 'result' | 'messages';
  /** Bytes one call may return. */
  readonly maxOutput: number;
}

/**
 * A live guest, owned by one worker. It is used again after its own `arguments`, `result` and `guest` errors
 * (a Rust `Err` is no failure of the instance) unless it says `broken`, and thrown away after anything else.
 */
export interface Guest {
  /** Its linear memory, where it has one: how full it is tells a trap from a lack of memory. */
  readonly memory?: WebAssembly.Memory | undefined;
  /** True once the instance must not be entered again, as after a panic. */
  readonly broken?: boolean;
  /**
   * @param args one value a parameter of the plan's signature, of that type
   * @returns one value a result of the plan's signature, of that type
   * @throws WasmFunctionError; anything else the engine throws is turned into `trap` or `memory` by the executor
   */
  call(args: readonly GuestValue[]): GuestValue[];
}

/** A guest ABI: a file in this folder, its name above, and its place in the list of `index.ts`. */
export interface GuestAbi {
  readonly name: AbiName;
  /** As the editor shows it. */
  readonly title: string;
  /** One sentence on what kind of module this is. */
  readonly summary: string;
  /** Says whether this module is of this ABI; the list's order settles ties. */
  detect(module: ModuleDescription): Detection | undefined;
  /** Present when this version can call such modules; absent, they are recognised and refused by name. */
  readonly caller?: AbiCaller;
}

export interface AbiCaller {
  /** The exports a user may choose: no plumbing of the ABI. */
  exports(module: ModuleDescription): CallableExport[];
  /**
   * What supplies an import, as in `the wasm-bindgen glue`; undefined where nothing does. An ABI without this
   * supplies nothing.
   */
  supplierOf?(wanted: ModuleImport): string | undefined;
  /** @throws WasmFunctionError `export`, `abi`: what is missing or cannot be told, and the remedy */
  plan(module: ModuleDescription, choice: ExportChoice): Omit<CallPlan, 'abi' | 'maxOutput'>;
  /**
   * Runs in the worker, inside the deadline of the call that needs the guest. Instantiation and start
   * functions happen here.
   * @throws WasmFunctionError `abi` where an import cannot be supplied
   */
  instantiate(module: WebAssembly.Module, description: ModuleDescription, plan: CallPlan): Guest;
}

/** A module nobody can call here: a file of another kind, or one of an ABI outside this project. */
export interface Refusal {
  /** What it is, as in `an Envoy (proxy-wasm) filter`. */
  readonly kind: string;
  readonly because: string;
  /** What to do instead. */
  readonly remedy: string;
}
