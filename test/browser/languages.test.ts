/** The nodes in the languages they are translated into, in the dark theme (which Node-RED 5 has). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { guestFile } from '../support/guests';
import { NodeRed } from '../support/node-red';
import { functionNode } from '../support/wasm-function-dialog';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  // Nothing listens on that port.
  { id: 'broker', type: 'mqtt-connection', url: 'mqtt://127.0.0.1:9' },
  { id: 'source', type: 'mqtt-source', connection: 'broker', topic: 'in/#', z: 'tab', x: 300, y: 100, wires: [] },
  functionNode('asked', 200, { file: guestFile('rust-bytes/guest'), export: 'greet' }),
  functionNode('missing', 260, { file: 'missing.wasm' }),
];

describe('the nodes in other languages', { skip: noBrowser }, () => {
  const languages = {
    de: {
      label: 'Verbindung',
      help: /bestätigt jede/,
      status: 'Verbindung verwehrt',
      module: 'Modul',
      missing: 'Moduldatei fehlt',
    },
    ja: {
      label: '接続',
      help: /確認応答/,
      status: '接続を拒否',
      module: 'モジュール',
      missing: 'モジュールファイルなし',
    },
    'zh-CN': { label: '连接', help: /确认每条消息/, status: '连接被拒绝', module: '模块', missing: '没有模块文件' },
  };
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async () => {
    nodeRed = await NodeRed.start({ flows, settings: editorSettings });
    editor = await Editor.open(nodeRed);
  });
  after(async () => {
    await editor.close();
    await nodeRed.stop();
  });

  for (const [language, { label, help, status, module, missing }] of Object.entries(languages)) {
    test(`${language}: dialog, help and status are translated, and the dark theme leaves them readable`, async () => {
      const { page } = editor;
      await choose(language);
      await page.evaluate(() => {
        document.documentElement.classList.add('nr-theme-dark');
      });
      await page.locator('[id="source"] .red-ui-flow-node-status-label', { hasText: status }).waitFor();
      await editor.edit('source');
      const shown = page.locator('label[for="node-input-connection"]');
      assert.equal((await shown.innerText()).trim(), label);
      assert.ok((await contrast('label[for="node-input-connection"]')) >= 4.5, 'the label can be read');
      await editor.cancelDialog();
      const text = await page.evaluate(() => {
        return (window as unknown as HelpWindow).RED.nodes.getNodeHelp('mqtt-source');
      });
      assert.match(text, help);
      for (const type of ['wasm-function', 'mqtt-source', 'mqtt-sink', 'mqtt-connection']) {
        assert.equal(await editor.helpOverflow(type), 0, `the help of ${type} scrolls sideways`);
      }
    });

    test(`${language}: the dialog of a wasm-function fits, at one and a half times the size too`, async () => {
      const { page } = editor;
      const whole = { width: 1280, height: 900 };
      try {
        for (const width of [whole.width, Math.round(whole.width / 1.5)]) {
          await page.setViewportSize({ width, height: Math.round((whole.height * width) / whole.width) });
          await choose(language);
          await page.locator('[id="missing"] .red-ui-flow-node-status-label', { hasText: missing }).waitFor();
          await editor.edit('asked');
          await page.locator('#wasm-function-guide-takes').waitFor();
          assert.equal((await page.locator('label[for="node-input-file"]').innerText()).trim(), module);
          for (const tab of ['function', 'values', 'limits']) {
            await page.locator(`a[href="#wasm-function-tab-${tab}"]`).click();
            await page.locator(`#wasm-function-tab-${tab}`).waitFor();
            assert.deepEqual(await tooLong(), [], `${tab} at ${String(width)} pixels`);
          }
          await editor.cancelDialog();
        }
      } finally {
        await page.setViewportSize(whole);
      }
    });
  }

  async function choose(language: string): Promise<void> {
    await editor.page.evaluate((chosen) => {
      localStorage.setItem('editor-language', chosen);
    }, language);
    await editor.reload();
  }

  /** Labels of more than one line or with no room to the field, and what reaches beyond the dialog. */
  async function tooLong(): Promise<string[]> {
    return editor.page.locator('.wasm-function-dialog').evaluate((root) => {
      const edge = root.getBoundingClientRect().right + 1;
      const isLong = (element: HTMLElement): boolean => {
        if (element.getBoundingClientRect().right > edge) return true;
        if (element instanceof HTMLLabelElement) {
          const text = document.createRange();
          text.selectNodeContents(element);
          // other systems have wider letters
          if (1.1 * text.getBoundingClientRect().width > element.clientWidth) return true;
          return element.offsetHeight > 1.5 * parseFloat(getComputedStyle(element).lineHeight);
        }
        return false;
      };
      return [...root.querySelectorAll<HTMLElement>('label, input, select, button, p, dd, [role], .form-row > *')]
        .filter((element) => element.offsetParent !== null && isLong(element))
        .map((element) => element.innerText || element.id || element.className);
    });
  }

  interface HelpWindow {
    readonly RED: { nodes: { getNodeHelp(type: string): string } };
  }

  /** Of an element's text with what is behind it (WCAG 2, contrast ratio). */
  async function contrast(selector: string): Promise<number> {
    const colours = await editor.page.evaluate((css) => {
      const element = document.querySelector(css);
      const found = element === null ? [] : [getComputedStyle(element).color];
      for (let behind = element; behind !== null; behind = behind.parentElement) {
        found.push(getComputedStyle(behind).backgroundColor);
      }
      return found;
    }, selector);
    const [text = '', ...backgrounds] = colours;
    const background = backgrounds.find((colour) => channels(colour)[3] !== 0) ?? text;
    const [dark = 0, light = 0] = [luminance(text), luminance(background)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }
});

/** Of `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0)`. */
function channels(colour: string): number[] {
  return (colour.match(/[\d.]+/g) ?? []).map(Number);
}

/** Relative, from 0 to 1 (WCAG 2). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((each) => {
    const share = each / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
