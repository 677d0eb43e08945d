import type { NumberRange } from './number-range';

/** Every limit of the host, with its default and its reason. */
export interface HostLimits {
  /** Seconds a call may take from its start in the worker, instantiation and start function included. */
  readonly timeout: number;
  /** MiB of linear memory, summed over the memories of an instance. */
  readonly memory: number;
  /** MiB a module file may have: it is read whole. */
  readonly maxFileSize: number;
  /** MiB one call may return. */
  readonly maxOutput: number;
  /** Workers that run calls; beyond them nodes share. One costs 7.5 to 10 MiB. */
  readonly workers: number;
  /** Folders, besides the known ones, that a path from a message or context may point into. */
  readonly roots: readonly string[];
}

export const DEFAULT_LIMITS: HostLimits = {
  timeout: 5,
  memory: 64,
  maxFileSize: 64,
  maxOutput: 16,
  workers: 8,
  roots: [],
};

/** Seconds; the largest delay a timer takes (2³¹−1 ms). */
export const TIMEOUT_RANGE: NumberRange = { least: 0.001, most: 2_147_483, unit: 'seconds' };
/** MiB; 65,536 pages are all that 32-bit memory can have (core specification 1.0, 4.2.8). */
export const MEMORY_RANGE: NumberRange = { least: 0.0625, most: 4096, unit: 'MiB' };

/** Calls of one node that may wait; beyond it a call is refused with `queue`. */
export const DEFAULT_QUEUE = 1000;

export const MIB = 1024 * 1024;

/** Bytes of a linear-memory page (core specification 1.0, 4.2.8). */
export const PAGE_SIZE = 65536;

/**
 * Table elements an instance may have, summed over its tables. V8 aborts the process when it cannot
 * allocate a table, whatever the heap limit of the worker, so this bound is a matter of safety.
 * The largest tables of real programs hold some ten thousand functions.
 */
export const MAX_TABLE_ELEMENTS = 1_000_000;

/** Tables a module may have: even an empty one costs; real programs have one or two. */
export const MAX_TABLES = 1000;

/**
 * Memories a module may have. Each reserves gigabytes of address space whatever its size, and a process
 * has room for some 13,000.
 */
export const MAX_MEMORIES = 32;

/**
 * Bytes of UTF-8 of a result that is read as JSON. It is parsed where Node-RED runs, which stands still meanwhile:
 * 4 MiB of the costliest JSON (`{},{},…`) take some 0.3 s and 70 MB, and more grows faster than its length.
 */
export const MAX_JSON_BYTES = 4 * MIB;

/**
 * Objects and arrays within one another in JSON, of a payload or of a result. What flows do with a value
 * (clone it, send it to the editor) goes through it by recursion, and ends in a stack overflow at some thousands.
 */
export const MAX_JSON_DEPTH = 1000;

/**
 * Bytes of one function body. The optimising compiler of V8 takes up to 400 bytes of memory for each, in threads
 * nobody can stop. The largest bodies of real programs, interpreters built without optimisation, have some 300 kB.
 */
export const MAX_BODY_SIZE = MIB;

/**
 * Locals and operands of one function, summed over its branches: what the compilers of V8 keep records of, some
 * 25 bytes each. That is 250 MB while the costliest function is compiled; real programs stay a hundred times below.
 */
export const MAX_COMPILE_COST = 10_000_000;

/**
 * Values of the host that a guest may keep in each of three places: tables that hold no functions, globals of such a
 * type, and the list of those that a wasm-bindgen guest from before reference types knows by number. V8 ends the process
 * where the heap of a worker has no room for one large piece, as when such a table grows: so no guest may come near to
 * filling that heap. With texts of the length that is kept each place takes an eighth of it. Real programs hold a few
 * dozen.
 */
export const MAX_REFERENCES = 4096;

/** Bytes of such values that one call may be given, for the same reason: what it does not keep may be on its stack. */
export const MAX_GIVEN = 16 * MIB;

/**
 * Values an exception may carry. Each exception is an object on the worker's heap, and V8 ends the process where they
 * fill it: so small, all that a stack has room for leave it half empty. Compilers write one value, a pointer.
 */
export const MAX_TAG_VALUES = 4;

/**
 * Bytes the names of a module's imports and exports may take together: they are copied between threads, and Node-RED
 * stands still meanwhile. The names of the largest real programs, mangled C++, take some 500 kB.
 */
export const MAX_NAMES_SIZE = 4 * MIB;

/**
 * Exports a module may have, and imports. A description is copied from the loader's thread to Node-RED's, which takes some
 * 2 µs for each of them on a fast machine; the largest modules of Emscripten have some thousands.
 */
export const MAX_EXTERNALS = 20_000;

/** Characters of the exports and imports that an inspection lists; what is left out is counted. */
export const MAX_LISTED = 500_000;

/** Seconds the loader may spend on reading, parsing and compiling one module. */
export const LOAD_TIMEOUT = 30;

/** Bytes of a `.d.ts` that belongs to a module; wasm-pack writes a few thousand. */
export const MAX_DECLARATIONS = MIB;

/**
 * What editors may have going on at once: one dialog asks for one thing at a time. A try has a thread of its own
 * (7.5 to 10 MiB and the memory of its instance); a file that is sent is held in memory whole; a description waits for
 * the one loader.
 */
export const EDITOR_REQUESTS = { tries: 4, files: 2, descriptions: 16, listings: 4 } as const;

/** Seconds for which nothing of a file that is being sent may arrive. */
export const SEND_PATIENCE = 15;

/**
 * Seconds a thread that has been told to end is waited for. It takes some milliseconds, unless its guest does something
 * that the engine does not interrupt, such as filling a large memory many times without a loop.
 */
export const END_PATIENCE = 5;

/** Modules that are listed, completions that are offered, and entries of a folder that are looked at for them. */
export const LISTING = { modules: 500, completions: 50, entries: 10_000 } as const;

/** Characters a module's path may have; systems take 260 to 4096 bytes. */
export const MAX_PATH = 4096;

/** Bytes of linear memory that a limit in MiB allows: whole pages. */
export function memoryCap(mebibytes: number): number {
  return Math.floor((mebibytes * MIB) / PAGE_SIZE) * PAGE_SIZE;
}
