/**
 * JSON that a guest wrote. Seeds: values of every kind, and some that are nested at the limit. What is read is what
 * the engine reads; what is not is where it stops being JSON or is one level too deep, and a position in the text.
 */
import assert from 'node:assert/strict';
import { MAX_JSON_DEPTH } from '#dist/host/limits';
import { parseJsonText } from '#dist/host/values/json-text';
import { mutateText } from '../mutate';
import type { Random } from '../random';
import type { Outcome, Target } from '../target';
import { repeatedly } from './identify';

const TEXTS = [
  '{"a":[1,-2.5e3,true,null,"x\\u00e9\\n"],"__proto__":{"b":1},"constructor":{"prototype":{"c":2}}}',
  '[[],{},"",0,-0,1e999]',
  ' \t\r\n{ "k" : [ { } , [ ] ] } ',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t\\ud83d"',
  `${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}`,
  `${'{"a":'.repeat(MAX_JSON_DEPTH)}1${'}'.repeat(MAX_JSON_DEPTH)}`,
  `["${'['.repeat(MAX_JSON_DEPTH * 2)}"]`,
];
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u',
  '1',
  '.',
  'e',
  '-',
  'null',
  '"a":',
  ' ',
  '\u0000',
  '\ud800',
  '"__proto__":{}',
];

export const jsonText: Target = {
  name: 'json-text',
  weight: 6,
  make(random: Random): Uint8Array {
    return Buffer.from(repeatedly(random.pick(TEXTS), random, (text) => mutateText(text, random, TEXTS, WORDS)));
  },
  check(bytes): Outcome {
    const text = Buffer.from(bytes).toString();
    const read = parseJsonText(text);
    const depth = deepest(text);
    switch (read.kind) {
      case 'value':
        assert.equal(JSON.stringify(read.value), JSON.stringify(JSON.parse(text)));
        assert.ok(depth <= MAX_JSON_DEPTH);
        return 'accepted';
      case 'deep':
        assert.ok(depth > MAX_JSON_DEPTH);
        assert.match(text[read.position] ?? '', /[[{]/);
        return 'refused';
      case 'invalid':
        assert.throws(() => JSON.parse(text) as unknown, SyntaxError);
        assert.ok(read.position >= 0 && read.position <= text.length);
        return 'refused';
    }
  },
};

/** Openings without their ends, outside of strings. */
function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '[' || character === '{')) most = Math.max(most, ++depth);
    else if (!quoted && (character === ']' || character === '}')) depth -= 1;
  }
  return most;
}
