/** Trying a call in the dialog, before anything is deployed. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { guestFile } from '../support/guests';
import { NodeRed, eventually } from '../support/node-red';
import { FunctionDialog, functionNode } from '../support/wasm-function-dialog';

const loop = { file: guestFile('wat/loop'), export: 'spin' };
const flows = [
  { id: 'tab', type: 'tab', label: 'Flow', disabled: true },
  functionNode('triple', 60, { file: 'triple/pkg/triple_lib_bg.wasm' }),
  functionNode('bindgen', 120, { file: guestFile('rust-bindgen/guest'), export: 'repeat' }),
  functionNode('loop', 180, { ...loop, timeout: 60 }),
  functionNode('short', 240, { ...loop, timeout: 0.2 }),
  functionNode('by-message', 300, { file: 'module', fileType: 'msg' }),
];

describe('trying a call in the dialog', { skip: noBrowser }, () => {
  let nodeRed: NodeRed;
  let editor: Editor;
  let dialog: FunctionDialog;

  before(async () => {
    nodeRed = await NodeRed.start({ flows, settings: editorSettings });
    editor = await Editor.open(nodeRed);
    dialog = new FunctionDialog(editor.page);
  });
  after(async () => {
    await nodeRed.stop();
    await editor.close();
  });
  afterEach(() => editor.cancelDialog());

  async function startLoop(): Promise<void> {
    await editor.edit('loop');
    await dialog.tryButton.click();
    await dialog.tryButton.filter({ hasText: 'Stop' }).waitFor();
  }

  test('a number goes in and the result is shown with the time it took', async () => {
    await editor.edit('triple');
    await dialog.argument.fill('14');
    await dialog.argument.press('Enter');
    await dialog.outcome.locator('.red-ui-debug-msg-type-number', { hasText: '42' }).waitFor();
    assert.match(await dialog.outcome.innerText(), /triple \(f64\) → f64\s*[\d.]+ ms/);
  });

  test('what came of it is scrolled into view', async () => {
    const { page } = editor;
    await editor.edit('triple');
    await dialog.option('triple').waitFor();
    const whole = page.viewportSize() ?? { width: 1280, height: 900 };
    try {
      await page.setViewportSize({ width: whole.width, height: 560 });
      await dialog.argument.fill('14');
      await dialog.argument.press('Enter');
      await dialog.outcome.locator('.red-ui-debug-msg-type-number', { hasText: '42' }).waitFor();
      const below = await dialog.outcome.evaluate((outcome) => {
        const body = outcome.closest('.red-ui-tray-body')?.getBoundingClientRect();
        return outcome.getBoundingClientRect().bottom - (body?.bottom ?? 0);
      });
      assert.ok(below < 0, `it ends ${String(below)} pixels below the tray`);
    } finally {
      await page.setViewportSize(whole);
    }
  });

  test('several arguments are an array, text comes out as text', async () => {
    await editor.edit('bindgen');
    await dialog.option('repeat').waitFor();
    assert.equal(await dialog.argument.getAttribute('placeholder'), '(text: string, times: i32)');
    await dialog.argument.fill('["ab", 3]');
    await dialog.tryButton.click();
    await dialog.outcome.locator('.red-ui-debug-msg-type-string', { hasText: 'ababab' }).waitFor();
  });

  test('an error is shown with its code and the words of the module', async () => {
    await editor.edit('bindgen');
    await dialog.option('fail').click();
    await dialog.argument.fill('no coffee left');
    await dialog.tryButton.click();
    await dialog.outcome.locator('.wasm-function-warning').waitFor();
    assert.match(await dialog.outcome.innerText(), /^(guest|trap)\b[^]*no coffee left/);
    await dialog.option('add').click();
    // what came of one function says nothing of another
    await dialog.outcome.waitFor({ state: 'hidden' });
    await dialog.argument.fill('[1.5, 2]');
    await dialog.tryButton.click();
    await dialog.outcome.getByText('arguments', { exact: true }).waitFor();
  });

  test('an endless loop ends with the time limit', async () => {
    await editor.edit('short');
    await dialog.tryButton.click();
    await dialog.outcome.getByText('timeout', { exact: true }).waitFor();
    await dialog.tryButton.filter({ hasText: 'Try' }).waitFor();
  });

  test('Stop ends a call before its time limit', async () => {
    await startLoop();
    await dialog.tryButton.click();
    await dialog.outcome.getByText('Stopped.').waitFor();
    await dialog.tryButton.filter({ hasText: 'Try' }).waitFor();
  });

  test('a call ends with the dialog', async () => {
    const { page } = editor;
    const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/wasm-function/try'));
    await startLoop();
    await editor.cancelDialog();
    assert.match((await failed).failure()?.errorText ?? '', /ABORTED/);
    await eventually('the next call runs', async () => {
      const response = await nodeRed.fetch('/wasm-function/try', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ file: 'triple/pkg/triple_lib_bg.wasm', argument: { type: 'num', value: '2' } }),
      });
      return ((await response.json()) as { value?: { msg: string } }).value?.msg === '6';
    });
  });

  test('a path that comes with each message offers no trial', async () => {
    const { page } = editor;
    await editor.edit('by-message');
    await page.locator('.wasm-function-card', { hasText: 'comes with each message' }).waitFor();
    assert.ok(await dialog.tryButton.isHidden());
  });

  test('no error reached the console', () => {
    assert.deepEqual(editor.errors, []);
  });
});
