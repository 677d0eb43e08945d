/** What is known of a module from its bytes alone. Plain data: it is posted between threads. */
export type WasmType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref' | 'exnref' | 'reference';

export interface FunctionType {
  readonly parameters: readonly WasmType[];
  readonly results: readonly WasmType[];
}

/** Limits of a memory (in pages) or a table (in elements), as declared. */
export interface Limits {
  readonly minimum: number;
  readonly maximum?: number;
  readonly shared: boolean;
  /** True for 64-bit indices (memory64). */
  readonly index64: boolean;
}

export type ExternalType =
  | { readonly kind: 'function'; readonly type: FunctionType }
  | { readonly kind: 'table'; readonly element: WasmType; readonly limits: Limits }
  | { readonly kind: 'memory'; readonly limits: Limits }
  | { readonly kind: 'global'; readonly type: WasmType; readonly mutable: boolean }
  | { readonly kind: 'tag'; readonly type: FunctionType };

export type ModuleImport = { readonly module: string; readonly name: string } & ExternalType;
export type ModuleExport = { readonly name: string } & ExternalType;

/** A function that may end in a call that takes its place on the stack. */
export interface TailCaller {
  /** Which body of the code section. */
  readonly body: number;
  /** Its function index, imports first. */
  readonly function: number;
  /** How many there are of each. */
  readonly parameters: number;
  readonly results: number;
}

/** A core module (`\0asm`, version 1) after parsing. */
export interface ModuleDescription {
  /** Bytes of the file. */
  readonly size: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
  readonly imports: readonly ModuleImport[];
  readonly exports: readonly ModuleExport[];
  /** Own memories and tables, imported ones not included. */
  readonly memories: readonly Limits[];
  readonly tables: readonly Limits[];
  readonly functionCount: number;
  /** Of the index space, imported ones included. */
  readonly globalCount: number;
  /** Functions with tail calls, or whose code could not be followed to its end. */
  readonly tailCallers: readonly TailCaller[];
  readonly hasStart: boolean;
  /** Present where it declares structs or arrays, which live on the engine's own heap (GC proposal). */
  readonly managedTypes?: true;
  /** Names of all custom sections, in order. */
  readonly customSections: readonly string[];
  /** From the `producers` section: `Rust 1.95.0`, or undefined. */
  readonly language?: string;
  /** Tools named by the `producers` section, as `name version`. */
  readonly tools: readonly string[];
  /** Proposals named by the `target_features` section, without the leading `+`. */
  readonly features: readonly string[];
}
