import { createHash } from 'node:crypto';
import { type Producers, readProducers, readTargetFeatures } from './custom-sections';
import { checkCompileCost } from './code-cost';
import { skipConstantExpression } from './constant-expression';
import { WasmFunctionError } from '../errors';
import { MAX_EXTERNALS, MAX_NAMES_SIZE, MAX_REFERENCES, MAX_TAG_VALUES, MIB } from '../limits';
import type {
  ExternalType,
  FunctionType,
  Limits,
  ModuleExport,
  ModuleImport,
  ParsedModule,
  WasmType,
} from './description';
import { malformed, type Reader } from './reader';
import { readSections, SECTION } from './sections';
import { readTable } from './tables';
import { readLimits, readStoredType, readTypes } from './types';

/** What the V8 of Node 20 accepts at most (`wasm-limits.h`, after the WebAssembly JavaScript Interface). */
const MAX_IMPORTS = 100_000;
const MAX_EXPORTS = 100_000;
const MAX_FUNCTIONS = 1_000_000;
const MAX_GLOBALS = 1_000_000;
const MAX_TABLES = 100_000;
const MAX_MEMORIES = 100_000;
const MAX_TAGS = 1_000_000;

/** Characters of a custom section's name that are kept; those that mean something have some twenty. */
const MAX_SECTION_NAME = 100;

interface GlobalType {
  readonly type: WasmType;
  readonly mutable: boolean;
}

interface TableType {
  readonly element: WasmType;
  readonly limits: Limits;
}

/** The index spaces of a module, imports first, and what else its sections say. */
interface Contents {
  types: readonly (FunctionType | undefined)[];
  readonly functions: FunctionType[];
  readonly tables: TableType[];
  readonly memories: Limits[];
  readonly globals: GlobalType[];
  readonly tags: FunctionType[];
  readonly imports: ModuleImport[];
  readonly exports: ModuleExport[];
  ownFunctions: number;
  /** Bodies. */
  tailCallers: readonly number[];
  ownTables: Limits[];
  ownMemories: Limits[];
  hasStart: boolean;
  /** Bytes of the names of imports and exports. */
  namesSize: number;
  readonly customSections: string[];
  producers: Producers;
  features: readonly string[];
}

/**
 * Describes a core module: its types, imports and exports, limits, and what its tools wrote about it.
 * Function bodies are looked at for what they cost to compile only, and data is not read, so that a description does
 * not mean that an engine accepts the module. Time and memory are linear in the bytes. Follows the core specification's binary format (5.5) and
 * the proposals that extend these sections: GC, exception handling, memory64, multi-memory, threads.
 *
 * @throws WasmFunctionError `module`, with the section and the offset of what is wrong
 */
export function parseModule(bytes: Uint8Array): ParsedModule {
  if (!isCoreModule(bytes)) throw malformed('it does not start as a core module of version 1 does');
  const contents: Contents = {
    types: [],
    functions: [],
    tables: [],
    memories: [],
    globals: [],
    tags: [],
    imports: [],
    exports: [],
    ownFunctions: 0,
    tailCallers: [],
    ownTables: [],
    ownMemories: [],
    hasStart: false,
    namesSize: 0,
    customSections: [],
    producers: { tools: [] },
    features: [],
  };
  for (const { id, content } of readSections(bytes)) readSection(id, content, contents);
  return {
    size: bytes.length,
    hash: createHash('sha256').update(bytes).digest('hex'),
    imports: contents.imports,
    exports: contents.exports,
    memories: contents.ownMemories,
    tables: contents.ownTables,
    functionCount: contents.ownFunctions,
    hasStart: contents.hasStart,
    ...(contents.types.includes(undefined) ? { managedTypes: true } : {}),
    ...tailCallsOf(contents),
    customSections: contents.customSections,
    ...contents.producers,
    features: contents.features,
  };
}

function mostResultsOf(types: Contents['types']): number {
  return types.reduce((most, type) => Math.max(most, type?.results.length ?? 0), 1);
}

function tailCallsOf({ tailCallers, types, functions, globals }: Contents): Pick<ParsedModule, 'tailCalls'> {
  if (tailCallers.length === 0) return {};
  const counts = { types: types.length, functions: functions.length, globals: globals.length };
  return { tailCalls: { bodies: tailCallers, ...counts } };
}

function isCoreModule(bytes: Uint8Array): boolean {
  return [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].every((byte, index) => bytes[index] === byte);
}

function readSection(id: number, reader: Reader, contents: Contents): void {
  switch (id) {
    case SECTION.custom:
      readCustom(reader, contents);
      return;
    case SECTION.element:
    case SECTION.dataCount:
    case SECTION.data:
      return;
    case SECTION.code: {
      const { types, functions, ownFunctions } = contents;
      const firstBody = functions.length - ownFunctions;
      contents.tailCallers = checkCompileCost(reader, {
        types,
        functions,
        mostResults: mostResultsOf(types),
        firstBody,
      });
      return;
    }
    case SECTION.type:
      contents.types = readTypes(reader);
      break;
    case SECTION.import:
      readImports(reader, contents);
      break;
    case SECTION.function:
      contents.ownFunctions = reader.count('functions', MAX_FUNCTIONS);
      for (let index = 0; index < contents.ownFunctions; index += 1) {
        contents.functions.push(readFunctionTypeIndex(reader, contents));
      }
      break;
    case SECTION.table:
      contents.ownTables = readMany(reader, 'tables', MAX_TABLES, 3, () => {
        const table = readTable(reader);
        contents.tables.push({ element: table.element, limits: table.limits.limits });
        return table.limits.limits;
      });
      break;
    case SECTION.memory:
      contents.ownMemories = readMany(reader, 'memories', MAX_MEMORIES, 2, () => {
        const { limits } = readLimits(reader, 'a memory');
        contents.memories.push(limits);
        return limits;
      });
      break;
    case SECTION.tag:
      readMany(reader, 'tags', MAX_TAGS, 2, () => contents.tags.push(readTagType(reader, contents)));
      break;
    case SECTION.global:
      readMany(reader, 'globals', MAX_GLOBALS, 3, () => {
        contents.globals.push(readGlobalType(reader));
        skipConstantExpression(reader);
      });
      checkGlobals(contents.globals);
      break;
    case SECTION.export:
      readExports(reader, contents);
      break;
    case SECTION.start:
      itemAt(contents.functions, reader.u32('the start function'), 'function', reader);
      contents.hasStart = true;
      break;
  }
  if (!reader.done) throw reader.fail(`${reader.remaining} bytes are left over at its end`);
}

function readMany<T>(reader: Reader, what: string, limit: number, size: number, read: () => T): T[] {
  const count = reader.count(what, limit, size);
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(read());
  return items;
}

function readCustom(reader: Reader, contents: Contents): void {
  const name = reader.name('the name of a custom section');
  contents.customSections.push(name.slice(0, MAX_SECTION_NAME));
  if (name === 'producers') contents.producers = readProducers(reader);
  else if (name === 'target_features') contents.features = readTargetFeatures(reader);
}

function readName(reader: Reader, what: string, contents: Contents): string {
  const start = reader.position;
  const name = reader.name(what);
  contents.namesSize += reader.position - start;
  if (contents.namesSize > MAX_NAMES_SIZE) {
    const mebibytes = String(MAX_NAMES_SIZE / MIB);
    throw reader.fail(`the names of its imports and exports take more than ${mebibytes} MiB`, start);
  }
  return name;
}

function readImports(reader: Reader, contents: Contents): void {
  const count = reader.count('imports', MAX_IMPORTS, 4);
  checkExternals(count, 'imports');
  for (let index = 0; index < count; index += 1) {
    const module = readName(reader, 'the module of an import', contents);
    const name = readName(reader, 'the name of an import', contents);
    contents.imports.push({ module, name, ...readImportType(reader, contents) });
  }
}

function checkExternals(count: number, what: 'imports' | 'exports'): void {
  if (count <= MAX_EXTERNALS) return;
  throw new WasmFunctionError(
    'module',
    `The module has ${count} ${what}; at most ${MAX_EXTERNALS} are taken, since Node-RED stands still while they are copied ` +
      'between threads. Build it so that it exports and imports what is needed only.',
  );
}

function readImportType(reader: Reader, contents: Contents): ExternalType {
  const kind = reader.byte('the kind of an import');
  switch (kind) {
    case 0: {
      const type = readFunctionTypeIndex(reader, contents);
      contents.functions.push(type);
      return { kind: 'function', type };
    }
    case 1: {
      const element = readStoredType(reader, 'an imported table');
      const { limits } = readLimits(reader, 'an imported table');
      contents.tables.push({ element, limits });
      return { kind: 'table', element, limits };
    }
    case 2: {
      const { limits } = readLimits(reader, 'an imported memory');
      contents.memories.push(limits);
      return { kind: 'memory', limits };
    }
    case 3: {
      const global = readGlobalType(reader);
      contents.globals.push(global);
      return { kind: 'global', ...global };
    }
    case 4: {
      const type = readTagType(reader, contents);
      contents.tags.push(type);
      return { kind: 'tag', type };
    }
    default:
      throw reader.fail(`an import is of the unknown kind ${kind}`, reader.position - 1);
  }
}

function readExports(reader: Reader, contents: Contents): void {
  const names = new Set<string>();
  const count = reader.count('exports', MAX_EXPORTS, 3);
  checkExternals(count, 'exports');
  for (let index = 0; index < count; index += 1) {
    const start = reader.position;
    const name = readName(reader, 'the name of an export', contents);
    if (names.has(name)) throw reader.fail('two exports have the same name', start);
    names.add(name);
    contents.exports.push({ name, ...readExportType(reader, contents) });
  }
}

function readExportType(reader: Reader, contents: Contents): ExternalType {
  const kind = reader.byte('the kind of an export');
  const index = reader.u32('the index of an export');
  switch (kind) {
    case 0:
      return { kind: 'function', type: itemAt(contents.functions, index, 'function', reader) };
    case 1:
      return { kind: 'table', ...itemAt(contents.tables, index, 'table', reader) };
    case 2:
      return { kind: 'memory', limits: itemAt(contents.memories, index, 'memory', reader) };
    case 3:
      return { kind: 'global', ...itemAt(contents.globals, index, 'global', reader) };
    case 4:
      return { kind: 'tag', type: itemAt(contents.tags, index, 'tag', reader) };
    default:
      throw reader.fail(`an export is of the unknown kind ${kind}`, reader.position - 1);
  }
}

function readFunctionTypeIndex(reader: Reader, contents: Contents): FunctionType {
  const start = reader.position;
  const index = reader.u32('the type of a function');
  const type = contents.types[index];
  if (type === undefined) throw reader.fail(`there is no function type ${index}`, start);
  return type;
}

function readTagType(reader: Reader, contents: Contents): FunctionType {
  const attribute = reader.byte('the attribute of a tag');
  if (attribute !== 0) throw reader.fail(`a tag has the unknown attribute ${attribute}`, reader.position - 1);
  const type = readFunctionTypeIndex(reader, contents);
  if (type.parameters.length > MAX_TAG_VALUES) throw tooManyTagValues(type.parameters.length);
  return type;
}

function tooManyTagValues(values: number): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `The module's exceptions carry ${values} values; at most ${MAX_TAG_VALUES} are allowed, since many large exceptions ` +
      'can end the whole process. Let them carry a pointer to the values.',
  );
}

/** Those of reference types, functions aside, keep what the host gives. */
function checkGlobals(globals: readonly GlobalType[]): void {
  const held = globals.filter(({ type }) => type === 'externref' || type === 'reference').length;
  if (held <= MAX_REFERENCES) return;
  throw new WasmFunctionError(
    'module',
    `The module has ${held} globals of reference types; at most ${MAX_REFERENCES} are allowed, since what they hold can ` +
      'end the whole process. Build it with fewer.',
  );
}

function readGlobalType(reader: Reader): GlobalType {
  const type = readStoredType(reader, 'a global');
  const flags = reader.byte('the mutability of a global');
  if (flags > 3) throw reader.fail(`a global has the unknown mutability ${flags}`, reader.position - 1);
  return { type, mutable: (flags & 1) === 1 };
}

function itemAt<T>(items: readonly T[], index: number, what: string, reader: Reader): T {
  const item = items[index];
  if (item === undefined) throw reader.fail(`there is no ${what} ${index}: the module has ${items.length}`);
  return item;
}
