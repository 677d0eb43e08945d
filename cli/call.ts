import { resolve } from 'node:path';
import { findAbi } from '../host/abi';
import { ABI_NAMES, CONVENTIONS } from '../host/abi/adapter';
import { createWasmHost } from '../host/host';
import { DEFAULT_LIMITS } from '../host/limits';
import { oneLine } from '../host/one-line';
import type { Parameter } from '../host/values/signature';
import { RESULT_KINDS, type FunctionOptions } from '../host/wasm-function';
import { readArguments } from './call-arguments';
import { writeResult } from './call-result';
import { untilReady } from './ready-function';
import { parseCommandLine, UsageError } from './terminal';

/** A module can be of other ABIs, which are recognised and refused. */
const CALLED_ABIS = ABI_NAMES.filter((name) => findAbi(name)?.caller !== undefined);

export const CALL_HELP = `Usage: wasm-function call [options] FILE [EXPORT [ARG…]]

Calls a function once, under the limits of the wasm-function node, and prints what it returns. Without an EXPORT,
or with "" before arguments, it is the one that inspect marks, as in a node that names none.

An ARG is one parameter:
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
  --memory MIB          linear memory (${String(DEFAULT_LIMITS.memory)})
  --json                the result as JSON: 64-bit integers as text, bytes as {"base64": …}

Bytes are printed as they are, or described where they would go to a terminal.`;

const OPTIONS = {
  signature: { type: 'string' },
  convention: { type: 'string' },
  abi: { type: 'string' },
  result: { type: 'string' },
  timeout: { type: 'string' },
  memory: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = Record<keyof typeof OPTIONS, string | boolean | undefined>;

/** @returns the exit code */
export async function call(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, OPTIONS);
  const [file, name = '', ...words] = positionals;
  if (file === undefined) {
    throw new UsageError('call takes a file and the name of an export (inspect lists them); see call --help.');
  }
  const options = functionOptions(resolve(file), name, values);
  const limits = { ...DEFAULT_LIMITS, timeout: options.timeout, memory: options.memory };
  const log = { warn: (text: string) => process.stderr.write(`wasm-function: ${oneLine(text, 2000)}\n`) };
  const host = createWasmHost(limits, log, { spare: false });
  try {
    const wasmFunction = host.open(options);
    const { signature, types } = await untilReady(wasmFunction);
    const { parameters } = types;
    checkCount(words, parameters, signature);
    const payloads = await readArguments(words, parameters);
    const result = await wasmFunction.call(parameters.length === 1 ? payloads[0] : payloads);
    await writeResult(result, values.json === true);
    return 0;
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

function functionOptions(file: string, name: string, values: Values): FunctionOptions {
  return {
    file,
    export: name,
    abi: choice('--abi', values.abi, ['auto', ...CALLED_ABIS]),
    signature: typeof values.signature === 'string' ? values.signature : '',
    convention: choice('--convention', values.convention, ['auto', ...CONVENTIONS]),
    result: choice('--result', values.result, RESULT_KINDS),
    timeout: positive('--timeout', values.timeout, DEFAULT_LIMITS.timeout),
    memory: positive('--memory', values.memory, DEFAULT_LIMITS.memory),
    instance: 'shared',
    concurrency: 1,
    queue: 1,
  };
}

/** The first of the names is what counts when the option is not given. */
function choice<const T extends string>(option: string, value: string | boolean | undefined, names: readonly T[]): T {
  const found = value === undefined ? names[0] : names.find((name) => name === value);
  if (found === undefined) throw new UsageError(`${option} takes one of ${names.join(', ')}, not "${String(value)}".`);
  return found;
}

function positive(option: string, value: string | boolean | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (value === '' || !Number.isFinite(number) || number <= 0) {
    throw new UsageError(`${option} takes a number above 0, not "${String(value)}".`);
  }
  return number;
}
