/** The MQTT nodes in the languages they are translated into, in the dark theme (which Node-RED 5 has). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { NodeRed } from '../support/node-red';

const flows = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  // Nothing listens on that port.
  { id: 'broker', type: 'mqtt-connection', url: 'mqtt://127.0.0.1:9' },
  { id: 'source', type: 'mqtt-source', connection: 'broker', topic: 'in/#', z: 'tab', x: 300, y: 100, wires: [] },
];

describe('the MQTT nodes in other languages', { skip: noBrowser }, () => {
  const languages = {
    de: { label: 'Verbindung', help: /bestätigt jede/, status: 'Verbindung verwehrt' },
    ja: { label: '接続', help: /確認応答/, status: '接続を拒否' },
    'zh-CN': { label: '连接', help: /确认每条消息/, status: '连接被拒绝' },
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

  for (const [language, { label, help, status }] of Object.entries(languages)) {
    test(`${language}: dialog, help and status are translated, and the dark theme leaves them readable`, async () => {
      const { page } = editor;
      await page.evaluate((chosen) => {
        localStorage.setItem('editor-language', chosen);
      }, language);
      await editor.reload();
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
