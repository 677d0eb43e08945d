/** The help of the nodes, by the rules with which the editor reads it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { languagesOf, nodeTypes, readText } from '../support/catalogue';
import { nodeRedVersion, requireNodeRed } from '../support/node-red';

/** The rule by which Node-RED's editor finds something in markdown. */
function editorRule(name: string): RegExp {
  const editor = readFileSync(requireNodeRed.resolve('@node-red/editor-client/public/red/red.js'), 'utf8');
  const definition = editor.slice(editor.indexOf(`const ${name} = {`));
  const rule = /const rule = \/(.+)\/; /.exec(definition)?.[1];
  assert.ok(rule !== undefined, `the editor of Node-RED ${nodeRedVersion} has a rule for ${name}`);
  return new RegExp(rule);
}

const list = editorRule('descriptionList');
const property = editorRule('description');

/** Lines that begin with a colon, of which the editor makes no box with a term, a type and all of the text. */
function unread(help: string): string[] {
  const lines = help.match(/^:.*\n/gm) ?? [];
  return lines.filter((line) => {
    const [, ...parts] = property.exec(line) ?? [];
    return list.exec(line)?.[0] !== line || parts.length !== 3 || parts.some((part) => part.trim() === '');
  });
}

describe('the help in the sidebar', () => {
  for (const type of nodeTypes) {
    test(`${type}: each property of a message is read as one, in every language`, () => {
      const found = languagesOf(type).flatMap((language) =>
        unread(readText(type, 'locales', language, `${type}.html`)),
      );
      assert.deepEqual(found, []);
    });
  }

  test('a colon in the text is found: what stands before it would not be shown', () => {
    assert.deepEqual(unread(': tag (number) : the tag, or: `51`.\n: payload (any) : data.\n'), [
      ': tag (number) : the tag, or: `51`.\n',
    ]);
    assert.deepEqual(unread(': tag : the tag.\n'), [': tag : the tag.\n']);
    assert.deepEqual(unread(': payload (string | buffer) : data.\n: tag (number) : the tag, such as `51`.\n'), []);
  });
});
