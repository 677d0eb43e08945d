/** What is pictured: a table, so that a changed dialog changes one line here. */
import type { Locator, Page } from 'playwright-core';
import type { Editor } from '../../test/support/browser';
import { eventually, type NodeRed } from '../../test/support/node-red';
import { MESSAGES, type PictureNode } from './flows';

export interface Subject {
  readonly editor: Editor;
  readonly nodeRed: NodeRed;
  readonly flow: readonly PictureNode[];
}

export interface Picture {
  /** `docs/images/<name>.png` */
  readonly name: string;
  readonly theme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  /** Brings the editor to what is shown. @returns the part of the page */
  show(subject: Subject): Promise<Locator>;
}

interface EditorWindow {
  RED: {
    workspaces: { show(id: string): void };
    sidebar: { help: { show(type: string): void } };
  };
}

const DIALOG = '.red-ui-tray';

export const pictures: readonly Picture[] = [
  { name: 'flow', theme: 'light', width: 1200, height: 660, show: showFlow },
  { name: 'flow-dark', theme: 'dark', width: 1200, height: 660, show: showFlow },
  { name: 'status', theme: 'light', width: 1010, height: 480, show: showStates },
  { name: 'wasm-function', theme: 'light', width: 1200, height: 900, show: showFunction },
  { name: 'try-it', theme: 'light', width: 1200, height: 900, show: showTrial },
  { name: 'mqtt-source', theme: 'light', width: 1200, height: 760, show: showSource },
  { name: 'help', theme: 'light', width: 1200, height: 900, show: showHelp },
];

/** The example at work, six results in the debug sidebar. */
async function showFlow({ editor, nodeRed, flow }: Subject): Promise<Locator> {
  const { page } = editor;
  await showTab(page, flow[0]?.id);
  await untilStatuses(page, ['connected', 'connected', 'connected', 'connected', '(f64) → f64']);
  await editor.showSidebar('debug');
  const inject = flow.find(({ type }) => type === 'inject')?.id ?? '';
  const results = page.locator('.red-ui-debug-msg');
  const earlier = await results.count();
  for (let sent = earlier; sent < MESSAGES; sent++) {
    await nodeRed.fetch(`/inject/${inject}`, { method: 'POST' });
    // one by one, so that they are listed in their order
    await eventually('the result is shown', async () => (await results.count()) > sent);
  }
  // the rate changes by the second, so the picture is taken of a node that has come to rest
  await eventually('the rate is shown', () => page.getByText(/^[\d.]+\/s$/).isVisible());
  await untilStatuses(page, ['(f64) → f64']);
  return page.locator('#red-ui-editor');
}

async function showStates({ editor }: Subject): Promise<Locator> {
  const { page } = editor;
  await showTab(page, 'states');
  await untilStatuses(page, [
    '(f64) → f64',
    'no module file',
    'no usable module',
    'check the export',
    'cannot be called',
  ]);
  await untilStatuses(page, ['connected', 'connected']);
  return page.locator('#red-ui-workspace-chart');
}

async function showFunction({ editor, flow }: Subject): Promise<Locator> {
  await openDialog(editor, flow, 'wasm-function');
  await editor.page.locator('.wasm-function-card', { hasText: 'wasm-bindgen' }).waitFor();
  return editor.page.locator(DIALOG);
}

async function showTrial(subject: Subject): Promise<Locator> {
  const dialog = await showFunction(subject);
  const { page } = subject.editor;
  await page.locator('#wasm-function-try-row .red-ui-typedInput-input').first().fill('14');
  await page.locator('#wasm-function-try').click();
  await page.locator('#wasm-function-outcome', { hasText: '42' }).waitFor();
  return dialog;
}

async function showSource({ editor, flow }: Subject): Promise<Locator> {
  await openDialog(editor, flow, 'mqtt-source');
  return editor.page.locator(DIALOG);
}

async function showHelp({ editor, flow }: Subject): Promise<Locator> {
  const { page } = editor;
  await showTab(page, flow[0]?.id);
  await editor.showSidebar('help');
  await page.evaluate(() => {
    (window as unknown as EditorWindow).RED.sidebar.help.show('wasm-function');
  });
  await page.locator('#red-ui-sidebar dl.message-properties').first().waitFor();
  return page.locator('#red-ui-sidebar');
}

async function openDialog(editor: Editor, flow: readonly PictureNode[], type: string): Promise<void> {
  await showTab(editor.page, flow[0]?.id);
  await editor.edit(flow.find((node) => node.type === type)?.id ?? '');
}

async function showTab(page: Page, id: string | undefined): Promise<void> {
  await page.evaluate((tab) => {
    (window as unknown as EditorWindow).RED.workspaces.show(tab);
  }, id ?? '');
}

/** Waits until the nodes of the tab say at least that. */
async function untilStatuses(page: Page, wanted: readonly string[]): Promise<void> {
  await eventually(`the statuses ${wanted.join(', ')}`, async () => {
    const said = await page.locator('.red-ui-flow-node-status-label').allTextContents();
    return wanted.every((text) => {
      return said.filter((each) => each.trim() === text).length >= wanted.filter((each) => each === text).length;
    });
  });
}
