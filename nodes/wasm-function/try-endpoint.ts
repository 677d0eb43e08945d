/** A call that is tried from the dialog, before anything is deployed. */
import type { NodeAPI } from 'node-red';
import { WasmFunctionError } from '../../host/errors';
import { acceptBytes } from '../../host/values/accept-bytes';
import type { CallResult, Trial } from '../../host/wasm-function';
import { readChoice, readText } from '../saved-value';
import type { EndpointServices } from './admin-endpoints';
import { readConfiguration, type SavedFunction } from './configuration';
import { readMembers, RequestError, type Handler } from './endpoint';
import { locateByEnvironment } from './environment-path';
import type { RuntimeSettings } from './settings';

const ARGUMENT_TYPES = ['none', 'str', 'num', 'bool', 'json', 'bin'] as const;

/** What a node's dialog holds that decides how its function is called. */
const ASKED = ['file', 'fileType', 'export', 'abi', 'signature', 'convention', 'result', 'timeout', 'memory'] as const;

type Tried =
  | {
      /** As Node-RED's debug sidebar takes it. */
      readonly value: { readonly msg: string; readonly format: string };
      readonly kind: CallResult['kind'];
      readonly signature: string;
      readonly milliseconds: number;
    }
  | { readonly error: { code: string; message: string; cause: object }; readonly milliseconds?: number };

/**
 * Body: `{file, fileType, export, abi, signature, convention, result, timeout, memory}` as a node saves them,
 * `fileType` being `str` or `env`, and `argument: {type, value}` as an inject node has it, `none` for no argument.
 * Answer: what the call gave, or `{error}`, which is a good answer to the question asked.
 */
export function tryCall(RED: NodeAPI<RuntimeSettings>, { hosts, paths, limits }: EndpointServices): Handler {
  return async (request, signal): Promise<Tried> => {
    const body = readMembers(request);
    const saved = Object.fromEntries(ASKED.map((property) => [property, body[property]])) as unknown as SavedFunction;
    try {
      const { file, options } = readConfiguration(saved, limits);
      if (file.type !== 'str' && file.type !== 'env') {
        throw new RequestError(
          400,
          'A function whose path comes with each message cannot be tried. Name its file, or an environment variable.',
        );
      }
      const input = readArgument(RED, body.argument);
      const path = await (file.type === 'env' ? locateByEnvironment(RED, paths, file.value) : paths.locate(file.value));
      const trial = await hosts.with((host) => host.try({ ...options, file: path }, input, signal));
      return toAnswer(RED, trial);
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw error;
      return { error: plainError(error) };
    }
  };
}

/** As an inject node makes its payload. */
function readArgument(RED: NodeAPI, argument: unknown): unknown {
  if (typeof argument !== 'object' || argument === null) {
    throw new RequestError(
      400,
      'The argument is no object with a type and a value. Send such as {"type": "num", "value": "2"}.',
    );
  }
  const asked = argument as Readonly<Record<string, unknown>>;
  const type = readChoice('argument.type', asked.type, ARGUMENT_TYPES, 'none');
  const value = readText('argument.value', asked.value);
  if (type === 'none') return undefined;
  if (type === 'num') return readNumber(value);
  if (type === 'bin') return readBytes(value);
  const nobody = {} as Parameters<NodeAPI['util']['evaluateNodeProperty']>[2];
  try {
    return RED.util.evaluateNodeProperty(value, type, nobody, {}) as unknown;
  } catch {
    // Node-RED's reason may quote what was typed
    throw noJson(value);
  }
}

function noJson(text: string): WasmFunctionError {
  const array = inBrackets(text);
  return new WasmFunctionError(
    'arguments',
    array === undefined
      ? 'The argument is no JSON. Put text in quotes, or choose string as its type.'
      : `The argument is no JSON, where an array stands in brackets. Write ${array}.`,
  );
}

/** What was written as the arguments of a call, `(10, 2)` or `10, 2`, as the array that it would be. */
function inBrackets(text: string): string | undefined {
  const [, values = ''] = /^\s*\(?([^()]{1,80})\)?\s*$/.exec(text) ?? [];
  const array = `[${values.trim()}]`;
  try {
    JSON.parse(array);
    return array;
  } catch {
    return undefined;
  }
}

/** A Buffer as Node-RED makes one of a list or of a JSON text, save that Node-RED cuts what is no byte. */
function readBytes(text: string): Uint8Array {
  try {
    const list = JSON.parse(text) as unknown;
    if (Array.isArray(list) || typeof list === 'string') return Buffer.from(acceptBytes(list));
  } catch {
    // what is no JSON, and an element that is no byte
  }
  throw new WasmFunctionError(
    'arguments',
    'The argument is no list of bytes. Write numbers from 0 to 255 in brackets, such as [104, 105].',
  );
}

/** As Node-RED reads one, save that an inject node makes 0 of a blank field, and NaN of what is no number. */
function readNumber(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isNaN(number)) return number;
  throw new WasmFunctionError(
    'arguments',
    'The argument is no number. Write one such as 21.5, with a point, or choose another type.',
  );
}

function toAnswer(RED: NodeAPI<RuntimeSettings>, trial: Trial): Tried {
  switch (trial.kind) {
    case 'answered': {
      const { result, signature, milliseconds } = trial;
      const value = RED.util.encodeObject(
        { msg: resultValue(result) },
        { maxLength: RED.settings.debugMaxLength ?? 1000 },
      );
      return { value, kind: result.kind, signature, milliseconds };
    }
    case 'failed': {
      const { error, milliseconds } = trial;
      return { error: plainError(error), ...(milliseconds === undefined ? {} : { milliseconds }) };
    }
  }
}

function resultValue(result: CallResult): unknown {
  switch (result.kind) {
    case 'value':
      return result.value;
    case 'nothing':
      return undefined;
    case 'messages':
      return result.values;
  }
}

function plainError(error: WasmFunctionError) {
  return { code: error.code, message: error.message, cause: { ...error.cause } };
}
