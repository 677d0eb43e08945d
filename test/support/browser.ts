/** A headless Chromium with Node-RED's editor in it. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import type { NodeRed } from './node-red';

const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why tests in a browser cannot run here; false where they can. */
export const noBrowser: string | false = existsSync(executable)
  ? false
  : `there is no Chromium at ${executable} (CHROMIUM names another)`;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Settings without the tour that covers a new editor, and without the catalogue it asks the network for. */
export const editorSettings = { editorTheme: { tours: false, palette: { catalogues: [] } } };

/** Milliseconds for what a user does in an editor that is there. */
const ACTION_TIME = 8000;
/** Milliseconds for starting it: megabytes of script are compiled, while other browsers start on the same cores. */
const LOADING_TIME = 30_000;

export class Editor {
  /** Errors that pages wrote to the console or threw. */
  readonly errors: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly nodeRed: NodeRed,
  ) {}

  /** Opens the editor of a Node-RED that runs with `editorSettings`. */
  static async open(nodeRed: NodeRed): Promise<Editor> {
    const browser = await chromium.launch({ executablePath: executable, args: FLAGS });
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(ACTION_TIME);
    page.setDefaultNavigationTimeout(LOADING_TIME);
    const editor = new Editor(browser, page, nodeRed);
    page.on('pageerror', (error) => editor.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') editor.errors.push(`${message.text()} (${message.location().url})`);
    });
    try {
      await page.goto(nodeRed.url);
      await editor.#untilLoaded();
    } catch (error) {
      // nobody has it to close it
      await browser.close();
      throw error;
    }
    return editor;
  }

  /** Takes over flows that were deployed by others. */
  async reload(): Promise<void> {
    this.page.once('dialog', (dialog) => void dialog.accept());
    await this.page.reload();
    await this.#untilLoaded();
  }

  async #untilLoaded(): Promise<void> {
    await this.page.locator('.red-ui-palette-node').first().waitFor({ timeout: LOADING_TIME });
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden', timeout: LOADING_TIME });
  }

  /** Drags a node from the palette to a place on the workspace. */
  async dragFromPalette(type: string, x: number, y: number): Promise<void> {
    const { page } = this;
    const chart = await page.locator('#red-ui-workspace-chart').boundingBox();
    if (chart === null) throw new Error('the editor shows no workspace');
    const source = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await source.scrollIntoViewIfNeeded();
    await source.hover();
    await page.mouse.down();
    await page.mouse.move(chart.x + x - 10, chart.y + y - 10, { steps: 5 });
    await page.mouse.move(chart.x + x, chart.y + y, { steps: 5 });
    await page.mouse.up();
  }

  /** Opens the dialog of a node on the workspace. */
  async edit(id: string): Promise<void> {
    await this.editAt(this.page.locator(`[id="${id}"] .red-ui-flow-node`).first());
  }

  /** Opens the dialog of the node that is drawn there. */
  async editAt(node: Locator): Promise<void> {
    await node.dblclick();
    await this.page.locator('#node-dialog-ok').waitFor();
    // a tray takes the focus once it has opened: keys pressed earlier would go astray
    await this.page.locator('.red-ui-tray :focus').waitFor();
    await this.untilTrayRests();
  }

  async confirmDialog(): Promise<void> {
    await this.leaveTray('#node-dialog-ok');
  }

  /** Leaves the dialogs that are open, where any is: that of a configuration node first. */
  async cancelDialog(): Promise<void> {
    for (const cancel of ['#node-config-dialog-cancel', '#node-dialog-cancel']) {
      if (await this.page.locator(cancel).isVisible()) await this.leaveTray(cancel);
    }
  }

  /** Leaves the topmost tray by one of its buttons. */
  async leaveTray(button: string): Promise<void> {
    await this.untilTrayRests();
    await this.page.locator(button).click();
    await this.page.locator(button).waitFor({ state: 'detached' });
  }

  /** Trays slide in: a click may press the button of one that moves, and be let go beside it, which is no click. */
  async untilTrayRests(): Promise<void> {
    await this.page.waitForFunction(() => {
      const tray = [...document.querySelectorAll('.red-ui-tray')].at(-1);
      return tray !== undefined && getComputedStyle(tray).right === '0px';
    });
  }

  /** @returns by how many pixels the help of a node is wider than the sidebar, which then scrolls sideways */
  async helpOverflow(type: string): Promise<number> {
    await this.page.evaluate((shown) => {
      (window as unknown as { RED: { sidebar: { help: { show(type: string): void } } } }).RED.sidebar.help.show(shown);
    }, type);
    const help = this.page.locator('.red-ui-help:visible', { has: this.page.locator('h3, dl') }).first();
    return help.evaluate((element) => {
      const edges = [...element.querySelectorAll('*')].map((each) => each.getBoundingClientRect().right);
      return Math.max(0, Math.ceil(Math.max(...edges) - element.getBoundingClientRect().right));
    });
  }

  async showSidebar(tab: string): Promise<void> {
    await this.page.evaluate((id) => {
      (window as unknown as { RED: { sidebar: { show(tab: string): void } } }).RED.sidebar.show(id);
    }, tab);
  }

  /** Presses Deploy and waits until the flows run. */
  async deploy(): Promise<void> {
    await this.nodeRed.untilFlowsRun(() => this.page.locator('#red-ui-header-button-deploy').click());
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
