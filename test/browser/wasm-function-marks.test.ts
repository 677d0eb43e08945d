/** A node whose module or export cannot be used is marked in the editor, also once its dialog is closed. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { noBrowser } from '../support/browser';
import { FunctionEditor } from '../support/function-editor';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  functionNode('refused', 60, { file: 'page.wasm' }),
  functionNode('several', 120, { file: guestFile('rust-bindgen/guest') }),
  functionNode('asked', 180, { file: guestFile('rust-bytes/guest'), export: 'greet' }),
  functionNode('hasty', 240, { file: guestFile('wat/add') }),
];

interface Validated {
  readonly RED: { nodes: { node(id: string): { valid: boolean; validationErrors?: string[] } } };
}

describe('a wasm-function node that cannot be called', { skip: noBrowser }, () => {
  const open = new FunctionEditor(flows, {
    prepare: ({ userDirectory }) => writeFile(join(userDirectory, 'page.wasm'), '<!DOCTYPE html><html></html>'),
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

  test('is looked at no more where another file is chosen, or the dialog is closed', async () => {
    const { page, editor, dialog } = open;
    const held = '**/wasm-function/describe';
    const asked: string[] = [];
    const ended: string[] = [];
    const fileOf = (request: { postData(): string | null }): string =>
      (JSON.parse(request.postData() ?? '{}') as { file: string }).file;
    page.on('requestfailed', (request) => {
      if (request.url().endsWith('/describe')) ended.push(fileOf(request));
    });
    // never answered
    await page.route(held, (route) => void asked.push(fileOf(route.request())));
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
    await page.unroute(held);
  });

  test('no error reached the console', () => {
    assert.deepEqual(open.editor.errors, []);
  });
});
