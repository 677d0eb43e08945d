import type { AbiName, Convention } from './abi/adapter';
import type { ErrorData } from './errors';

/** A module as people see it: in the editor, on the command line, as JSON. Plain data. */
export interface Inspection {
  /** The path as given, or the name of an upload. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, hexadecimal; blank for a file that is no module. */
  readonly hash: string;
  /** `core module`, `component`, or what the file looks like. */
  readonly kind: string;
  /** Nothing behind the header could be read, and the lists are empty for that; absent otherwise. */
  readonly unread?: true;
  /** Undefined when the module is of no known ABI. */
  readonly abi?: AbiName;
  readonly abiTitle?: string;
  /** Ends "detected X because …". */
  readonly because: string;
  /** Why nothing of this module can be called, and what to do; absent when it can. */
  readonly refusal?: ErrorData;
  readonly language?: string;
  readonly tools: readonly string[];
  readonly features: readonly string[];
  readonly exports: readonly InspectedExport[];
  /** The export that is called where none is named, when there is exactly one. */
  readonly defaultExport?: string;
  /** Of the export that was asked about; absent where none was, or where the module is refused. */
  readonly call?: InspectedCall;
  readonly imports: readonly InspectedImport[];
  /** How many exports and imports are not listed; absent when all are. */
  readonly unlisted?: { readonly exports: number; readonly imports: number };
  /** As `1 page, at most 16 pages`. */
  readonly memories: readonly string[];
  readonly tables: readonly string[];
}

/** Whether an export can be called with the signature and convention it was asked about with. */
export type InspectedCall =
  /** `signature` is what it will be called with, as `(string) → string`. */
  | { readonly kind: 'callable'; readonly export: string; readonly signature: string }
  /** `export` where there is no such export, or none is chosen; `abi` where it cannot be called like that. */
  | { readonly kind: 'refused'; readonly refusal: ErrorData };

export interface InspectedExport {
  readonly name: string;
  /** From the binary, as `(i32, i32) → i64`. */
  readonly type: string;
  /** Typed, as `(string) → string`; absent while `question` is open. */
  readonly signature?: string;
  readonly question?: string;
  readonly conventions?: readonly Convention[];
}

export interface InspectedImport {
  readonly module: string;
  readonly name: string;
  /** As `(i32) → ()` or `memory, 1 page`. */
  readonly type: string;
  /** Whether the module gets it here; one that lacks an import is refused. */
  readonly supplied: boolean;
  /** What supplies it, as in `the wasm-bindgen glue`; absent where nothing does. */
  readonly by?: string;
}
