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

/** The functions that may end in a call which takes their place on the stack, and what rewriting them takes. */
export interface TailCalls {
  /** Indices of their bodies in the code section; also of bodies that could not be followed to their end. */
  readonly bodies: readonly number[];
  /** How many there are in each index space, imports included. */
  readonly types: number;
  readonly functions: number;
  readonly globals: number;
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

/** What parsing gives: the description, and what only the rewriter of the bytes needs. */
export interface ParsedModule extends ModuleDescription {
  readonly tailCalls?: TailCalls;
}
