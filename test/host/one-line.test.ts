import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { escaped, oneLine, printable, quoted } from '#dist/host/one-line';

/** Line ends, an escape of terminals, control characters of both sets, a bidi override, an isolate, half a surrogate. */
const STEERING = ['\n', '\r', '\u001b', '\u0000', '\u007f', '\u009b', '\u202e', '\u2066', '\u2028', '\u2029', '\ud800'];

describe('text of others', () => {
  test('has nothing in it that steers a terminal, whichever way it is shown', () => {
    for (const character of STEERING) {
      const text = `a${character}b`;
      assert.equal(printable(text), 'a b');
      assert.equal(oneLine(text), 'a b');
      assert.equal(quoted(text), '"a\ufffdb"');
      const unit = character.charCodeAt(0).toString(16).padStart(4, '0');
      assert.equal(escaped(text), character === '\n' ? text : `a\\u${unit}b`);
    }
    assert.equal(printable('all\u001b\u202e\u2028at once'), 'all at once');
  });

  test('keeps what is written in it', () => {
    const text = 'Grüße, 世界, 👋';
    assert.deepEqual([printable(text), oneLine(text), quoted(text), escaped(text)], [text, text, `"${text}"`, text]);
  });

  test('of a terminal keeps its lines, its tabs, and what joins signs', () => {
    assert.equal(escaped('a\n\tb 👩\u200d🚀'), 'a\n\tb 👩\u200d🚀');
    assert.equal(escaped('\u{e0001}'), '\\udb40\\udc01');
  });

  test('is cut, but never in the middle of a character', () => {
    assert.equal(oneLine('abcdef', 5), 'abcde …');
    assert.equal(oneLine('abcd👋f', 5), 'abcd …');
    assert.equal(quoted('abcdef', 5), '"abcde…"');
    assert.equal(quoted('abcd👋f', 5), '"abcd…"');
    assert.equal(quoted('x'.repeat(61)), `"${'x'.repeat(60)}…"`);
  });
});
