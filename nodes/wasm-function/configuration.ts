import type { NodeDef } from 'node-red';
import { ABI_NAMES, CONVENTIONS } from '../../host/abi/adapter';
import { DEFAULT_QUEUE, type HostLimits } from '../../host/limits';
import { RESULT_KINDS, type FunctionOptions } from '../../host/wasm-function';
import { WasmFunctionError } from '../../host/errors';
import { readChoice, readNumber, readText, SavedValueError } from '../saved-value';
import { MEMORY_RANGE, TIMEOUT_RANGE } from './settings';

/** A node as its flow has saved it. */
export type SavedFunction = NodeDef & Readonly<Record<string, unknown>>;

export const FILE_TYPES = ['str', 'env', 'msg', 'flow', 'global'] as const;
export type FileType = (typeof FILE_TYPES)[number];

export const INPUT_TYPES = ['msg', 'jsonata', 'flow', 'global', 'json', 'full'] as const;
export type InputType = (typeof INPUT_TYPES)[number];

export const OUTPUT_TYPES = ['msg', 'flow', 'global'] as const;
export type OutputType = (typeof OUTPUT_TYPES)[number];

export interface TypedProperty<T extends string> {
  readonly value: string;
  readonly type: T;
}

export interface Configuration {
  readonly file: TypedProperty<FileType>;
  readonly input: TypedProperty<InputType>;
  readonly output: TypedProperty<OutputType>;
  /** What the host is told, except for the file, which may come from a message. */
  readonly options: Omit<FunctionOptions, 'file'>;
}

/**
 * Reads the saved properties; blanks become the runtime's settings, then the built-in defaults.
 * @throws WasmFunctionError `module`, naming the property that cannot be understood
 */
export function readConfiguration(saved: SavedFunction, limits: HostLimits): Configuration {
  return understood(() => readProperties(saved, limits));
}

/** What cannot be understood is an error of the host's family here, since messages get it. */
function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SavedValueError) throw misconfigured(error.message);
    throw error;
  }
}

/**
 * The node has no module to call. That is not the messages' fault, and a deploy mends it: `module` is a code with
 * which a source keeps its messages until then.
 */
export function misconfigured(message: string): WasmFunctionError {
  return new WasmFunctionError('module', message);
}

function readProperties(saved: SavedFunction, limits: HostLimits): Configuration {
  return {
    file: { value: readText('file', saved.file), type: readChoice('fileType', saved.fileType, FILE_TYPES, 'str') },
    input: readProperty(saved, 'input', INPUT_TYPES, 'msg'),
    output: readProperty(saved, 'output', OUTPUT_TYPES, 'msg'),
    options: {
      export: readText('export', saved.export),
      abi: readChoice('abi', saved.abi, ['auto', ...ABI_NAMES], 'auto'),
      signature: readText('signature', saved.signature).trim(),
      convention: readChoice('convention', saved.convention, ['auto', ...CONVENTIONS], 'auto'),
      result: readChoice('result', saved.result, RESULT_KINDS, 'auto'),
      timeout: readNumber('timeout', saved.timeout, TIMEOUT_RANGE, limits.timeout),
      memory: readNumber('memory', saved.memory, MEMORY_RANGE, limits.memory),
      instance: readChoice('instance', saved.instance, ['shared', 'fresh'], 'shared'),
      concurrency: readNumber('concurrency', saved.concurrency, { least: 1, most: 64, whole: true }, 1),
      queue: readNumber('queue', saved.queue, { least: 0, most: 1_000_000, whole: true }, DEFAULT_QUEUE),
    },
  };
}

function readProperty<T extends string>(
  saved: SavedFunction,
  name: 'input' | 'output',
  types: readonly T[],
  fallback: NoInfer<T>,
): TypedProperty<T> {
  const type = readChoice(`${name}Type`, saved[`${name}Type`], types, fallback);
  const value = readText(name, saved[name]);
  const isName = type !== 'full' && type !== 'json';
  return { value: value === '' && isName ? 'payload' : value, type };
}
