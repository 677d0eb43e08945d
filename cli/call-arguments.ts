import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Parameter } from '../host/values/signature';
import { UsageError } from './terminal';

/**
 * The words of the command line as payloads of a message. They are read by the parameter's type only where text
 * alone would be refused; whether a value fits is the host's to say.
 * @returns a value a parameter; null where there is no word for it
 * @throws UsageError
 */
export async function readArguments(words: readonly string[], parameters: readonly Parameter[]): Promise<unknown[]> {
  if (words.filter((word) => word === '-').length > 1) {
    throw new UsageError('Standard input can be read once: only one argument may be "-".');
  }
  return Promise.all(
    parameters.map((parameter, index) => {
      const word = words[index];
      return word === undefined ? null : readArgument(word, parameter);
    }),
  );
}

async function readArgument(word: string, parameter: Parameter): Promise<unknown> {
  if (word === '-') return fromBytes(await buffer(process.stdin), word, parameter);
  if (word.startsWith('@@')) return fromText(word.slice(1), parameter);
  if (word.startsWith('@')) return fromBytes(await fileBytes(word.slice(1)), word, parameter);
  return fromText(word, parameter);
}

async function fileBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(file));
  } catch (error) {
    throw new UsageError(`The argument @${file} names a file that cannot be read (${(error as Error).message}).`);
  }
}

function fromBytes(bytes: Buffer, word: string, parameter: Parameter): unknown {
  return parameter.type === 'json' ? parseJson(bytes.toString('utf8'), word) : bytes;
}

function fromText(text: string, parameter: Parameter): unknown {
  switch (parameter.type) {
    case 'json':
      return parseJson(text, text);
    case 'bool':
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : text;
    case 'f32':
    case 'f64':
      return /^(NaN|-?Infinity)$/.test(text) ? Number(text) : text;
    default:
      return text;
  }
}

function parseJson(text: string, word: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = word.length > 60 ? `${word.slice(0, 60)} …` : word;
    throw new UsageError(`The argument ${shown} is not JSON (${(error as Error).message}).`);
  }
}
