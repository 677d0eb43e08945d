import type { AbiName } from '../abi/adapter';
import type { ErrorData } from '../errors';
import type { Inspection } from '../inspection';
import type { Declaration } from './declarations';
import type { ModuleDescription } from './description';

export type ModuleSource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly name: string };

/** What the loader is asked for. */
export interface LoadRequest {
  readonly source: ModuleSource;
  /** Bytes. */
  readonly maxFileSize: number;
  /** Pages the module's memories may have together. */
  readonly memoryPages: number;
  readonly abi: AbiName | 'auto';
  /** Blank when none is chosen. */
  readonly export: string;
}

/** What the loader found. Plain data and a compiled module: it is posted from the loader's thread. */
export interface LoadedModule {
  readonly inspection: Inspection;
  /** Changes with the content of the file and of the `.d.ts` beside it. */
  readonly fingerprint: string;
  /** Absent when the file is no core module or nothing of it can be called (`inspection.refusal`). */
  readonly core?: { readonly description: ModuleDescription; readonly module: WebAssembly.Module };
  /** What a `.d.ts` beside the module says of its functions. */
  readonly declarations: ReadonlyMap<string, Declaration>;
}

export type LoaderAnswer =
  { readonly kind: 'loaded'; readonly loaded: LoadedModule } | { readonly kind: 'failed'; readonly error: ErrorData };
