import { resolve } from 'node:path';
import { findAbi } from '../host/abi';
import { ABI_NAMES, CONVENTIONS } from '../host/abi/adapter';
import { createWasmHost } from '../host/host';
import { DEFAULT_LIMITS, MEMORY_RANGE, TIMEOUT_RANGE } from '../host/limits';
import { describeRange, numberIn, type NumberRange } from '../host/number-range';
import { oneLine } from '../host/one-line';
import type { Parameter } from '../host/values/signature';
import { RESULT_KINDS, type FunctionOptions, type WasmFunction } from '../host/wasm-function';
import { readArguments } from './call-arguments';
import { untilReady, type ReadyFunction } from './ready-function';
import { UsageError } from './terminal';

/** A module can be of other ABIs, which are recognised and refused. */
const CALLED_ABIS = ABI_NAMES.filter((name) => findAbi(name)?.caller !== undefined);

/** What an argument may be, and the options that choose a function: for the help of each command that calls one. */
export const FUNCTION_HELP = `An ARG is one parameter:
  21.5, -7          a number, for a number or a string
  text              text, for a string or bytes (as UTF-8)
  true, false       for a bool
  {"a": [1, 2]}     JSON, for json
  @FILE             the bytes of a file, for bytes, a string or json
  -                 the bytes of standard input
  @@text            text that begins with @

  --signature TEXT      what the binary cannot tell, as "(string, u32) -> bytes"
  --convention NAME     how bytes come back: ${CONVENTIONS.join(', ')}
  --abi NAME            instead of what is detected: ${CALLED_ABIS.join(', ')}
  --result KIND         ${RESULT_KINDS.join(', ')}
  --timeout SECONDS     (${String(DEFAULT_LIMITS.timeout)})
  --memory MIB          linear memory (${String(DEFAULT_LIMITS.memory)})`;

export const FUNCTION_OPTIONS = {
  signature: { type: 'string' },
  convention: { type: 'string' },
  abi: { type: 'string' },
  result: { type: 'string' },
  timeout: { type: 'string' },
  memory: { type: 'string' },
} as const;

export type OptionValue = string | boolean | undefined;
type Values = Record<keyof typeof FUNCTION_OPTIONS, OptionValue>;

/** A function of the command line, loaded, and what it is called with. */
export interface ChosenFunction {
  readonly function: WasmFunction;
  readonly ready: ReadyFunction;
  /** As the payload of a message. */
  readonly input: unknown;
  /** Milliseconds until the module was loaded. */
  readonly loading: number;
}

/**
 * Opens the function that the words name, in a host of its own, which ends with `use`.
 * @param words file, export and arguments
 * @param queue calls that are made at once
 * @throws UsageError, WasmFunctionError (rejects)
 */
export async function withFunction(
  [file = '', name = '', ...words]: readonly string[],
  values: Values,
  queue: number,
  use: (chosen: ChosenFunction) => Promise<void>,
): Promise<void> {
  const options = functionOptions(resolve(file), name, values, queue);
  const limits = { ...DEFAULT_LIMITS, timeout: options.timeout, memory: options.memory };
  const log = { warn: (text: string) => process.stderr.write(`wasm-function: ${oneLine(text, 2000)}\n`) };
  const host = createWasmHost(limits, log, { spare: false });
  try {
    const start = performance.now();
    const wasmFunction = host.open(options);
    const ready = await untilReady(wasmFunction);
    const loading = performance.now() - start;
    const { parameters } = ready.types;
    checkCount(words, parameters, ready.signature);
    const payloads = await readArguments(words, parameters);
    const input = parameters.length === 1 ? payloads[0] : payloads;
    await use({ function: wasmFunction, ready, input, loading });
  } finally {
    await host.close();
  }
}

/** Parameters at the end that may be absent need no word. */
function checkCount(words: readonly string[], parameters: readonly Parameter[], signature: string): void {
  const needed = parameters.findLastIndex((parameter) => parameter.optional !== true) + 1;
  if (words.length >= needed && words.length <= parameters.length) return;
  const count = parameters.length === 1 ? '1 argument' : `${String(parameters.length)} arguments`;
  throw new UsageError(`${oneLine(signature)} takes ${count}, but ${String(words.length)} came.`);
}

function functionOptions(file: string, name: string, values: Values, queue: number): FunctionOptions {
  return {
    file,
    export: name,
    abi: choice('--abi', values.abi, ['auto', ...CALLED_ABIS]),
    signature: typeof values.signature === 'string' ? values.signature : '',
    convention: choice('--convention', values.convention, ['auto', ...CONVENTIONS]),
    result: choice('--result', values.result, RESULT_KINDS),
    timeout: numberOption('--timeout', values.timeout, TIMEOUT_RANGE, DEFAULT_LIMITS.timeout),
    memory: numberOption('--memory', values.memory, MEMORY_RANGE, DEFAULT_LIMITS.memory),
    instance: 'shared',
    concurrency: 1,
    queue,
  };
}

/** The first of the names is what counts when the option is not given. */
function choice<const T extends string>(option: string, value: OptionValue, names: readonly T[]): T {
  const found = value === undefined ? names[0] : names.find((name) => name === value);
  if (found === undefined) throw new UsageError(`${option} takes one of ${names.join(', ')}, not "${String(value)}".`);
  return found;
}

/**
 * @returns `otherwise` where the option is not given
 * @throws UsageError
 */
export function numberOption(option: string, value: OptionValue, range: NumberRange, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = numberIn(range, value);
  if (number === undefined)
    throw new UsageError(`${option} takes ${describeRange(range)}, but it is "${String(value)}".`);
  return number;
}
