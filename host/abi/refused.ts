import type { ModuleDescription } from '../module/description';
import { quoted } from '../one-line';
import type { AbiName, Refusal } from './adapter';
import { importsModule } from './module-imports';
import { isNumberType } from './numbers';

/** A kind of module outside this project. */
export interface RefusedKind {
  /** The ABI it is looked for before; of several before one ABI this file's order counts. */
  readonly before: AbiName;
  recognise(module: ModuleDescription): Refusal | undefined;
}

function exportNamed(module: ModuleDescription, test: (name: string) => boolean): string | undefined {
  return module.exports.find(({ name }) => test(name))?.name;
}

function recogniseObjectFile(module: ModuleDescription): Refusal | undefined {
  if (!module.customSections.includes('linking')) return undefined;
  return {
    kind: 'a WebAssembly object file (.o)',
    because: 'it has a "linking" section, which the linker takes away',
    remedy: 'Link it: clang --target=wasm32 -nostdlib -Wl,--no-entry -Wl,--export=NAME, or wasm-ld itself.',
  };
}

function recogniseDynamicLibrary(module: ModuleDescription): Refusal | undefined {
  const section = module.customSections.find((name) => name === 'dylink' || name === 'dylink.0');
  if (section === undefined) return undefined;
  return {
    kind: 'a WebAssembly dynamic library',
    because: `it has a "${section}" section: it expects a program to load it`,
    remedy: 'Build a module of its own: without -shared, -sSIDE_MODULE or -fPIC.',
  };
}

function recogniseProxyWasm(module: ModuleDescription): Refusal | undefined {
  const name = exportNamed(module, (candidate) => candidate.startsWith('proxy_abi_version_'));
  if (name === undefined) return undefined;
  return {
    kind: 'an Envoy (proxy-wasm) filter',
    because: `it exports ${quoted(name)}`,
    remedy:
      'It lives on the events of an HTTP proxy, which a flow has not. Export the function itself from a plain module.',
  };
}

const FLUVIO_EXPORTS = ['filter', 'map', 'filter_map', 'array_map', 'aggregate'];

function recogniseFluvio(module: ModuleDescription): Refusal | undefined {
  if (!module.imports.some((item) => item.module === 'env' && item.name === 'copy_records')) return undefined;
  const name = exportNamed(module, (candidate) => FLUVIO_EXPORTS.includes(candidate));
  if (name === undefined) return undefined;
  return {
    kind: 'a Fluvio SmartModule',
    because: `it imports env.copy_records and exports ${quoted(name)}`,
    remedy: "It needs Fluvio's own record batches. Export the function over numbers or bytes from a plain module.",
  };
}

function recogniseUnfinishedWasmBindgen(module: ModuleDescription): Refusal | undefined {
  if (exportNamed(module, (name) => name.startsWith('__wbindgen_describe')) === undefined) return undefined;
  if (!importsModule(module, '__wbindgen_placeholder__')) return undefined;
  return {
    kind: 'wasm-bindgen output before its second step',
    because: 'it still exports __wbindgen_describe… and imports __wbindgen_placeholder__',
    remedy:
      'Build it with `wasm-pack build --target nodejs`, or run `wasm-bindgen` on it, and give the file …_bg.wasm.',
  };
}

function recogniseSharedOrLargeMemory(module: ModuleDescription): Refusal | undefined {
  const limits = [
    ...module.memories,
    ...[...module.imports, ...module.exports].flatMap((item) => (item.kind === 'memory' ? [item.limits] : [])),
  ];
  if (limits.some(({ shared }) => shared)) {
    return {
      kind: 'a module for several threads',
      because: 'its memory is shared',
      remedy: 'Build it without threads (no atomics target feature, no -pthread, not for wasm32-wasip1-threads).',
    };
  }
  if (limits.some(({ index64 }) => index64)) {
    return {
      kind: 'a module with 64-bit memory (memory64)',
      because: 'its memory has 64-bit addresses',
      remedy: 'Build it for wasm32 instead of wasm64.',
    };
  }
  return undefined;
}

function recogniseGoForBrowsers(module: ModuleDescription): Refusal | undefined {
  const found = module.imports.find((item) => item.module === 'gojs' || item.module === 'go');
  if (found === undefined) return undefined;
  return {
    kind: 'a Go program for browsers',
    because: `it imports from ${quoted(found.module)}`,
    remedy:
      'Build it with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared, and export functions with //go:wasmexport.',
  };
}

function recogniseEmscripten(module: ModuleDescription): Refusal | undefined {
  const short =
    module.imports.length > 0 && module.imports.every((item) => item.module.length === 1 && item.name.length <= 2);
  const glue = module.imports.find(
    (item) => item.module === 'env' && /^(?:invoke_|emscripten_|_emscripten_)/.test(item.name),
  );
  if (!short && glue === undefined) return undefined;
  return {
    kind: 'an Emscripten module that needs its own JavaScript',
    because:
      glue === undefined ? 'all its imports have names of a letter or two' : `it imports ${quoted(`env.${glue.name}`)}`,
    remedy:
      'Build it with emcc -O2 --no-entry -sSTANDALONE_WASM (and without exceptions by -sDISABLE_EXCEPTION_CATCHING=1).',
  };
}

function recogniseJavy(module: ModuleDescription): Refusal | undefined {
  const found = module.imports.find((item) => /^javy_quickjs_provider/.test(item.module));
  if (found === undefined) return undefined;
  return {
    kind: 'a Javy module without its engine',
    because: `it imports from ${quoted(found.module)}`,
    remedy: 'Build it statically: javy build without -C dynamic.',
  };
}

/** Only where nothing else can be called: of a module with one plain export more, the adapters refuse single exports. */
function recogniseOnlyUnusualTypes(module: ModuleDescription): Refusal | undefined {
  let first: Refusal | undefined;
  for (const item of module.exports) {
    if (item.kind !== 'function') continue;
    const unusual = [...item.type.parameters, ...item.type.results].filter((type) => !isNumberType(type));
    if (unusual.length === 0) return undefined;
    const types = [...new Set(unusual)].join(' and ');
    first ??= {
      kind: `a module over ${types}`,
      because: `${quoted(item.name)} takes or returns ${types}, which a message cannot carry`,
      remedy: 'Export a function over numbers, or over a pointer and a length, that calls it.',
    };
  }
  return first;
}

/** Modules of ABIs outside this project. */
export const REFUSALS: readonly RefusedKind[] = [
  { before: 'component', recognise: recogniseObjectFile },
  { before: 'component', recognise: recogniseDynamicLibrary },
  { before: 'extism', recognise: recogniseProxyWasm },
  { before: 'wasm-bindgen', recognise: recogniseFluvio },
  { before: 'wasm-bindgen', recognise: recogniseUnfinishedWasmBindgen },
  { before: 'wasm-bindgen', recognise: recogniseSharedOrLargeMemory },
  { before: 'assemblyscript', recognise: recogniseGoForBrowsers },
  { before: 'wasi-command', recognise: recogniseEmscripten },
  { before: 'wasi-command', recognise: recogniseJavy },
  { before: 'bytes', recognise: recogniseOnlyUnusualTypes },
];
