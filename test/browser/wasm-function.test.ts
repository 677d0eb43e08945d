/** The dialog as a user meets it, in a real browser on a real Node-RED. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { guestFile } from '../support/guests';
import { NodeRed, eventually } from '../support/node-red';

interface SavedNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly [property: string]: unknown;
}

/** The visible part of the typed input. */
const FILE_FIELD = '.wasm-function-file .red-ui-typedInput-input';

const flows: SavedNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  {
    id: 'inject',
    type: 'inject',
    z: 'tab',
    props: [{ p: 'payload' }],
    repeat: '',
    crontab: '',
    once: false,
    onceDelay: 0.1,
    topic: '',
    payload: '14',
    payloadType: 'num',
    x: 120,
    y: 100,
    wires: [[]],
  },
  {
    id: 'debug',
    type: 'debug',
    z: 'tab',
    active: true,
    tosidebar: true,
    complete: 'payload',
    targetType: 'msg',
    x: 640,
    y: 100,
    wires: [],
  },
  { id: 'refused', type: 'wasm-function', z: 'tab', file: 'page.wasm', x: 380, y: 200, wires: [[]] },
  { id: 'bytes', type: 'wasm-function', z: 'tab', file: guestFile('rust-bytes/guest'), x: 380, y: 300, wires: [[]] },
];

describe('the wasm-function dialog', { skip: noBrowser }, () => {
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async () => {
    nodeRed = await NodeRed.start({ flows, settings: { ...editorSettings, wasmFunctionTimeout: 2.5 } });
    await writeFile(join(nodeRed.userDirectory, 'page.wasm'), '<!DOCTYPE html><html>not found</html>');
    editor = await Editor.open(nodeRed);
  });
  after(async () => {
    await editor.close();
    await nodeRed.stop();
  });
  afterEach(() => editor.cancelDialog());

  async function typeFile(path: string): Promise<void> {
    await editor.page.locator(FILE_FIELD).fill(path);
    await editor.page.keyboard.press('Tab');
  }

  async function savedFunction(): Promise<SavedNode> {
    const known = flows.map(({ id }) => id);
    return eventually('the added node was saved', async () => {
      const saved = await nodeRed.json<SavedNode[]>('/flows');
      return saved.find(({ id, type }) => type === 'wasm-function' && !known.includes(id));
    });
  }

  test('from the palette to a result in the debug sidebar', async () => {
    const { page } = editor;
    await editor.dragFromPalette('wasm-function', 380, 100);
    const added = page.locator('.red-ui-workspace-chart-event-layer .red-ui-flow-node-group', {
      hasText: 'wasm function',
    });
    await added.locator('.red-ui-flow-node').first().dblclick();
    await typeFile('triple/pkg/triple_lib_bg.wasm');
    await page.locator('.wasm-function-card', { hasText: 'wasm-bindgen' }).waitFor();
    assert.match(await page.locator('.wasm-function-card').innerText(), /Rust [\d.]+ · \d+ B[^]*Detected because/);
    await page.getByRole('button', { name: 'triple (f64) → f64' }).click();
    assert.equal(await page.locator('#node-input-export').inputValue(), 'triple');
    assert.equal(await page.locator('#node-input-timeout').getAttribute('placeholder'), '2.5');
    await page.locator('#node-input-concurrency').fill('2');
    await editor.confirmDialog();
    await page.getByText('triple · triple_lib_bg.wasm').first().waitFor();
    await editor.deploy();

    const { id, ...properties } = await savedFunction();
    assert.equal(properties.file, 'triple/pkg/triple_lib_bg.wasm');
    assert.deepEqual([properties.concurrency, properties.queue, properties.timeout], [2, 1000, '']);
    await nodeRed.deploy(
      (await nodeRed.json<SavedNode[]>('/flows')).map((node) => {
        if (node.id === 'inject') return { ...node, wires: [[id]] };
        return node.id === id ? { ...node, wires: [['debug']] } : node;
      }),
    );
    await editor.showSidebar('debug');
    assert.equal((await nodeRed.fetch('/inject/inject', { method: 'POST' })).status, 200);
    await eventually('42 in the debug sidebar', async () => {
      return (await page.locator('.red-ui-debug-msg-payload').allInnerTexts()).some((text) => text.trim() === '42');
    });
  });

  test('a file that is no module is refused with the reason and what to do', async () => {
    await editor.reload();
    const { page } = editor;
    await editor.edit('refused');
    const card = page.locator('.wasm-function-card.form-warning');
    await card.waitFor();
    assert.match(await card.innerText(), /HTML[^]*\.wasm/);
  });

  test('a name can be typed while the file is not there yet', async () => {
    const { page } = editor;
    await editor.edit('refused');
    await typeFile('later.wasm');
    await page.locator('.wasm-function-card', { hasText: 'There is no file "later.wasm"' }).waitFor();
    await page.locator('#node-input-export').fill('run');
    await editor.confirmDialog();
    await page.getByText('run · later.wasm').first().waitFor();
  });

  test('what the binary cannot tell is asked, with the conventions that fit', async () => {
    const { page } = editor;
    await editor.edit('bytes');
    await page.getByRole('button', { name: 'greet' }).click();
    await page.locator('.form-tips', { hasText: 'convention' }).waitFor();
    const offered = await page.locator('#node-input-convention option:not([hidden])').evaluateAll((options) => {
      return options.map((option) => (option as HTMLOptionElement).value);
    });
    assert.deepEqual(offered, ['auto', 'packed', 'packed-low', 'number']);
    await page.locator('#node-input-convention').selectOption('packed');
    await page.locator('.form-tips', { hasText: 'convention' }).waitFor({ state: 'detached' });
  });

  test('wrong input is refused with the reason', async () => {
    const { page } = editor;
    await editor.edit('bytes');
    for (const [field, value] of [
      ['#node-input-timeout', 'soon'],
      ['#node-input-signature', 'any'],
    ] as const) {
      await page.locator(field).fill(value);
      await page.locator(field).blur();
      await page.locator(`${field}.input-error`).waitFor();
    }
  });

  test('a module is uploaded from the dialog', async () => {
    const { page } = editor;
    await editor.edit('bytes');
    const chooser = page.waitForEvent('filechooser');
    await page.locator('#wasm-function-upload').click();
    await (await chooser).setFiles(guestFile('wat/add'));
    await page.getByRole('button', { name: 'add (i32, i32) → i32' }).waitFor();
    assert.equal(await page.locator(FILE_FIELD).inputValue(), 'add.wasm');
  });

  test('the help says what goes in, what comes out, and which errors there are', async () => {
    const { page } = editor;
    const help = await page.evaluate(() => {
      const red = (window as unknown as { RED: { nodes: { getNodeHelp(type: string): string } } }).RED;
      return red.nodes.getNodeHelp('wasm-function');
    });
    assert.equal(help.match(/<dl class="message-properties">/g)?.length, 2);
    assert.equal(help.match(/<dt>/g)?.length, 4);
    assert.match(help, /<td><code>timeout<\/code><\/td>/);
  });

  test('no error reached the console', () => {
    assert.deepEqual(editor.errors, []);
  });
});
