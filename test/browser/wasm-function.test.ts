/** The dialog as a user meets it, in a real browser on a real Node-RED. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';
import { HEADER, module, type ModuleSpec } from '../support/wasm-builder';
import { functionNode, type SavedNode } from '../support/wasm-function-dialog';

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
  functionNode('many', 380, { file: 'many.wasm', export: 'f2999' }),
  functionNode('damaged', 440, { file: 'damaged.wasm' }),
  functionNode('other', 320, { file: guestFile('rust-bindgen/guest'), export: 'greet' }),
];

/** More than are listed, since each is described at length. */
const MANY: ModuleSpec = {
  functions: [{ export: 'f', parameters: new Array<'i32'>(1000).fill('i32') }],
  exports: Array.from({ length: 3000 }, (_, index) => ({ name: `f${String(index)}`, kind: 'function', index: 0 })),
};

describe('the wasm-function dialog', { skip: noBrowser }, () => {
  const open = new FunctionEditor(flows, {
    settings: { wasmFunctionTimeout: 2.5 },
    async prepare({ userDirectory }) {
      await writeFile(join(userDirectory, 'page.wasm'), '<!DOCTYPE html><html>not found</html>');
      await writeFile(join(userDirectory, 'many.wasm'), module(MANY));
      await writeFile(join(userDirectory, 'damaged.wasm'), Uint8Array.from([...HEADER, 1, 50, 0]));
    },
  });

  async function savedFunction(): Promise<SavedNode> {
    const known = flows.map(({ id }) => id);
    return eventually('the added node was saved', async () => {
      const saved = await open.nodeRed.json<SavedNode[]>('/flows');
      return saved.find(({ id, type }) => type === 'wasm-function' && !known.includes(id));
    });
  }

  test('from the palette to a result in the debug sidebar', async () => {
    const { page } = open;
    await open.editor.dragFromPalette('wasm-function', 380, 100);
    const added = page.locator('.red-ui-workspace-chart-event-layer .red-ui-flow-node-group', {
      hasText: 'wasm-function',
    });
    await open.editor.editAt(added.locator('.red-ui-flow-node').first());
    await open.dialog.typeFile('triple/pkg/triple_lib_bg.wasm');
    await page.locator('.wasm-function-card', { hasText: 'wasm-bindgen' }).waitFor();
    assert.match(await page.locator('.wasm-function-card').innerText(), /Rust [\d.]+ · \d+ B[^]*Detected because/);
    await open.dialog.option('triple (f64) → f64').click();
    assert.equal(await open.dialog.exportName.inputValue(), 'triple');
    await open.dialog.openTab('Limits');
    assert.equal(await page.locator('#node-input-timeout').getAttribute('placeholder'), '2.5 (default)');
    await page.locator('#node-input-concurrency').fill('2');
    await open.editor.confirmDialog();
    await page.getByText('triple · triple_lib_bg.wasm').first().waitFor();
    await open.editor.deploy();

    const { id, ...properties } = await savedFunction();
    assert.equal(properties.file, 'triple/pkg/triple_lib_bg.wasm');
    assert.deepEqual([properties.concurrency, properties.queue, properties.timeout], [2, 1000, '']);
    await open.nodeRed.deploy(
      (await open.nodeRed.json<SavedNode[]>('/flows')).map((node) => {
        if (node.id === 'inject') return { ...node, wires: [[id]] };
        return node.id === id ? { ...node, wires: [['debug']] } : node;
      }),
    );
    await open.editor.showSidebar('debug');
    assert.equal((await open.nodeRed.fetch('/inject/inject', { method: 'POST' })).status, 200);
    await eventually('42 in the debug sidebar', async () => {
      return (await page.locator('.red-ui-debug-msg-payload').allInnerTexts()).some((text) => text.trim() === '42');
    });
  });

  test('what the binary cannot tell is asked, and the answer saved', async () => {
    await open.editor.reload();
    await open.editor.edit('bytes');
    await open.dialog.option('greet').click();
    await open.dialog.guide('takes').selectOption({ label: 'text' });
    assert.ok(await open.dialog.guide('convention').isHidden(), 'how it is handed back is asked when that is open');
    await open.dialog.guide('returns').selectOption({ label: 'text' });
    assert.equal(await open.dialog.guide('convention').inputValue(), 'packed', 'the likeliest is proposed');
    const offered = await open.dialog.guide('convention').locator('option').allInnerTexts();
    assert.deepEqual(
      offered.map((text) => text.split(' ')[0]),
      ['packed', 'packed-low'],
    );
    await open.dialog.tryButton.isEnabled();
    await open.dialog.argument.fill('Ada');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.getByText('Ada').waitFor();

    await open.dialog.option('version').click();
    assert.equal(await open.dialog.guide('returns').inputValue(), '', 'another export is another question');
    await open.dialog.option('greet').click();
    assert.equal(await open.dialog.guide('returns').inputValue(), '(string)', 'what was said of one is remembered');
    await open.editor.confirmDialog();
    await open.editor.deploy();
    const saved = (await open.nodeRed.json<SavedNode[]>('/flows')).find(({ id }) => id === 'bytes');
    assert.deepEqual([saved?.export, saved?.signature, saved?.convention], ['greet', '(string) -> string', 'packed']);
  });

  test('a file that is no module is refused with the reason and what to do', async () => {
    const { page } = open;
    await open.editor.edit('refused');
    const card = page.locator('.wasm-function-card.form-warning');
    await card.waitFor();
    assert.match(await card.innerText(), /HTML[^]*\.wasm/);
  });

  test('a name can be typed while the file is not there yet', async () => {
    const { page } = open;
    await open.editor.edit('refused');
    await open.dialog.typeFile('later.wasm');
    await page.locator('.wasm-function-card', { hasText: 'There is no file "later.wasm"' }).waitFor();
    await page.locator('#node-input-export').fill('run');
    await open.editor.confirmDialog();
    await page.getByText('run · later.wasm').first().waitFor();
  });

  test('a signature can be written instead, and what fits it is left open', async () => {
    const { page } = open;
    await open.editor.edit('bytes');
    await page.getByRole('button', { name: 'Write a signature' }).click();
    await page.locator('#node-input-signature:focus').waitFor();
    await page.locator('#node-input-signature').fill('(bytes) -> json');
    const offered = await page.locator('#node-input-convention option:not([hidden])').evaluateAll((options) => {
      return options.map((option) => (option as HTMLOptionElement).value);
    });
    assert.deepEqual(offered, ['auto', 'packed', 'packed-low', 'number']);
    await open.dialog.openTab('Function');
    assert.equal(await open.dialog.guide('takes').inputValue(), '(bytes)');
    assert.equal(await open.dialog.guide('returns').inputValue(), '(json)');
  });

  test('the list of exports is searched by name and by signature, with the keyboard', async () => {
    const { page } = open;
    await open.editor.edit('other');
    await open.dialog.option('greet').waitFor();
    assert.ok((await open.dialog.listed()).length > 20, 'a whole name hides none of the others');
    await open.dialog.exportName.fill('bytes');
    assert.deepEqual(await open.dialog.listed(), ['checksum', 'reverse']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await open.dialog.exportName.getAttribute('aria-activedescendant'), 'wasm-function-export-list-1');
    await page.keyboard.press('Enter');
    assert.equal(await open.dialog.exportName.inputValue(), 'reverse');
    await page.locator('[role="option"][aria-selected="true"]', { hasText: 'reverse' }).waitFor();
  });

  test('a part of a name is a search while it is typed, and a wrong name afterwards', async () => {
    const { page } = open;
    await open.editor.edit('other');
    await open.dialog.option('greet').waitFor();
    const wrong = page.locator('#node-input-export.input-error');
    const reason = page.locator('#node-input-export-reason');
    await open.dialog.exportName.selectText();
    await page.keyboard.type('re');
    assert.deepEqual(await open.dialog.listed(), ['greet', 'reject', 'repeat', 'reverse']);
    assert.deepEqual([await wrong.count(), await reason.count()], [0, 0]);
    await page.keyboard.type('zz');
    await wrong.waitFor();
    await reason.waitFor();
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Backspace');
    await reason.waitFor({ state: 'detached' });
    await open.dialog.exportName.blur();
    await wrong.waitFor();
    await reason.waitFor();
    assert.ok((await open.dialog.listed()).length > 20, 'all that could have been meant is listed');
  });

  test('a name that the new module does not have is cleared; one it has stays', async () => {
    const { page } = open;
    await open.editor.edit('other');
    await open.dialog.option('greet').waitFor();
    await open.dialog.typeFile(guestFile('rust-bytes/guest'));
    await open.dialog.option('version').waitFor();
    assert.equal(await open.dialog.exportName.inputValue(), 'greet');
    await open.dialog.typeFile('not-there.wasm');
    await page.locator('.wasm-function-card', { hasText: 'There is no file' }).waitFor();
    assert.equal(
      await open.dialog.exportName.inputValue(),
      'greet',
      'nothing is known of a module that cannot be read',
    );
    await open.dialog.typeFile(guestFile('wat/loop'));
    const notice = page.locator('#wasm-function-notice', { hasText: 'no function "greet"' });
    await notice.waitFor();
    assert.equal(await open.dialog.exportName.inputValue(), '');
    await open.dialog.option('spin').click();
    await notice.waitFor({ state: 'hidden' });
  });

  test('what is said of a name that was cleared goes with the next file', async () => {
    const { page } = open;
    await open.editor.edit('other');
    await open.dialog.option('greet').waitFor();
    await open.dialog.typeFile(guestFile('wat/loop'));
    const notice = page.locator('#wasm-function-notice', { hasText: 'no function "greet"' });
    await notice.waitFor();
    await open.dialog.typeFile('not-there.wasm');
    await notice.waitFor({ state: 'hidden' });
  });

  test('of many exports the chosen one is on top, and how many are not listed is said', async () => {
    const { editor, dialog, page } = open;
    await editor.edit('many');
    await dialog.option('f2999').waitFor();
    assert.deepEqual((await dialog.listed()).slice(0, 2), ['f2999', 'f']);
    const notes = page.locator('.wasm-function-exports-note');
    assert.match((await notes.allInnerTexts()).join('\n'), /^\d+ more: type a part[^]*^\d+ more are not listed/m);
    await dialog.option('f7 (').click();
    assert.deepEqual((await dialog.listed()).slice(0, 2), ['f2999', 'f'], 'no row moves while it is pointed at');
    await editor.confirmDialog();
    await editor.edit('many');
    await dialog.option('f7 (').waitFor();
    assert.deepEqual((await dialog.listed()).slice(0, 2), ['f7', 'f']);
  });

  test('of a file that is damaged nothing is said that could not be read', async () => {
    await open.editor.edit('damaged');
    await open.dialog.card.filter({ hasText: 'damaged' }).waitFor();
    assert.doesNotMatch(await open.dialog.card.innerText(), /Imports|Memory/);
  });

  test('the card says what a module imports and what is not supplied', async () => {
    const { page } = open;
    await open.editor.edit('other');
    await page.locator('.wasm-function-card', { hasText: '8, all supplied' }).waitFor();
    await page.locator('.wasm-function-card summary').press('Enter');
    await page.locator('.wasm-function-card li', { hasText: '__wbg_error' }).first().waitFor();
    assert.match(await open.dialog.card.innerText(), /supplied by the wasm-bindgen glue[^]*1\.1 MiB to begin with/);
    await open.dialog.typeFile(guestFile('wat/imports'));
    await page
      .locator('.wasm-function-card li.wasm-function-warning, .wasm-function-card .wasm-function-warning code')
      .first()
      .waitFor();
    assert.match(await open.dialog.card.innerText(), /2, of which 2 are not supplied[^]*env now/);
    assert.ok(await open.dialog.tryButton.isHidden(), 'what is refused cannot be tried');
  });

  test('the help says what goes in, what comes out, and which errors there are', async () => {
    const { page } = open;
    const help = await page.evaluate(() => {
      const red = (window as unknown as { RED: { nodes: { getNodeHelp(type: string): string } } }).RED;
      return red.nodes.getNodeHelp('wasm-function');
    });
    assert.equal(help.match(/<dl class="message-properties">/g)?.length, 2);
    assert.equal(help.match(/<dt>/g)?.length, 3);
    assert.match(help, /<li><code>timeout<\/code>:/);
    assert.equal(await open.editor.helpOverflow('wasm-function'), 0, 'it does not scroll sideways');
  });

  test('no error reached the console', () => {
    assert.deepEqual(open.editor.errors, []);
  });
});
