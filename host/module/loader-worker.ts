/** The loader's thread: reads, hashes, parses, rewrites and compiles modules, so that the main thread does not. */
import { parentPort } from 'node:worker_threads';
import { ABIS } from '../abi';
import { toErrorData, WasmFunctionError } from '../errors';
import { MAX_TABLE_ELEMENTS } from '../limits';
import { capLimits } from './cap-limits';
import { declarationPaths, readDeclarations } from './declarations';
import type { ModuleDescription } from './description';
import { inspectModule } from './inspect';
import type { LoadedModule, LoaderAnswer, LoadRequest } from './loader-messages';
import { readDeclarationFile, readModuleFile } from './module-file';
import { parseModule } from './parse';
import { explainCompileError } from './proposals';

if (parentPort === null) throw new Error('loader-worker runs in a worker thread only');
const port = parentPort;

async function load(request: LoadRequest): Promise<LoadedModule> {
  const { source } = request;
  const bytes = source.kind === 'file' ? await readModuleFile(source.file, request.maxFileSize) : source.bytes;
  const name = source.kind === 'file' ? source.file : source.name;
  const text = source.kind === 'file' ? await readDeclarationFile(declarationPaths(source.file)) : undefined;
  const inspection = inspectModule(bytes, name, ABIS, { abi: request.abi, export: request.export }, text);
  const declarations = text === undefined ? new Map<string, never>() : readDeclarations(text);
  if (inspection.refusal !== undefined) return { inspection, declarations };
  try {
    const description = parseModule(bytes);
    return {
      inspection,
      declarations,
      core: { description, module: compile(bytes, description, request.memoryPages) },
    };
  } catch (error) {
    if (!(error instanceof WasmFunctionError)) throw error;
    return { inspection: { ...inspection, refusal: toErrorData(error) }, declarations };
  }
}

function compile(bytes: Uint8Array, description: ModuleDescription, memoryPages: number): WebAssembly.Module {
  const capped = capLimits(bytes, { memoryPages, tableElements: MAX_TABLE_ELEMENTS });
  try {
    return new WebAssembly.Module(capped as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw explainCompileError(error instanceof Error ? error.message : String(error), description);
  }
}

async function answer(request: LoadRequest): Promise<LoaderAnswer> {
  try {
    return { kind: 'loaded', loaded: await load(request) };
  } catch (error) {
    const known =
      error instanceof WasmFunctionError
        ? error
        : new WasmFunctionError(
            'module',
            `The module could not be read: ${error instanceof Error ? error.message : String(error)}.`,
          );
    return { kind: 'failed', error: toErrorData(known) };
  }
}

port.on('message', (request: LoadRequest) => {
  void answer(request).then((result) => {
    port.postMessage(result);
  });
});
