/** The loader's thread: reads, hashes, parses, rewrites and compiles modules, so that the main thread does not. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { ABIS } from '../abi';
import { messageOf, toErrorData, WasmFunctionError } from '../errors';
import type { Inspection } from '../inspection';
import { MAX_REFERENCES, MAX_TABLE_ELEMENTS } from '../limits';
import { capLimits } from './cap-limits';
import { type Declaration, declarationPaths, readDeclarations } from './declarations';
import type { ModuleDescription, TailCalls } from './description';
import { examine, inspectCore } from './inspect';
import { makeInterruptible } from './interruption';
import type { LoadedModule, LoaderAnswer, LoadRequest } from './loader-messages';
import { readDeclarationFile, readModuleFile } from './module-file';
import { explainCompileError } from './proposals';

if (parentPort === null) throw new Error('loader-worker runs in a worker thread only');
const port = parentPort;

/** A content that has been parsed and compiled, or refused in doing so. */
interface Prepared {
  readonly description: ModuleDescription;
  readonly compiled: WebAssembly.Module | WasmFunctionError;
}

/** Contents kept while the thread lives: nodes that choose other exports of one file come one after the other. */
const KEPT = 8;
const kept = new Map<string, Prepared>();

function load(request: LoadRequest): LoadedModule {
  const { source } = request;
  const bytes = source.kind === 'file' ? readModuleFile(source.file, request.maxFileSize) : source.bytes;
  const name = source.kind === 'file' ? source.file : source.name;
  const text = source.kind === 'file' ? readDeclarationFile(declarationPaths(source.file)) : undefined;
  const declarations = readDeclarations(text ?? '');
  const hash = sha256(bytes);
  const fingerprint = `${hash} ${sha256(text ?? '')}`;
  const prepared = prepare(bytes, name, hash, request.memoryPages);
  if ('refused' in prepared) return { declarations: new Map(), fingerprint, inspection: prepared.refused };
  const { description, compiled } = prepared;
  const found = { declarations: ofExports(declarations, description), fingerprint };
  const inspection = inspectCore(description, name, ABIS, { abi: request.abi, export: request.export }, declarations);
  if (inspection.refusal !== undefined) return { ...found, inspection };
  return compiled instanceof WasmFunctionError
    ? { ...found, inspection: { ...inspection, refusal: toErrorData(compiled) } }
    : { ...found, inspection, core: { description, module: compiled } };
}

/** A file may declare what it likes, and Node-RED stands still while it is copied there. */
function ofExports(
  declarations: ReadonlyMap<string, Declaration>,
  { exports }: ModuleDescription,
): ReadonlyMap<string, Declaration> {
  return new Map(
    exports.flatMap(({ name }) => {
      const declared = declarations.get(name);
      return declared === undefined ? [] : [[name, declared] as const];
    }),
  );
}

function prepare(
  bytes: Uint8Array,
  name: string,
  hash: string,
  memoryPages: number,
): Prepared | { readonly refused: Inspection } {
  const key = `${hash} ${String(memoryPages)}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const examined = examine(bytes, name, ABIS);
  if (examined.kind === 'refused') return { refused: examined.inspection };
  const { tailCalls, ...description } = examined.description;
  const prepared = { description, compiled: compile(bytes, description, tailCalls, memoryPages) };
  kept.set(key, prepared);
  for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
  return prepared;
}

function compile(
  bytes: Uint8Array,
  description: ModuleDescription,
  tailCalls: TailCalls | undefined,
  memoryPages: number,
): WebAssembly.Module | WasmFunctionError {
  if (description.managedTypes === true) return managedTypesError();
  try {
    const capped = capLimits(bytes, {
      memoryPages,
      tableElements: MAX_TABLE_ELEMENTS,
      referenceElements: MAX_REFERENCES,
    });
    return new WebAssembly.Module(makeInterruptible(capped, tailCalls) as Uint8Array<ArrayBuffer>);
  } catch (error) {
    if (error instanceof WasmFunctionError) return error;
    return explainCompileError(messageOf(error), description);
  }
}

/**
 * V8 ends the whole process where the heap of a worker has no room for a large struct or array, and nothing bounds
 * what a guest makes of them: on Node 24 a few lines are enough.
 */
function managedTypesError(): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    "The module keeps structs or arrays on the engine's own heap (garbage collection, GC), whose size cannot be limited " +
      'for one function. Build it for linear memory (in MoonBit --target wasm), or use Rust, C or AssemblyScript.',
  );
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function answer(request: LoadRequest): LoaderAnswer {
  try {
    return { kind: 'loaded', loaded: load(request) };
  } catch (error) {
    const known =
      error instanceof WasmFunctionError
        ? error
        : new WasmFunctionError(
            'module',
            `The module could not be read (${messageOf(error)}). Build it again with other tools.`,
          );
    return { kind: 'failed', error: toErrorData(known) };
  }
}

port.on('message', (request: LoadRequest) => {
  port.postMessage(answer(request));
});
