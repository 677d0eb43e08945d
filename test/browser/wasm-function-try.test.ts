/** Trying a call in the dialog, before anything is deployed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

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
  const open = new FunctionEditor(flows);

  async function startLoop(): Promise<void> {
    await open.editor.edit('loop');
    await open.dialog.tryButton.click();
    await open.dialog.tryButton.filter({ hasText: 'Stop' }).waitFor();
  }

  test('a number goes in and the result is shown with the time it took', async () => {
    await open.editor.edit('triple');
    await open.dialog.argument.fill('14');
    await open.dialog.argument.press('Enter');
    await open.dialog.outcome.locator('.red-ui-debug-msg-type-number', { hasText: '42' }).waitFor();
    assert.match(await open.dialog.outcome.innerText(), /triple \(f64\) → f64\s*[\d.]+ ms/);
  });

  test('what came of it is scrolled into view', async () => {
    const { page } = open;
    await open.editor.edit('triple');
    await open.dialog.option('triple').waitFor();
    const whole = page.viewportSize() ?? { width: 1280, height: 900 };
    try {
      await page.setViewportSize({ width: whole.width, height: 560 });
      await open.dialog.argument.fill('14');
      await open.dialog.argument.press('Enter');
      await open.dialog.outcome.locator('.red-ui-debug-msg-type-number', { hasText: '42' }).waitFor();
      const below = await open.dialog.outcome.evaluate((outcome) => {
        const body = outcome.closest('.red-ui-tray-body')?.getBoundingClientRect();
        return outcome.getBoundingClientRect().bottom - (body?.bottom ?? 0);
      });
      assert.ok(below < 0, `it ends ${String(below)} pixels below the tray`);
    } finally {
      await page.setViewportSize(whole);
    }
  });

  test('several arguments are an array, text comes out as text', async () => {
    await open.editor.edit('bindgen');
    await open.dialog.option('repeat').waitFor();
    assert.equal(await open.dialog.argument.getAttribute('placeholder'), '["text", 2]');
    await open.dialog.argument.fill('["ab", 3]');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.locator('.red-ui-debug-msg-type-string', { hasText: 'ababab' }).waitFor();
  });

  test('an error is shown with its code and the words of the module', async () => {
    await open.editor.edit('bindgen');
    await open.dialog.option('fail').click();
    await open.dialog.argument.fill('no coffee left');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.locator('.wasm-function-warning').waitFor();
    assert.match(await open.dialog.outcome.innerText(), /^(guest|trap)\b[^]*no coffee left/);
    await open.dialog.option('add').click();
    // what came of one function says nothing of another
    await open.dialog.outcome.waitFor({ state: 'hidden' });
    await open.dialog.argument.fill('[1.5, 2]');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.getByText('arguments', { exact: true }).waitFor();
  });

  test('an endless loop ends with the time-out', async () => {
    await open.editor.edit('short');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.getByText('timeout', { exact: true }).waitFor();
    await open.dialog.tryButton.filter({ hasText: 'Try' }).waitFor();
  });

  test('Stop ends a call before its time-out', async () => {
    await startLoop();
    await open.dialog.tryButton.click();
    await open.dialog.outcome.getByText('Stopped.').waitFor();
    await open.dialog.tryButton.filter({ hasText: 'Try' }).waitFor();
  });

  test('a call ends with the dialog', async () => {
    const { page } = open;
    const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/wasm-function/try'));
    await startLoop();
    await open.editor.cancelDialog();
    assert.match((await failed).failure()?.errorText ?? '', /ABORTED/);
    await eventually('the next call runs', async () => {
      const response = await open.nodeRed.fetch('/wasm-function/try', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ file: 'triple/pkg/triple_lib_bg.wasm', argument: { type: 'num', value: '2' } }),
      });
      return ((await response.json()) as { value?: { msg: string } }).value?.msg === '6';
    });
  });

  test('a path that comes with each message offers no trial', async () => {
    const { page } = open;
    await open.editor.edit('by-message');
    await page.locator('.wasm-function-card', { hasText: 'comes with each message' }).waitFor();
    assert.ok(await open.dialog.tryButton.isHidden());
  });

  test('no error reached the console', () => {
    assert.deepEqual(open.editor.errors, []);
  });
});
