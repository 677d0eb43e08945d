/** The dialog without a mouse, enlarged, in the dark, and with wrong values. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { repository, requireNodeRed } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow', disabled: true },
  functionNode('fresh', 60),
  functionNode('bytes', 120, { file: guestFile('rust-bytes/guest'), export: 'greet' }),
  functionNode('wrong', 180, { file: guestFile('wat/add'), export: 'gone', timeout: 'soon', signature: 'any' }),
];

const TABS = ['Function', 'Values', 'Limits'];

describe('the wasm-function dialog for everybody', { skip: noBrowser }, () => {
  const open = new FunctionEditor(flows);

  /** Presses Tab until an element that matches has the focus. */
  async function tabTo(selector: string): Promise<void> {
    const { page } = open;
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab');
      const isThere = await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector);
      if (isThere) return;
    }
    assert.fail(`${selector} is not reached by Tab`);
  }

  test('from opening to Done with the keyboard alone', async () => {
    const { page } = open;
    await open.editor.edit('fresh');
    await page.locator('#node-input-name').focus();
    await tabTo('[role="tab"]');
    await tabTo('[aria-label="Module"]');
    await page.keyboard.type(guestFile('rust-bytes/guest'));
    await page.keyboard.press('Escape');
    await open.dialog.option('greet').waitFor();
    await tabTo('#node-input-export');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await tabTo('#wasm-function-guide-takes');
    await page.keyboard.type('text');
    await tabTo('#wasm-function-guide-returns');
    await page.keyboard.type('text');
    await tabTo('[aria-label="Argument to try"]');
    await page.keyboard.type('Ada');
    await tabTo('#wasm-function-try');
    await page.keyboard.press('Space');
    await open.dialog.outcome.getByText('Ada').waitFor();
    await page.locator('[role="tab"]').first().focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('[role="tab"][aria-selected="true"]').innerText(), 'Values');
    await page.keyboard.press('End');
    await tabTo('#node-input-timeout');
    await page.keyboard.type('2');
    await page.keyboard.press('Control+Enter');
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
    const saved = await page.evaluate(() => {
      const red = (window as unknown as { RED: { nodes: { node(id: string): Record<string, unknown> } } }).RED;
      const { export: name, signature, convention, timeout } = red.nodes.node('fresh');
      return { name, signature, convention, timeout };
    });
    assert.deepEqual(saved, {
      name: 'greet',
      signature: '(string) -> string',
      convention: 'packed',
      timeout: 2,
    });
  });

  test('why a value is refused is said at its field, at the tab, and to screen readers', async () => {
    const { page } = open;
    await open.editor.edit('wrong');
    await page.locator('#node-input-export-reason', { hasText: 'no function of this name' }).waitFor();
    assert.equal(await open.dialog.exportName.getAttribute('aria-describedby'), 'node-input-export-reason');
    for (const [tab, field, reason] of [
      ['Values', '#node-input-signature', /^signature: like/],
      ['Limits', '#node-input-timeout', /^time-out: seconds from 0\.001 to/],
    ] as const) {
      await page.getByRole('tab', { name: tab }).getByRole('img', { name: 'corrected' }).waitFor();
      await open.dialog.openTab(tab);
      await page.locator(`${field}.input-error[aria-invalid="true"]`).waitFor();
      assert.match(await page.locator(`${field}-reason`).innerText(), reason);
      await page.locator(field).fill('');
      await page.locator(`${field}-reason`).waitFor({ state: 'detached' });
      assert.equal(await page.getByRole('tab', { name: tab }).locator('.dialog-tab-mark').count(), 0);
    }
    await open.dialog.openTab('Function');
    await open.dialog.typeFile(' ');
    await page.locator('#node-input-file-reason', { hasText: 'choose a .wasm file' }).waitFor();
  });

  test('at one and a half times the size, and in a narrow tray, nothing is cut off', async () => {
    const { page } = open;
    const whole = page.viewportSize() ?? { width: 1280, height: 900 };
    try {
      for (const width of [Math.round(whole.width / 1.5), whole.width]) {
        await page.setViewportSize({ width, height: Math.round((whole.height * width) / whole.width) });
        await open.editor.edit('bytes');
        await open.dialog.guide('takes').waitFor();
        if (width === whole.width) {
          await page.locator('.wasm-function-dialog').evaluate((element) => (element.style.width = '260px'));
          await page.evaluate(() => (window as unknown as { RED: { tray: { resize(): void } } }).RED.tray.resize());
        }
        for (const tab of TABS) {
          await open.dialog.openTab(tab);
          assert.deepEqual(await cutOff(), [], `${tab} at ${String(width)} pixels`);
        }
        await open.editor.cancelDialog();
      }
    } finally {
      await page.setViewportSize(whole);
    }
  });

  /** What reaches beyond the right edge of the dialog. */
  async function cutOff(): Promise<string[]> {
    return open.page.locator('.wasm-function-dialog').evaluate((root) => {
      const edge = root.getBoundingClientRect().right + 1;
      return [...root.querySelectorAll<HTMLElement>('input, select, button, p, dd, [role], .form-row > *')]
        .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().right > edge)
        .map((element) => element.id || element.className);
    });
  }

  test('every colour is the theme’s: none is written into the dialog, and all variables exist', async () => {
    const html = await readFile(join(repository, 'dist/nodes/wasm-function/wasm-function.html'), 'utf8');
    const style = [...html.matchAll(/<style>([^]*?)<\/style>/g)].map(([, css]) => css).join('\n');
    assert.match(style, /\.dialog-reason/, 'the styles that dialogs share are in it');
    assert.doesNotMatch(style, /#[\da-f]{3,8}\b|\brgba?\(|\bhsla?\(|: (?:white|black|red|grey)\b/i);
    const client = dirname(requireNodeRed.resolve('@node-red/editor-client/package.json'));
    const theme = await readFile(join(client, 'public/red/style.min.css'), 'utf8');
    const used = new Set([...style.matchAll(/var\((--red-ui-[\w-]+)\)/g)].map(([, name]) => name!));
    assert.deepEqual(
      [...used].filter((name) => !theme.includes(`${name}:`)),
      [],
    );
  });

  test('it follows the theme when that changes', async () => {
    const { page } = open;
    await open.editor.edit('bytes');
    await open.dialog.option('greet').waitFor();
    const colours = (): Promise<string[]> =>
      page.evaluate(() =>
        ['.wasm-function-card', '.wasm-function-exports', '.wasm-function-guide'].map((each) => {
          const element = document.querySelector(each);
          return element === null ? 'missing' : getComputedStyle(element).borderTopColor;
        }),
      );
    const before = await colours();
    await page.addStyleTag({
      content:
        ':root { --red-ui-secondary-border-color: rgb(1, 2, 3); --red-ui-form-input-border-color: rgb(1, 2, 3); }',
    });
    const after = await colours();
    assert.equal(before.includes('missing'), false);
    assert.deepEqual(after, ['rgb(1, 2, 3)', 'rgb(1, 2, 3)', 'rgb(1, 2, 3)']);
  });
});
