/** The page of errors against the sources: no message that is not on it, and none on it that nobody says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ERROR_CODES } from '#dist/host/errors';
import { repository } from '../support/node-red';
import { collectMessages } from './error-messages';

const page = readFileSync(join(repository, 'docs', 'errors.md'), 'utf8');
/** A message is an item of a list, as code, with what there is to say about it behind. */
const documented = [...page.matchAll(/^- `([^`]+)`/gm)].map(([, template = '']) => template);
const { messages, unreadable } = collectMessages();

describe('docs/errors.md', () => {
  test('every text of an error in the sources can be read', () => {
    assert.deepEqual(unreadable, []);
    assert.ok(messages.length > 200, `only ${String(messages.length)} messages were found`);
  });

  test('has every message of the sources', () => {
    const missing = messages.filter(({ template }) => !documented.includes(template));
    assert.deepEqual(
      missing.map(({ template, place }) => `${place}: ${template}`),
      [],
    );
  });

  test('has no message that the sources do not have', () => {
    const said = new Set(messages.map(({ template }) => template));
    assert.deepEqual(
      documented.filter((template) => !said.has(template)),
      [],
    );
  });

  test('has each message once', () => {
    assert.deepEqual(
      documented.filter((template, index) => documented.indexOf(template) !== index),
      [],
    );
  });

  test('has a section for each code, and the index leads to it', () => {
    const coded = messages.map(({ kind }) => /^\w+Error (\w+)$/.exec(kind)?.[1]).filter((code) => code !== undefined);
    for (const code of new Set([...ERROR_CODES, ...coded])) {
      assert.match(page, new RegExp(`^## ${code}$`, 'm'));
      assert.match(page, new RegExp(`^\\| \\[\`${code}\`\\]\\(#${code}\\) `, 'm'));
    }
  });

  test('tells a message under its code', () => {
    const sections = new Map(page.split(/^## /m).map((part) => [part.slice(0, part.indexOf('\n')), part]));
    const elsewhere = messages.filter(({ kind, template }) => {
      const code = /^WasmFunctionError (\w+)$/.exec(kind)?.[1];
      return code !== undefined && sections.get(code)?.includes(`- \`${template}\``) !== true;
    });
    assert.deepEqual(elsewhere, []);
  });
});
