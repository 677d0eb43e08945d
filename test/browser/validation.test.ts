/** What the editor itself makes of values that a flow brings along. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { NodeRed } from '../support/node-red';

const HOSTILE = '<img src=x onerror=window.scriptOfAFlow=true>';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow', disabled: true },
  { id: 'connection', type: 'mqtt-connection', url: HOSTILE, birth: { topic: `${HOSTILE}#` }, keepalive: HOSTILE },
  { id: 'source', type: 'mqtt-source', topic: `${HOSTILE}#`, qos: 9, attempts: 'x', settle: -5 },
  { id: 'sink', type: 'mqtt-sink', topic: `${HOSTILE}#`, qos: 9 },
  { id: 'zipper', type: 'yomo-zipper', host: HOSTILE, port: HOSTILE, buffer: HOSTILE, protocol: HOSTILE },
  { id: 'yomo-source', type: 'yomo-source', zipper: 'zipper', tags: [HOSTILE] },
  { id: 'yomo-sink', type: 'yomo-sink', zipper: 'zipper', tag: HOSTILE },
  {
    id: 'function',
    type: 'wasm-function',
    file: HOSTILE,
    input: HOSTILE,
    inputType: 'msg',
    signature: HOSTILE,
    timeout: HOSTILE,
  },
].map((node) => {
  if (['tab', 'mqtt-connection', 'yomo-zipper'].includes(node.type)) return node;
  return {
    z: 'tab',
    x: 200,
    y: 100,
    wires: [],
    ...(node.type.startsWith('mqtt') ? { connection: 'connection' } : {}),
    ...node,
  };
});

interface EditorWindow {
  readonly scriptOfAFlow?: boolean;
  readonly RED: { nodes: { node(id: string): { validationErrors?: string[] } } };
}

describe('the editor on values that make no sense', { skip: noBrowser }, () => {
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async () => {
    nodeRed = await NodeRed.start({ flows, settings: editorSettings });
    editor = await Editor.open(nodeRed);
  });
  after(async () => {
    await nodeRed.stop();
    await editor.close();
  });

  async function reasons(id: string): Promise<string> {
    return editor.page.evaluate((node) => {
      return ((window as unknown as EditorWindow).RED.nodes.node(node).validationErrors ?? []).join('\n');
    }, id);
  }

  const expected: readonly (readonly [string, readonly RegExp[]])[] = [
    ['connection', [/^broker: mqtt:/m, /^birth: a topic/m, /^keep alive: /m]],
    ['source', [/^topic: /m, /^QoS: /m, /^deliveries: /m, /^settle after: /m]],
    ['sink', [/^topic: /m, /^QoS: /m]],
    ['zipper', [/^host: /m, /^port: /m, /^buffer: /m, /^protocol: /m]],
    ['yomo-source', [/^tags: /m]],
    ['yomo-sink', [/^tag: /m]],
    ['function', [/^input: /m, /^signature: /m, /^time-out: /m]],
  ];
  for (const [id, patterns] of expected) {
    test(`${id}: every reason is given, and none quotes a value`, async () => {
      const given = await reasons(id);
      for (const pattern of patterns) assert.match(given, pattern);
      assert.doesNotMatch(given, /<img/);
    });
  }

  test('the reasons shown in the sidebar run no script', async () => {
    await editor.showSidebar('config');
    const { page } = editor;
    await page.locator('.red-ui-palette-node-config-invalid .red-ui-flow-node-error').first().hover();
    await page.locator('.red-ui-popover', { hasText: 'keep alive' }).waitFor();
    assert.equal(await page.locator('.red-ui-popover img').count(), 0);
    assert.equal(await page.evaluate(() => (window as unknown as EditorWindow).scriptOfAFlow), undefined);
  });
});
