/** Every text that a person sees in the editor is in a catalogue, and each catalogue is complete in every language. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONVENTIONS } from '#dist/host/abi/adapter';
import { ERROR_CODES } from '#dist/host/errors';
import { FAILURE_REASONS } from '#dist/mqtt/status';
import { FAILURE_REASONS as YOMO_FAILURE_REASONS } from '#dist/nodes/yomo-zipper/zipper-node';
import { OBSTACLES } from '#dist/yomo/dial-error';
import {
  flatten,
  keysInHtml,
  keysInSource,
  languagesOf,
  nodeTypes,
  readCatalogue,
  readText,
  sourcesOf,
  textsInHtml,
  usedKey,
  type UsedKey,
} from '../support/catalogue';
import { requireNodeRed } from '../support/node-red';
import { statusTexts, type StatusText } from '../support/status-texts';

const REFERENCE = 'en-US';

/** Why a node is not connected to its zipper. */
const YOMO_STATUS = [...YOMO_FAILURE_REASONS, ...OBSTACLES];

/** What is put into keys that are made when they are needed: each value has a text. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'mqtt-source.status': FAILURE_REASONS,
  'mqtt-sink.status': FAILURE_REASONS,
  'yomo-source.status': YOMO_STATUS,
  'yomo-sink.status': YOMO_STATUS,
  'wasm-function.status.failed': ERROR_CODES,
  'wasm-function.convention': ['auto', ...CONVENTIONS],
};

/** The functions that make a status of figures, units and signs. */
const FIGURES = ['formatBusy', 'formatRate', 'formatCount', 'shorten'];
/** Seconds, a second, thousands, millions: written the same in every language. */
const UNITS = ['s', 'k', 'M'];

/** Every key that a status can name. */
const STATUS_KEYS = [
  ...nodeTypes.flatMap((type) => [...readCatalogue(type, REFERENCE).keys()]),
  ...[...flatten(requireNodeRed('@node-red/nodes/locales/en-US/messages.json')).keys()].map((key) => `node-red:${key}`),
];

/** Whether each language says it in its own words, or there are no words in it. */
function isTranslatable({ kind, text }: StatusText): boolean {
  const words = text.match(/\p{L}+/gu) ?? [];
  if (kind === 'figures') return words.every((word) => UNITS.includes(word));
  if (kind === 'unknown') return false;
  return words.length === 0 || STATUS_KEYS.some((key) => usedKey(text).pattern.test(key));
}

function usedKeys(type: string): UsedKey[] {
  const sources = sourcesOf(type).flatMap((source) => keysInSource(source, type));
  return [...sources, ...keysInHtml(readText(type, `${type}.html`))];
}

function parameters(text: string): string[] {
  return (text.match(/__\w+__/g) ?? []).sort();
}

/** What the help of every language has in common: headings by level, message properties, items of lists,
 * rows of tables, and paragraphs about a setting. */
function structure(help: string): Record<string, unknown> {
  return {
    node: /data-help-name="([^"]+)"/.exec(help)?.[1],
    headings: [...help.matchAll(/^(#+) /gm)].map(([, level]) => level),
    properties: [...help.matchAll(/^: *(\S+) \(([^)]*)\) *: *\S/gm)].map(([, name, kind]) => `${name} ${kind}`),
    items: [...help.matchAll(/^- /gm)].length,
    codes: [...help.matchAll(/^- (`\w+`)[:：]/gm)].map(([, code]) => code),
    // of a table, what stands in code in the first column: error codes, examples
    rows: [...help.matchAll(/^\|([^|]*)\|/gm)].map(([, first = '']) => /`[^`]+`/.exec(first)?.[0] ?? ''),
    paragraphs: [...help.matchAll(/\n\n(?=\*\*)/g)].length,
  };
}

/** The first paragraph, which the palette shows. */
function tooltip(help: string): string {
  return help.replace(/^<script[^>]*>\s*/, '').split(/\n\s*\n/)[0] ?? '';
}

for (const type of nodeTypes) {
  describe(`the texts of ${type}`, () => {
    const reference = readCatalogue(type, REFERENCE);
    const keys = [...reference.keys()];

    test('each key that is named is in the catalogue', () => {
      const missing = usedKeys(type).filter(({ pattern, isOwn }) => isOwn && !keys.some((key) => pattern.test(key)));
      assert.deepEqual(
        missing.map(({ written }) => written),
        [],
      );
      for (const [prefix, values] of Object.entries(VALUES)) {
        if (!prefix.startsWith(`${type}.`)) continue;
        for (const value of values) assert.ok(reference.has(`${prefix}.${value}`), `${prefix}.${value}`);
      }
    });

    test('each key of the catalogue is used', () => {
      const used = usedKeys(type);
      assert.deepEqual(
        keys.filter((key) => !used.some(({ pattern }) => pattern.test(key))),
        [],
      );
    });

    test('the dialog says nothing that is in no catalogue', () => {
      assert.deepEqual(textsInHtml(readText(type, `${type}.html`)), []);
    });

    test('a status is a key, of a catalogue or of Node-RED, or made of figures', () => {
      const sources = sourcesOf(type).flatMap((source) => statusTexts(source, FIGURES));
      assert.deepEqual(
        sources.filter((text) => !isTranslatable(text)),
        [],
      );
    });

    for (const language of languagesOf(type)) {
      test(`${language}: the catalogue is complete`, () => {
        const texts = readCatalogue(type, language);
        assert.deepEqual([...texts.keys()].sort(), [...keys].sort());
        for (const [key, text] of texts) {
          assert.notEqual(text.trim(), '', `${key} is empty`);
          assert.deepEqual(parameters(text), parameters(reference.get(key) ?? ''), key);
        }
      });

      test(`${language}: the help has the parts it has in English, and begins with what the palette shows`, () => {
        const help = readText(type, 'locales', language, `${type}.html`);
        assert.deepEqual(structure(help), structure(readText(type, 'locales', REFERENCE, `${type}.html`)));
        assert.equal(structure(help).node, type);
        assert.match(tooltip(help), /^\p{L}[\s\S]{20,}$/u);
      });
    }
  });
}

test('all nodes speak the same languages as far as they are translated', () => {
  const translated = nodeTypes.map(languagesOf).filter((languages) => languages.length > 1);
  assert.ok(translated.length > 0);
  for (const languages of translated) assert.deepEqual(languages, translated[0]);
});

describe('what looks for texts', () => {
  const find = (source: string): string[] => keysInSource(source, 'a-node').map(({ written }) => written);

  test('finds keys in calls, choices and templates, and no icons', () => {
    assert.deepEqual(find("translate('a-node.x.y'); this._(odd ? 'a-node.odd' : 'a-node.even');"), [
      'a-node.x.y',
      'a-node.odd',
      'a-node.even',
    ]);
    assert.deepEqual(find('translate(`a-node.x.${value}`); node.status({ fill, text: `${type}.status.${reason}` });'), [
      'a-node.x.${…}',
      'a-node.status.${…}',
    ]);
    assert.deepEqual(find("register({ icon: 'a-node.svg' }); other('b-node.x');"), []);
  });

  test('a template stands for the keys of its level alone', () => {
    const [key] = keysInSource('translate(`a-node.x.${value}`)', 'a-node');
    assert.deepEqual(
      ['a-node.x.one', 'a-node.x', 'a-node.x.one.two', 'a-node.y.one'].map((each) => key?.pattern.test(each)),
      [true, false, false, false],
    );
  });

  test('finds the keys of a dialog in every form, and the texts that are in none', () => {
    const html = '<p data-i18n="[title]a.b;c.d" title="Told">Said <b data-i18n="e"></b></p><input placeholder="60" />';
    assert.deepEqual(
      keysInHtml(html).map(({ written }) => written),
      ['a.b', 'c.d', 'e'],
    );
    assert.deepEqual(textsInHtml(html), ['Said', 'Told']);
  });

  test('finds the texts of statuses, wherever they are written', () => {
    assert.deepEqual(statusTexts("status({ fill: 'red', text: 'broken' }); button({ text: 'x' });", []), [
      { kind: 'written', text: 'broken' },
    ]);
    const source = `
      function show(isOdd: boolean, n: number, given: string) {
        const sign = isOdd ? '✗' : word();
        const text = RED._(\`\${type}.status.\${n}\`);
        return [{ fill, text }, { fill, text: \`\${sign} \${rate(n)}\` }, { fill, text: given }];
      }
      function word() { return 'many'; }
      function rate(n: number) { return n > 9 ? \`\${n}/s\` : 'slow'; }`;
    assert.deepEqual(statusTexts(source, ['rate']), [
      { kind: 'written', text: '\0.status.\0' },
      { kind: 'written', text: '\0 \0' },
      { kind: 'written', text: '✗' },
      { kind: 'written', text: 'many' },
      { kind: 'figures', text: '\0/s' },
      { kind: 'figures', text: 'slow' },
      { kind: 'unknown', text: 'given' },
    ]);
  });

  test('a status passes as a key that is there or as figures, and fails with a word, an unknown key or text', () => {
    const written = ['mqtt-source.status.\0', '\0.status.\0', 'node-red:common.status.error', ' ✗ \0', ''];
    for (const text of written) assert.ok(isTranslatable({ kind: 'written', text }), text);
    assert.ok(isTranslatable({ kind: 'figures', text: '\0 k/s' }));
    const untold = ['broken', 'mqtt-source.status.none', 'node-red:common.status.none', '\0 waiting'];
    for (const text of untold) assert.ok(!isTranslatable({ kind: 'written', text }), text);
    assert.ok(!isTranslatable({ kind: 'figures', text: '\0 slow' }));
    assert.ok(!isTranslatable({ kind: 'unknown', text: 'given' }));
  });
});
