/** Choosing a module in the dialog: completion, the list of what is there, uploads. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestBytes, guestFile } from '../support/guests';
import { repository } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const flows = [{ id: 'tab', type: 'tab', label: 'Flow', disabled: true }, functionNode('node', 100)];

describe('choosing a module in the dialog', { skip: noBrowser }, () => {
  let folder: string;
  const open = new FunctionEditor(flows, {
    async prepare({ userDirectory }) {
      const uploads = join(userDirectory, 'wasm');
      await mkdir(join(uploads, 'filters'), { recursive: true });
      await writeFile(join(uploads, 'add.wasm'), await guestBytes('wat/add'));
      await writeFile(join(uploads, 'filters', 'swap.wasm'), await guestBytes('wat/swap'));
    },
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modules-'));
    await copyFile(join(repository, 'triple/pkg/triple_lib_bg.wasm'), join(folder, 'scale_bg.wasm'));
    await copyFile(join(repository, 'triple/pkg/triple_lib.d.ts'), join(folder, 'scale.d.ts'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function stored(name: string): Promise<Buffer> {
    return readFile(join(open.nodeRed.userDirectory, 'wasm', name));
  }

  /** The question covers the editor until it has faded away. */
  async function answer(button: string): Promise<void> {
    const question = open.page.locator('.red-ui-notification');
    await question.getByRole('button', { name: button }).click();
    await question.waitFor({ state: 'detached' });
  }

  test('what is typed is completed folder by folder, with the keyboard', async () => {
    const { page } = open;
    await open.editor.edit('node');
    await open.dialog.file.focus();
    await page.keyboard.type('fil');
    await page.locator('.red-ui-autoComplete-container a', { hasText: 'filters/' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.red-ui-autoComplete-container a', { hasText: 'filters/swap.wasm' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await open.dialog.option('swap').waitFor();
    assert.equal(await open.dialog.file.inputValue(), 'filters/swap.wasm');
  });

  test('a module is chosen from those that are there, uploads first', async () => {
    const { page } = open;
    await open.editor.edit('node');
    await page.getByRole('button', { name: 'Choose from the modules that are there' }).press('Enter');
    const entry = page.locator('.wasm-function-modules a').first();
    assert.match(await entry.innerText(), /add\.wasm\s*\d+ B · uploaded/);
    await page.locator('.wasm-function-modules a:focus').waitFor();
    await page.keyboard.press('Enter');
    await open.dialog.option('add (i32, i32) → i32').waitFor();
    assert.equal(await open.dialog.file.inputValue(), 'add.wasm');
  });

  test('a module is uploaded by the button', async () => {
    const { page } = open;
    await open.editor.edit('node');
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Upload a .wasm file' }).press('Enter');
    await (await chooser).setFiles(guestFile('wat/counter'));
    await open.dialog.card.filter({ hasText: 'Numbers' }).waitFor();
    assert.equal(await open.dialog.file.inputValue(), 'counter.wasm');
    assert.deepEqual(new Uint8Array(await stored('counter.wasm')), await guestBytes('wat/counter'));
  });

  test('a module and its declarations are dropped onto the dialog together', async () => {
    await open.editor.edit('node');
    await open.dialog.drop('#wasm-function-module', [join(folder, 'scale.d.ts'), join(folder, 'scale_bg.wasm')]);
    await open.dialog.option('triple').waitFor();
    assert.equal(await open.dialog.file.inputValue(), 'scale_bg.wasm');
    assert.deepEqual(await stored('scale.d.ts'), await readFile(join(folder, 'scale.d.ts')));
  });

  test('another file of that name is replaced only when the user agrees', async () => {
    const replacement = join(folder, 'add.wasm');
    await copyFile(guestFile('wat/triple'), replacement);
    await open.editor.edit('node');
    await open.dialog.drop('#wasm-function-module', [replacement]);
    await answer('Cancel');
    assert.deepEqual(new Uint8Array(await stored('add.wasm')), await guestBytes('wat/add'));
    await open.dialog.drop('#wasm-function-module', [replacement]);
    await answer('Replace');
    await open.dialog.option('triple').waitFor();
    assert.deepEqual(new Uint8Array(await stored('add.wasm')), await guestBytes('wat/triple'));
  });

  test('the same file once more is taken without a question', async () => {
    const { page, editor, dialog } = open;
    await writeFile(join(folder, 'again.wasm'), await guestBytes('wat/counter'));
    for (const round of [1, 2]) {
      await editor.edit('node');
      await dialog.drop('#wasm-function-module', [join(folder, 'again.wasm')]);
      await dialog.card.filter({ hasText: 'Numbers' }).waitFor();
      assert.equal(await dialog.file.inputValue(), 'again.wasm', `round ${String(round)}`);
      assert.equal(await page.locator('.red-ui-notification').count(), 0);
      await editor.cancelDialog();
    }
  });

  test('of source code it is said how to make a module of it', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('node');
    for (const [name, command] of [
      ['mean.c', /clang [^]* -o mean\.wasm mean\.c/],
      ['lib.rs', /wasm-pack build/],
      ['main.go', /tinygo build [^]* -o main\.wasm/],
      ['celsius.ts', /asc celsius\.ts -o celsius\.wasm/],
    ] as const) {
      await writeFile(join(folder, name), '');
      await dialog.drop('#wasm-function-module', [join(folder, name)]);
      const notice = page.locator('.red-ui-notification', { hasText: name });
      await notice.waitFor();
      assert.match(await notice.locator('code').innerText(), command);
      assert.match(await notice.innerText(), /README[^]*"Your own module in two minutes"/);
      await notice.getByRole('button', { name: 'Close' }).click();
      await notice.waitFor({ state: 'detached' });
    }
  });

  test('what is no module is not stored, and the reason is shown', async () => {
    const { page } = open;
    await writeFile(join(folder, 'page.wasm'), '<!DOCTYPE html><html></html>');
    await open.editor.edit('node');
    await open.dialog.drop('#wasm-function-module', [join(folder, 'page.wasm')]);
    await page.locator('.red-ui-notification', { hasText: 'HTML' }).first().waitFor();
    await open.dialog.drop('#wasm-function-module', [join(folder, 'scale.d.ts')]);
    await page.locator('.red-ui-notification', { hasText: 'no .wasm file among these' }).first().waitFor();
    await assert.rejects(stored('page.wasm'), { code: 'ENOENT' });
  });
});
