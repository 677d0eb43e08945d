/** The dialog as a user meets it, in a real browser on a real Node-RED. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { guestFile } from '../support/guests';
import { NodeRed, eventually } from '../support/node-red';
import { FunctionDialog, functionNode, type SavedNode } from '../support/wasm-function-dialog';

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
  functionNode('refused', 200, { file: 'page.wasm' }),
  functionNode('bytes', 260, { file: guestFile('rust-bytes/guest') }),
  functionNode('other', 320, { file: guestFile('rust-bindgen/guest'), export: 'greet' }),
];

describe('the wasm-function dialog', { skip: noBrowser }, () => {
  let nodeRed: NodeRed;
  let editor: Editor;
  let dialog: FunctionDialog;

  before(async () => {
    nodeRed = await NodeRed.start({ flows, settings: { ...editorSettings, wasmFunctionTimeout: 2.5 } });
    await writeFile(join(nodeRed.userDirectory, 'page.wasm'), '<!DOCTYPE html><html>not found</html>');
    editor = await Editor.open(nodeRed);
    dialog = new FunctionDialog(editor.page);
  });
  after(async () => {
    await nodeRed.stop();
    await editor.close();
  });
  afterEach(() => editor.cancelDialog());

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
    await dialog.typeFile('triple/pkg/triple_lib_bg.wasm');
    await page.locator('.wasm-function-card', { hasText: 'wasm-bindgen' }).waitFor();
    assert.match(await page.locator('.wasm-function-card').innerText(), /Rust [\d.]+ · \d+ B[^]*Detected because/);
    await dialog.option('triple (f64) → f64').click();
    assert.equal(await dialog.exportName.inputValue(), 'triple');
    await dialog.openTab('Limits');
    assert.equal(await page.locator('#node-input-timeout').getAttribute('placeholder'), '2.5 (default)');
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
    await dialog.typeFile('later.wasm');
    await page.locator('.wasm-function-card', { hasText: 'There is no file "later.wasm"' }).waitFor();
    await page.locator('#node-input-export').fill('run');
    await editor.confirmDialog();
    await page.getByText('run · later.wasm').first().waitFor();
  });

  test('what the binary cannot tell is asked, and the answer saved', async () => {
    await editor.edit('bytes');
    await dialog.option('greet').click();
    await dialog.guide('takes').selectOption({ label: 'text' });
    assert.ok(await dialog.guide('convention').isHidden(), 'how it is handed back is asked when that is open');
    await dialog.guide('returns').selectOption({ label: 'text' });
    assert.equal(await dialog.guide('convention').inputValue(), 'packed', 'the likeliest is proposed');
    const offered = await dialog.guide('convention').locator('option').allInnerTexts();
    assert.deepEqual(
      offered.map((text) => text.split(' ')[0]),
      ['packed', 'packed-low'],
    );
    await dialog.tryButton.isEnabled();
    await dialog.argument.fill('Ada');
    await dialog.tryButton.click();
    await dialog.outcome.getByText('Ada').waitFor();

    await dialog.option('version').click();
    assert.equal(await dialog.guide('returns').inputValue(), '', 'another export is another question');
    await dialog.option('greet').click();
    assert.equal(await dialog.guide('returns').inputValue(), '(string)', 'what was said of one is remembered');
    await editor.confirmDialog();
    await editor.deploy();
    const saved = (await nodeRed.json<SavedNode[]>('/flows')).find(({ id }) => id === 'bytes');
    assert.deepEqual([saved?.export, saved?.signature, saved?.convention], ['greet', '(string) -> string', 'packed']);
  });

  test('a signature can be written instead, and what fits it is left open', async () => {
    const { page } = editor;
    await editor.edit('bytes');
    await page.getByRole('button', { name: 'Write a signature' }).click();
    await page.locator('#node-input-signature:focus').waitFor();
    await page.locator('#node-input-signature').fill('(bytes) -> json');
    const offered = await page.locator('#node-input-convention option:not([hidden])').evaluateAll((options) => {
      return options.map((option) => (option as HTMLOptionElement).value);
    });
    assert.deepEqual(offered, ['auto', 'packed', 'packed-low', 'number']);
    await dialog.openTab('Function');
    assert.equal(await dialog.guide('takes').inputValue(), '(bytes)');
    assert.equal(await dialog.guide('returns').inputValue(), '(json)');
  });

  test('the list of exports is searched by name and by signature, with the keyboard', async () => {
    const { page } = editor;
    await editor.edit('other');
    await dialog.option('greet').waitFor();
    assert.ok((await dialog.listed()).length > 20, 'a whole name hides none of the others');
    await dialog.exportName.fill('bytes');
    assert.deepEqual(await dialog.listed(), ['checksum', 'reverse']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await dialog.exportName.getAttribute('aria-activedescendant'), 'wasm-function-export-list-1');
    await page.keyboard.press('Enter');
    assert.equal(await dialog.exportName.inputValue(), 'reverse');
    await page.locator('[role="option"][aria-selected="true"]', { hasText: 'reverse' }).waitFor();
  });

  test('a part of a name is a search while it is typed, and a wrong name afterwards', async () => {
    const { page } = editor;
    await editor.edit('other');
    await dialog.option('greet').waitFor();
    const wrong = page.locator('#node-input-export.input-error');
    const reason = page.locator('#node-input-export-reason');
    await dialog.exportName.selectText();
    await page.keyboard.type('re');
    assert.deepEqual(await dialog.listed(), ['greet', 'reject', 'repeat', 'reverse']);
    assert.deepEqual([await wrong.count(), await reason.count()], [0, 0]);
    await page.keyboard.type('zz');
    await wrong.waitFor();
    await reason.waitFor();
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Backspace');
    await reason.waitFor({ state: 'detached' });
    await dialog.exportName.blur();
    await wrong.waitFor();
    await reason.waitFor();
    assert.ok((await dialog.listed()).length > 20, 'all that could have been meant is listed');
  });

  test('a name that the new module does not have is cleared; one it has stays', async () => {
    const { page } = editor;
    await editor.edit('other');
    await dialog.option('greet').waitFor();
    await dialog.typeFile(guestFile('rust-bytes/guest'));
    await dialog.option('version').waitFor();
    assert.equal(await dialog.exportName.inputValue(), 'greet');
    await dialog.typeFile('not-there.wasm');
    await page.locator('.wasm-function-card', { hasText: 'There is no file' }).waitFor();
    assert.equal(await dialog.exportName.inputValue(), 'greet', 'nothing is known of a module that cannot be read');
    await dialog.typeFile(guestFile('wat/add'));
    await page.locator('#wasm-function-notice', { hasText: 'no function "greet"' }).waitFor();
    assert.equal(await dialog.exportName.inputValue(), '');
  });

  test('the card says what a module imports and what is not supplied', async () => {
    const { page } = editor;
    await editor.edit('other');
    await page.locator('.wasm-function-card', { hasText: '8, all supplied' }).waitFor();
    await page.locator('.wasm-function-card summary').press('Enter');
    await page.locator('.wasm-function-card li', { hasText: '__wbg_error' }).first().waitFor();
    assert.match(
      await dialog.card.innerText(),
      /supplied by the wasm-bindgen glue[^]*1\.1 MiB to begin with \(17 pages\)/,
    );
    await dialog.typeFile(guestFile('wat/imports'));
    await page
      .locator('.wasm-function-card li.wasm-function-warning, .wasm-function-card .wasm-function-warning code')
      .first()
      .waitFor();
    assert.match(await dialog.card.innerText(), /2, of which 2 are not supplied[^]*env now/);
    assert.ok(await dialog.tryButton.isHidden(), 'what is refused cannot be tried');
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
