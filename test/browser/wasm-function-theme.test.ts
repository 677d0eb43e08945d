/** The dialog in the dark theme, which Node-RED has from version 5 on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noBrowser, type Editor } from '../support/browser';
import { texts } from '../support/contrast';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { nodeRedVersion } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow', disabled: true },
  functionNode('bytes', 60, { file: guestFile('rust-bytes/guest'), export: 'greet' }),
  functionNode('triple', 120, { file: 'triple/pkg/triple_lib_bg.wasm' }),
  functionNode('failing', 300, { file: guestFile('rust-bindgen/guest'), export: 'fail' }),
  functionNode('imports', 180, { file: guestFile('wat/imports') }),
  functionNode('wrong', 240, { file: guestFile('wat/add'), export: 'gone', timeout: 'soon', signature: 'any' }),
];

/** Of text with what is behind it, at least: level AA of WCAG 2. */
const READABLE = 4.5;

const isTooOld = Number.parseInt(nodeRedVersion, 10) < 5 && `Node-RED ${nodeRedVersion} has no dark theme`;

/** In the user settings of the editor. */
async function chooseTheme(editor: Editor, theme: 'light' | 'dark'): Promise<void> {
  const { page } = editor;
  await page.evaluate(() => {
    (window as unknown as { RED: { actions: { invoke(name: string): void } } }).RED.actions.invoke(
      'core:show-user-settings',
    );
  });
  await page.locator('#user-settings-view-dark-theme').selectOption(theme);
  await editor.leaveTray('#node-dialog-ok');
  await page.locator(theme === 'dark' ? 'html.nr-theme-dark' : 'html:not(.nr-theme-dark)').waitFor();
}

describe('the wasm-function dialog in the dark theme', { skip: noBrowser || isTooOld }, () => {
  const open = new FunctionEditor(flows, { opened: (editor) => chooseTheme(editor, 'dark') });

  async function assertReadable(): Promise<void> {
    // the editor itself colours a button that has the focus or is pointed at
    await open.page.mouse.move(1, 1);
    await open.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const shown = await texts(open.page.locator('.wasm-function-dialog'));
    assert.ok(shown.length > 5, 'the dialog shows texts');
    assert.deepEqual(
      shown.filter(({ contrast }) => contrast < READABLE),
      [],
    );
  }

  test('the card, the list of exports and the question can be read', async () => {
    await open.editor.edit('bytes');
    await open.dialog.guide('takes').waitFor();
    await assertReadable();
  });

  test('what a call returned and why one failed can be read', async () => {
    await open.editor.edit('triple');
    await open.dialog.argument.fill('14');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.locator('.red-ui-debug-msg-type-number').waitFor();
    await assertReadable();
    await open.editor.cancelDialog();
    await open.editor.edit('failing');
    await open.dialog.option('fail').waitFor();
    await open.dialog.argument.fill('no coffee left');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.locator('.wasm-function-warning').waitFor();
    await assertReadable();
  });

  test('why a module is refused can be read', async () => {
    await open.editor.edit('imports');
    await open.page.locator('.wasm-function-card li .wasm-function-warning').first().waitFor();
    await assertReadable();
  });

  test('the reasons at wrong values can be read, on each tab', async () => {
    await open.editor.edit('wrong');
    await open.page.locator('#node-input-export-reason').waitFor();
    for (const tab of ['Values', 'Limits', 'Function']) {
      await open.dialog.openTab(tab);
      await open.page.locator('.dialog-reason:visible').first().waitFor();
      await assertReadable();
    }
  });
});
