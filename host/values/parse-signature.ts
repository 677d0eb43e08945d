import { WasmFunctionError } from '../errors';
import type { FunctionType } from '../module/description';
import { type Parameter, type Result, type Signature, VALUE_TYPES, type ValueType } from './signature';

/** Parameters or results a signature may have: the engine's own limit. */
const MAX_VALUES = 1000;

/**
 * Parameters or results that are shown. A file of 60 kB can export one function of 1000 parameters under 10,000
 * names, and each is described by its type.
 */
const MAX_SHOWN = 20;

/** Other names of types, as people know them; never shown. */
const SYNONYMS: Readonly<Record<string, ValueType | undefined>> = Object.assign(Object.create(null), {
  text: 'string',
});

interface Token {
  readonly text: string;
  /** Counted from 1, as people count. */
  readonly position: number;
}

/**
 * Reads a signature as people write it: `(string, u32) -> bytes`, `(x: f64) → f64`, `() -> (i32, bytes)`,
 * `(string?)`. A question mark says that a value may be absent; without an arrow nothing is returned; `text` is `string`.
 *
 * @throws WasmFunctionError `abi`, with the position and what was expected there
 */
export function parseSignature(text: string): Signature {
  const tokens = new Tokens(text);
  const parameters = tokens.list('(', readParameter);
  const results = tokens.take('->') || tokens.take('→') ? readResults(tokens) : [];
  tokens.end();
  return { parameters, results };
}

function readParameter(tokens: Tokens): Parameter {
  const first = tokens.word('a type or a name');
  if (!tokens.take(':')) return { type: tokens.asType(first), ...optional(tokens) };
  return { name: first.text, type: tokens.asType(tokens.word('a type')), ...optional(tokens) };
}

function readResult(tokens: Tokens): Result {
  return { type: tokens.asType(tokens.word('a type')), ...optional(tokens) };
}

function readResults(tokens: Tokens): Result[] {
  return tokens.next === '(' ? tokens.list('(', readResult) : [readResult(tokens)];
}

function optional(tokens: Tokens): { readonly optional?: true } {
  return tokens.take('?') ? { optional: true } : {};
}

/** The words and signs of a signature, taken one after the other. */
class Tokens {
  readonly #tokens: Token[] = [];
  readonly #text: string;
  #index = 0;

  constructor(text: string) {
    this.#text = text;
    for (const match of text.matchAll(/->|[A-Za-z_$][\w$]*|\S/g)) {
      this.#tokens.push({ text: match[0], position: match.index + 1 });
    }
  }

  get next(): string | undefined {
    return this.#tokens[this.#index]?.text;
  }

  take(text: string): boolean {
    if (this.next !== text) return false;
    this.#index += 1;
    return true;
  }

  word(expected: string): Token {
    const token = this.#tokens[this.#index];
    if (token === undefined || !/^[A-Za-z_$]/.test(token.text)) throw this.#unexpected(expected);
    this.#index += 1;
    return token;
  }

  asType(token: Token): ValueType {
    const type = VALUE_TYPES.find((name) => name === (SYNONYMS[token.text] ?? token.text));
    if (type === undefined) throw this.#unexpected(`a type (${VALUE_TYPES.join(', ')})`, token);
    return type;
  }

  list<T>(open: string, read: (tokens: Tokens) => T): T[] {
    if (!this.take(open)) throw this.#unexpected(`"${open}"`);
    const items: T[] = [];
    if (this.take(')')) return items;
    do {
      if (items.length === MAX_VALUES) throw this.#unexpected(`at most ${MAX_VALUES} values`);
      items.push(read(this));
    } while (this.take(','));
    if (!this.take(')')) throw this.#unexpected('"," or ")"');
    return items;
  }

  end(): void {
    if (this.#index < this.#tokens.length) throw this.#unexpected('"->" or the end');
  }

  #unexpected(expected: string, token = this.#tokens[this.#index]): WasmFunctionError {
    const found = token === undefined ? 'it ends' : `there is "${token.text.slice(0, 30)}"`;
    const position = token?.position ?? this.#text.length + 1;
    return new WasmFunctionError(
      'abi',
      `The signature cannot be read: at position ${position} ${found}, but ${expected} was expected. ` +
        'Write it as (string, u32) -> bytes.',
    );
  }
}

/**
 * A signature as people read it: `(f64) → f64`, `() → ()`. Names are shown where there are several parameters, since
 * one needs none to be told apart. Of very many the first are shown.
 */
export function formatSignature({ parameters, results }: Signature): string {
  const showNames = parameters.length > 1;
  const shown = parameters.map((parameter) =>
    showNames && parameter.name !== undefined ? `${parameter.name}: ${formatValue(parameter)}` : formatValue(parameter),
  );
  return arrow(shown, results.map(formatValue));
}

/** What the binary says of a function, in the same form: `(i32, i32) → i64`. */
export function formatFunctionType({ parameters, results }: FunctionType): string {
  return arrow(parameters, results);
}

function formatValue({ type, optional }: Result): string {
  return optional === true ? `${type}?` : type;
}

function arrow(parameters: readonly string[], results: readonly string[]): string {
  return `(${list(parameters)}) → ${results.length === 1 ? results.join('') : `(${list(results)})`}`;
}

function list(items: readonly string[]): string {
  const more = items.length - MAX_SHOWN;
  return more > 0 ? `${items.slice(0, MAX_SHOWN).join(', ')}, … ${String(more)} more` : items.join(', ');
}
