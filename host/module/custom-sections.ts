import { WasmFunctionError } from '../errors';
import { printable } from '../one-line';
import type { Reader } from './reader';

/** Values and characters taken from a `producers` or `target_features` section: what people read, no more. */
const MAX_VALUES = 100;
const MAX_TEXT = 100;

export interface Producers {
  readonly language?: string;
  readonly tools: readonly string[];
}

/**
 * The `producers` section (tool conventions, ProducersSection.md). A custom section never makes a module
 * invalid, so that one that cannot be read says nothing.
 */
export function readProducers(reader: Reader): Producers {
  return ignoringDamage({ tools: [] }, () => {
    const languages: string[] = [];
    const tools: string[] = [];
    const fields = reader.count('fields', MAX_VALUES, 2);
    for (let field = 0; field < fields; field += 1) {
      const list = reader.name('a field') === 'language' ? languages : tools;
      const values = reader.count('values', MAX_VALUES, 2);
      for (let value = 0; value < values; value += 1) {
        list.push(readable(`${reader.name('a name')} ${reader.name('a version')}`));
      }
    }
    const language = nameLanguage(languages, tools);
    return { tools: tools.slice(0, MAX_VALUES), ...(language === undefined ? {} : { language }) };
  });
}

/** rustc names the language without a version, and itself with one. */
function nameLanguage(languages: readonly string[], tools: readonly string[]): string | undefined {
  if (languages.length === 0) return undefined;
  const version = tools.map((tool) => /^rustc (\S+)/.exec(tool)?.[1]).find((found) => found !== undefined);
  return languages
    .map((language) => (language === 'Rust' && version !== undefined ? `Rust ${version}` : language))
    .join(', ')
    .slice(0, MAX_TEXT);
}

/** The features a `target_features` section says the module uses (tool conventions, Linking.md). */
export function readTargetFeatures(reader: Reader): readonly string[] {
  return ignoringDamage([], () => {
    const features: string[] = [];
    const count = reader.count('features', MAX_VALUES, 2);
    for (let index = 0; index < count; index += 1) {
      const prefix = String.fromCharCode(reader.byte('a prefix'));
      const name = readable(reader.name('a feature'));
      if (prefix !== '-') features.push(name);
    }
    return features;
  });
}

/** One line of bounded length: these texts are shown as they are. */
function readable(text: string): string {
  return printable(text).trim().slice(0, MAX_TEXT);
}

function ignoringDamage<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WasmFunctionError) return otherwise;
    throw error;
  }
}
