import { MAX_JSON_DEPTH } from '../limits';
import type { JsonValue } from './signature';

/** Positions are in characters, from 0. */
export type ParsedJson =
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** The text stops being JSON (RFC 8259) there. */
  | { readonly kind: 'invalid'; readonly position: number }
  /** The object or array that begins there is one level too deep. */
  | { readonly kind: 'deep'; readonly position: number };

export function parseJsonText(text: string): ParsedJson {
  const excess = findExcessDepth(text);
  if (excess !== undefined) return { kind: 'deep', position: excess };
  try {
    return { kind: 'value', value: JSON.parse(text) as JsonValue };
  } catch {
    return { kind: 'invalid', position: new ErrorFinder(text).findError() };
  }
}

/** Where a text goes beyond the permitted depth; all that is asked of it is to be read once, without parsing. */
export function findExcessDepth(text: string): number | undefined {
  if (text.length <= MAX_JSON_DEPTH) return undefined;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = findStringEnd(text, at);
    else if (character === '}' || character === ']') depth--;
    else if ((character === '{' || character === '[') && ++depth > MAX_JSON_DEPTH) return at;
  }
  return undefined;
}

/** The closing quotation mark of the string that begins at `start`, or the end of the text. */
function findStringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

const SPACE = /[ \t\n\r]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const LITERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** The engine's own message names a position only sometimes, so the text is read once more, without recursion. */
class ErrorFinder {
  private position = 0;
  private readonly open: ('}' | ']')[] = [];

  constructor(private readonly text: string) {}

  findError(): number {
    this.take(SPACE);
    while (this.value() && this.separator());
    return this.position;
  }

  /** A value, up to the first scalar or empty container in it. */
  private value(): boolean {
    for (;;) {
      if (this.character('{')) {
        this.open.push('}');
        if (this.text[this.position] === '}') return true;
        if (!this.key()) return false;
      } else if (this.character('[')) {
        this.open.push(']');
        if (this.text[this.position] === ']') return true;
      } else return this.string() || this.literal();
    }
  }

  /** What follows a value: the ends of what it completes, then a comma and, in an object, the next key. */
  private separator(): boolean {
    let end = this.open.at(-1);
    while (end !== undefined && this.character(end)) {
      this.open.pop();
      end = this.open.at(-1);
    }
    if (end === undefined || !this.character(',')) return false;
    return end === ']' || this.key();
  }

  private key(): boolean {
    return this.string() && this.character(':');
  }

  private literal(): boolean {
    return this.take(LITERAL) && this.take(SPACE);
  }

  private string(): boolean {
    if (this.text[this.position] !== '"') return false;
    this.position++;
    for (;;) {
      const code = this.text.charCodeAt(this.position);
      if (code === 0x22) return this.character('"');
      if (code === 0x5c) {
        if (!this.take(ESCAPE)) return false;
      } else if (code >= 0x20) this.position++;
      else return false; // a control character, or (NaN) the end of the text
    }
  }

  private character(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position++;
    return this.take(SPACE);
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.position;
    if (!pattern.test(this.text)) return false;
    this.position = pattern.lastIndex;
    return true;
  }
}
