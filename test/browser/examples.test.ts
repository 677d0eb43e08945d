/** The example flows as the editor draws them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import { NodeRed, repository } from '../support/node-red';

interface Entry {
  readonly id: string;
  readonly type: string;
  readonly label?: string;
}

interface Box {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly tostatus?: boolean;
}

interface EditorWindow {
  readonly RED: {
    workspaces: { show(id: string): void };
    nodes: { filterNodes(filter: { z: string }): EditorNode[] };
  };
}

/** Pixels below a node that its status takes. */
const STATUS_HEIGHT = 16;
/** Pixels from the left edge of a node that its status takes: some words, or the 32 letters that a debug node shows. */
const STATUS_WIDTH = 140;
const VALUE_WIDTH = 215;
/** Pixels right of a debug node that its button takes. */
const BUTTON_WIDTH = 26;

const folder = join(repository, 'examples');
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => {
    // Switched off: only how they are drawn matters here, and nothing takes a port.
    const nodes = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Entry[];
    return { file, nodes: nodes.map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)) };
  });

/** Of a node and of its status. */
function boxesOf({ id, type, x, y, w, h, tostatus }: EditorNode): Box[] {
  const [left, top] = [x - w / 2, y - h / 2];
  const bottom = top + h;
  const node = { name: `${type} ${id}`, left, top, bottom, right: left + w + (type === 'debug' ? BUTTON_WIDTH : 0) };
  const width = type === 'debug' ? (tostatus === true ? VALUE_WIDTH : 0) : STATUS_WIDTH;
  if (type === 'comment' || type === 'inject' || width === 0) return [node];
  const status = { left, top: bottom, right: left + width, bottom: bottom + STATUS_HEIGHT };
  return [node, { name: `the status of ${node.name}`, ...status }];
}

describe('the examples in the editor', { skip: noBrowser }, () => {
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async () => {
    nodeRed = await NodeRed.start({ flows: examples.flatMap(({ nodes }) => nodes), settings: editorSettings });
    editor = await Editor.open(nodeRed);
  });
  after(async () => {
    await nodeRed.stop();
    await editor.close();
  });

  async function boxes(tab: string): Promise<Box[]> {
    const { page } = editor;
    await page.evaluate((id) => {
      (window as unknown as EditorWindow).RED.workspaces.show(id);
    }, tab);
    // A node has its size once it is drawn.
    await page.waitForFunction((id) => {
      const { RED } = window as unknown as EditorWindow;
      return RED.nodes.filterNodes({ z: id }).every(({ w, h }) => w > 0 && h > 0);
    }, tab);
    const drawn = await page.evaluate((id) => {
      const { RED } = window as unknown as EditorWindow;
      return RED.nodes
        .filterNodes({ z: id })
        .map(({ id, type, x, y, w, h, tostatus }) => ({ id, type, x, y, w, h, tostatus }) as EditorNode);
    }, tab);
    return drawn.flatMap(boxesOf);
  }

  for (const { file, nodes } of examples) {
    test(`${file}: no node covers another, and all are on the first screen`, async () => {
      const tab = nodes.find(({ type }) => type === 'tab');
      assert.ok(tab);
      const drawn = await boxes(tab.id);
      assert.ok(drawn.length > 3);
      const width = await editor.page.locator('#red-ui-workspace-chart').evaluate((chart) => chart.clientWidth);
      for (const [index, one] of drawn.entries()) {
        assert.ok(
          one.left >= 0 && one.top >= 0 && one.right <= width && one.bottom < 600,
          `${one.name} is off the screen`,
        );
        for (const other of drawn.slice(index + 1)) {
          const isApart =
            one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top;
          assert.ok(isApart, `${one.name} and ${other.name} overlap`);
        }
      }
    });
  }
});
