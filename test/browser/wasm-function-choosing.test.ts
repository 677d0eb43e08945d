/** Choosing a function and answering what it takes: what is shown keeps step with what is typed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const rust = guestFile('rust-bindgen/guest');
const flows = [
  { id: 'tab', type: 'tab', label: 'Flow', disabled: true },
  functionNode('rust', 60, { file: rust, export: 'greet' }),
  functionNode('wrong', 120, { file: rust, export: 'ad' }),
  functionNode('bytes', 180, { file: guestFile('rust-bytes/guest') }),
  functionNode('pages', 240, { file: guestFile('wat/grow') }),
];

describe('choosing a function in the dialog', { skip: noBrowser }, () => {
  const open = new FunctionEditor(flows);

  test('a name that is typed whole counts at once: no reason contradicts it', async () => {
    const { page } = open;
    await open.editor.edit('wrong');
    await page.locator('#node-input-export-reason').waitFor();
    // without a key, as a mouse or a dictation does it
    await open.dialog.exportName.fill('add');
    await page.locator('#node-input-export-reason').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'node-input-export', 'it was not left');
  });

  test('what came of a trial goes as soon as another name is typed', async () => {
    await open.editor.edit('rust');
    await open.dialog.argument.fill('Ada');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.getByText('Ada').waitFor();
    await open.dialog.exportName.fill('rev');
    await open.dialog.outcome.waitFor({ state: 'hidden' });
  });

  test('an arrow leads to the export that is chosen, and Enter takes that one', async () => {
    const { page } = open;
    await open.editor.edit('rust');
    await open.dialog.option('greet').waitFor();
    await open.dialog.exportName.fill('reverse');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await open.dialog.exportName.inputValue(), 'reverse');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    assert.equal(await open.dialog.exportName.inputValue(), 'reverse');
  });

  test('the first click on Try counts, also where the field of the export is left by it', async () => {
    const { page } = open;
    await open.editor.edit('rust');
    await open.dialog.option('greet').waitFor();
    await open.dialog.exportName.selectText();
    // the search leaves few rows; the list has all of them again once the field is left
    await page.keyboard.type('gree');
    await open.dialog.exportName.press('t');
    await open.dialog.argument.fill('Ada');
    await open.dialog.exportName.fill('gre');
    const button = await open.dialog.tryButton.boundingBox();
    assert.ok(button);
    await page.mouse.move(button.x + button.width / 2, button.y + button.height / 2);
    const asked = page.waitForRequest((request) => request.url().endsWith('/wasm-function/try'));
    await page.mouse.down();
    await page.mouse.up();
    await asked;
    await open.dialog.option('add').first().waitFor();
  });

  test('nothing is said of an export that was cleared where the only other one was chosen by itself', async () => {
    const { page } = open;
    await open.editor.edit('rust');
    await open.dialog.option('greet').waitFor();
    await open.dialog.typeFile(guestFile('wat/add'));
    await eventually('the other module is shown', async () => (await open.dialog.listed()).join() === 'add');
    assert.equal(await open.dialog.exportName.inputValue(), '');
    assert.ok(await page.locator('#wasm-function-notice').isHidden());
  });

  test('what an export takes is asked with the likeliest first, and several values apart from it', async () => {
    await open.editor.edit('bytes');
    await open.dialog.option('greet').click();
    const takes = open.dialog.guide('takes');
    const first = await takes.locator('> option').allInnerTexts();
    assert.deepEqual(first, ['choose…', 'text', 'bytes (a Buffer)', 'an object, as JSON', 'plain numbers: (i32, i32)']);
    assert.equal(await takes.locator('optgroup').getAttribute('label'), 'several values');
    assert.ok((await takes.locator('optgroup option').allInnerTexts()).includes('(string, i32)'));
  });

  test('text that was handed back in another way is shown with its length, and with what to choose', async () => {
    await open.editor.edit('bytes');
    await open.dialog.option('greet').click();
    await open.dialog.guide('takes').selectOption({ label: 'text' });
    await open.dialog.guide('returns').selectOption({ label: 'text' });
    await open.dialog.argument.fill('Ada');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.getByText('text of 11 characters').waitFor();
    assert.equal(await open.dialog.outcome.locator('.wasm-function-outcome-hint').count(), 0);
    await open.dialog.guide('convention').selectOption('packed-low');
    await open.dialog.tryButton.click();
    await open.dialog.outcome.locator('p', { hasText: 'Choose another “Handed back”' }).waitFor();
  });

  test('a path and the name of a property are kept apart', async () => {
    const { page } = open;
    await open.editor.edit('bytes');
    const type = (name: string): Promise<void> =>
      page.evaluate((value) => {
        const field = (window as unknown as { $(selector: string): { typedInput(...given: string[]): void } }).$(
          '#node-input-file',
        );
        field.typedInput('type', value);
      }, name);
    const path = await open.dialog.file.inputValue();
    assert.match(path, /guest\.wasm$/);
    await type('msg');
    assert.equal(await page.locator('#node-input-file').inputValue(), '');
    await page.locator('#node-input-file-reason').waitFor();
    await type('str');
    assert.equal(await open.dialog.file.inputValue(), path, 'who changes their mind has it again');
  });

  test('memory is told in KiB and MiB', async () => {
    await open.editor.edit('pages');
    await open.dialog.card.getByText(/^64 KiB to begin with(?:, at most [\d.]+ [KM]iB)?$/).waitFor();
  });

  test('the list of exports takes the room there is, and no more', async () => {
    const { page } = open;
    await open.editor.edit('rust');
    await open.dialog.option('greet').waitFor();
    const list = page.locator('#wasm-function-export-list');
    const overflow = (): Promise<number> =>
      list.evaluate((element) => {
        const body = element.closest('.red-ui-tray-body');
        return (body?.scrollHeight ?? 0) - (body?.clientHeight ?? 0);
      });
    // below the last row there is what is kept free for the outcome of a trial, and nothing else
    const free = await list.evaluate((element) => {
      const bottom = (selector: string): number => element.closest(selector)?.getBoundingClientRect().bottom ?? 0;
      return bottom('.red-ui-tray-body') - bottom('.wasm-function-dialog');
    });
    assert.ok(free > 90 && free < 110, `${String(free)} pixels are free`);
    assert.equal(await overflow(), 0);
    const whole = page.viewportSize() ?? { width: 1280, height: 900 };
    try {
      await page.setViewportSize({ width: whole.width, height: 500 });
      await page.waitForFunction(() => (document.querySelector('#wasm-function-export-list')?.clientHeight ?? 0) < 140);
    } finally {
      await page.setViewportSize(whole);
    }
  });

  test('the help fits into a sidebar that has a scrollbar', async () => {
    const { page } = open;
    await page.evaluate(() => {
      const { RED } = window as unknown as { RED: { sidebar: { help: { show(type: string): void } } } };
      RED.sidebar.help.show('wasm-function');
    });
    const help = page.locator('.red-ui-help').last();
    await page.locator('#red-ui-sidebar dl.message-properties').first().waitFor();
    // less than the sidebar has beside a scrollbar when the editor opens
    const beyond = await help.evaluate((element) => {
      element.style.width = '250px';
      return element.scrollWidth - 250;
    });
    assert.ok(beyond <= 0, `${String(beyond)} pixels`);
  });

  test('no error reached the console', () => {
    assert.deepEqual(open.editor.errors, []);
  });
});
