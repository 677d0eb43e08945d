/** A node whose module or export cannot be used is marked in the editor, also once its dialog is closed. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const TRIPLE = 'triple/pkg/triple_lib_bg.wasm';
const PAGE = '<!DOCTYPE html><html></html>';
const DESCRIBE = '**/wasm-function/describe';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  functionNode('refused', 60, { file: 'page.wasm' }),
  functionNode('several', 120, { file: guestFile('rust-bindgen/guest') }),
  functionNode('asked', 180, { file: guestFile('rust-bytes/guest'), export: 'greet' }),
  functionNode('hasty', 240, { file: guestFile('wat/add') }),
  functionNode('unfit', 300, { file: TRIPLE, export: 'triple', signature: '(string) -> string' }),
  functionNode('in-place', 360, { file: guestFile('rust-bytes/guest'), export: 'greet', convention: 'in-place' }),
  functionNode('hurried', 420, { file: guestFile('wat/add') }),
  functionNode('one', 480, { file: 'mended.wasm', export: 'add' }),
  functionNode('other', 540, { file: 'mended.wasm' }),
  functionNode('threadless', 600, { file: guestFile('wat/triple') }),
];

interface Validated {
  readonly RED: { nodes: { node(id: string): { valid: boolean; validationErrors?: string[] } } };
}

interface Editing {
  readonly RED: { tray: { show(options: object): void; close(): void } };
  $(selector: string): { typedInput(command: 'value', value: string): void };
}

describe('a wasm-function node that cannot be called', { skip: noBrowser }, () => {
  const open = new FunctionEditor(flows, {
    async prepare({ userDirectory }) {
      for (const name of ['page.wasm', 'mended.wasm']) await writeFile(join(userDirectory, name), PAGE);
    },
  });

  /** What the editor says is wrong with a node that is not being edited. */
  async function faults(id: string): Promise<string[]> {
    const { valid, errors } = await open.page.evaluate((node) => {
      const { valid: isValid, validationErrors = [] } = (window as unknown as Validated).RED.nodes.node(node);
      return { valid: isValid, errors: validationErrors };
    }, id);
    assert.equal(valid, errors.length === 0);
    assert.doesNotMatch(errors.join(), /</);
    return errors;
  }

  async function untilMarked(id: string): Promise<void> {
    await open.page.locator(`[id="${id}"] .red-ui-flow-node-error`).waitFor();
  }

  async function untilUnmarked(id: string): Promise<void> {
    await open.page.locator(`[id="${id}"] .red-ui-flow-node-error`).waitFor({ state: 'hidden' });
  }

  test('is not marked while nobody has looked at its module', async () => {
    for (const { id, type } of flows) {
      if (type !== 'tab') assert.deepEqual(await faults(id), [], id);
    }
  });

  test('is marked when its module is refused: in the dialog, after Done, and by a question of Deploy', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('refused');
    await page.locator('#node-input-file-reason', { hasText: 'cannot be used' }).waitFor();
    await page.locator('#node-input-file.input-error').waitFor({ state: 'attached' });
    await page.getByRole('tab', { name: 'Function' }).getByRole('img', { name: 'corrected' }).waitFor();
    await page.locator('#node-input-name').fill('no module');
    await editor.confirmDialog();
    await untilMarked('refused');
    assert.match((await faults('refused')).join(), /^module: it cannot be used/);
    await editor.edit('refused');
    await dialog.typeFile(guestFile('wat/add'));
    await dialog.option('add').waitFor();
    await page.locator('#node-input-file-reason').waitFor({ state: 'detached' });
    await editor.cancelDialog();
    assert.equal((await faults('refused')).length, 1, 'what was not confirmed counts for nothing');

    await page.locator('#red-ui-header-button-deploy').click();
    const question = page.locator('.red-ui-notification', { hasText: 'not properly configured' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });

    await editor.edit('refused');
    await dialog.typeFile(guestFile('wat/add'));
    await dialog.option('add').waitFor();
    await editor.confirmDialog();
    await untilUnmarked('refused');
    assert.deepEqual(await faults('refused'), []);
  });

  test('is marked while it has several functions and none is chosen', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('several');
    await page.locator('#node-input-export-reason', { hasText: 'choose one' }).waitFor();
    await editor.confirmDialog();
    await untilMarked('several');
    await editor.edit('several');
    await dialog.option('greet').click();
    await page.locator('#node-input-export-reason').waitFor({ state: 'detached' });
    await editor.confirmDialog();
    await untilUnmarked('several');
  });

  test('is marked until it is said what the export takes and returns', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('asked');
    await page.locator('#node-input-export-reason', { hasText: 'has to be said' }).waitFor();
    await editor.confirmDialog();
    await untilMarked('asked');
    await editor.edit('asked');
    await dialog.guide('takes').selectOption({ label: 'text' });
    await page.locator('#node-input-export-reason').waitFor();
    await dialog.guide('returns').selectOption({ label: 'text' });
    await page.locator('#node-input-export-reason').waitFor({ state: 'detached' });
    await editor.confirmDialog();
    await untilUnmarked('asked');
  });

  test('is marked also where Done is pressed before the module was described', async () => {
    const { editor, dialog } = open;
    await editor.edit('hasty');
    await dialog.option('add').waitFor();
    await dialog.file.fill('nothing-there.wasm');
    await editor.confirmDialog();
    await untilMarked('hasty');
    await editor.edit('hasty');
    await dialog.file.fill(guestFile('wat/triple'));
    await editor.confirmDialog();
    await untilUnmarked('hasty');
  });

  test('is marked while its export cannot be called with its signature, for which the runtime says why', async () => {
    const { page, editor } = open;
    const reason = page.locator('#node-input-signature-reason');
    await editor.edit('unfit');
    await reason.filter({ hasText: /cannot be called with it – [^]*\(string\) → string[^]* does not fit / }).waitFor({
      state: 'attached',
    });
    await page.getByRole('tab', { name: 'Values' }).getByRole('img', { name: 'corrected' }).waitFor();
    await editor.confirmDialog();
    await untilMarked('unfit');
    assert.deepEqual(await faults('unfit'), ['signature: the export cannot be called with it']);
    await editor.edit('unfit');
    await open.dialog.openTab('Values');
    await reason.waitFor();
    await page.locator('#node-input-signature').fill('(f64) -> f64');
    await page.locator('#node-input-signature').blur();
    await reason.waitFor({ state: 'detached' });
    await editor.confirmDialog();
    await untilUnmarked('unfit');
  });

  test('is marked also where the signature is mended into one that does not fit, and Done pressed at once', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('unfit');
    await dialog.option('triple').waitFor();
    await dialog.openTab('Values');
    await page.locator('#node-input-signature').fill('(f64, f64) -> f64');
    await editor.confirmDialog();
    await untilMarked('unfit');
  });

  test('is marked while its export cannot be called with its convention', async () => {
    const { page, editor, dialog } = open;
    const reason = page.locator('#node-input-convention-reason');
    await editor.edit('in-place');
    await reason.filter({ hasText: 'cannot be called with it' }).waitFor({ state: 'attached' });
    await editor.confirmDialog();
    await untilMarked('in-place');
    await editor.edit('in-place');
    await dialog.openTab('Values');
    await page.locator('#node-input-convention').selectOption('packed');
    await reason.waitFor({ state: 'detached' });
    await editor.confirmDialog();
    await untilUnmarked('in-place');
  });

  test('is marked by an answer that comes after its dialog was confirmed, opened again and cancelled', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('hurried');
    await dialog.option('add').waitFor();
    const held: (() => Promise<void>)[] = [];
    await page.route(DESCRIBE, (route) => void held.push(() => route.continue()));
    await dialog.file.fill('nothing-there.wasm');
    await editor.confirmDialog();
    await eventually('the module is asked for', () => held.length > 0);
    await editor.edit('hurried');
    await eventually('it is asked for by the dialog', () => held.length > 1);
    await editor.cancelDialog();
    assert.deepEqual(await faults('hurried'), [], 'nothing is known of it yet');
    await page.unroute(DESCRIBE);
    // what the dialog asked has ended with it
    await Promise.all(held.map((go) => go().catch(() => undefined)));
    await untilMarked('hurried');
  });

  test('is marked no more once its module is mended, in whichever dialog that is seen', async () => {
    const { editor, dialog, nodeRed } = open;
    for (const id of ['one', 'other']) {
      await editor.edit(id);
      await dialog.card.filter({ hasText: 'HTML' }).waitFor();
      await editor.confirmDialog();
      await untilMarked(id);
    }
    await copyFile(guestFile('wat/add'), join(nodeRed.userDirectory, 'mended.wasm'));
    await editor.edit('other');
    await dialog.option('add').waitFor();
    await editor.confirmDialog();
    await untilUnmarked('other');
    await untilUnmarked('one');
    assert.deepEqual(await faults('one'), []);
  });

  test('is not marked where the runtime had no thread to look at its module with', async () => {
    const { page, editor, dialog } = open;
    const error = { code: 'closed', message: 'No worker thread could be started (ERR_WORKER_INIT_FAILED).' };
    await page.route(DESCRIBE, (route) => route.fulfill({ json: { error } }));
    await editor.edit('threadless');
    await dialog.card.filter({ hasText: 'No worker thread' }).waitFor();
    await page.locator('#node-input-name').fill('not looked at');
    await editor.confirmDialog();
    await page.unroute(DESCRIBE);
    assert.deepEqual(await faults('threadless'), []);
  });

  test('is looked at again when the dialog comes back from below another one', async () => {
    const { page, editor, dialog } = open;
    await editor.edit('hasty');
    await dialog.option('triple').waitFor();
    await page.route(DESCRIBE, () => undefined);
    await dialog.typeFile('first.wasm');
    const busy = page.locator('#wasm-function-module[aria-busy]');
    await busy.waitFor();
    const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/describe'));
    const trays = page.locator('.red-ui-tray');
    await page.evaluate((file) => {
      const { RED, $ } = window as unknown as Editing;
      // in one go: the dialog is out of the document before the pause after typing is over
      $('#node-input-file').typedInput('value', file);
      RED.tray.show({ title: 'above', width: 400 });
    }, guestFile('wat/swap'));
    await trays.filter({ hasText: 'above' }).waitFor();
    await page.locator('#wasm-function-module').waitFor({ state: 'detached' });
    // the pause after typing is over: what was asked before is given up, and nothing can be asked yet
    await ended;
    await page.unroute(DESCRIBE);
    await page.evaluate(() => (window as unknown as Editing).RED.tray.close());
    await dialog.option('swap').waitFor();
    await busy.waitFor({ state: 'detached' });
  });

  test('is looked at no more where another file is chosen, or the dialog is closed', async () => {
    const { page, editor, dialog } = open;
    const asked: string[] = [];
    const ended: string[] = [];
    const fileOf = (request: { postData(): string | null }): string =>
      (JSON.parse(request.postData() ?? '{}') as { file: string }).file;
    page.on('requestfailed', (request) => {
      if (request.url().endsWith('/describe')) ended.push(fileOf(request));
    });
    // never answered
    await page.route(DESCRIBE, (route) => void asked.push(fileOf(route.request())));
    const until = (what: string, list: string[], file: string): Promise<boolean> =>
      eventually(`${file} is ${what}`, () => list.includes(file));
    await editor.edit('hasty');
    await dialog.typeFile('first.wasm');
    await until('asked for', asked, 'first.wasm');
    await dialog.typeFile('second.wasm');
    await until('given up', ended, 'first.wasm');
    await until('asked for', asked, 'second.wasm');
    await editor.cancelDialog();
    await until('given up', ended, 'second.wasm');
    await page.unroute(DESCRIBE);
  });

  test('no error reached the console', () => {
    assert.deepEqual(open.editor.errors, []);
  });
});
