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
}

interface EditorWindow {
  readonly RED: {
    workspaces: { show(id: string): void };
    nodes: { filterNodes(filter: { z: string }): EditorNode[] };
  };
}

/** Pixels below a node that its status takes. */
const STATUS_HEIGHT = 16;

const folder = join(repository, 'examples');
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => {
    // Switched off: only how they are drawn matters here, and nothing takes a port.
    const nodes = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Entry[];
    return { file, nodes: nodes.map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)) };
  });

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
    return page.evaluate(
      ([id, status]) => {
        const { RED } = window as unknown as EditorWindow;
        return RED.nodes.filterNodes({ z: id }).map(({ id: name, type, x, y, w, h }) => ({
          name: `${type} ${name}`,
          left: x - w / 2,
          top: y - h / 2,
          right: x + w / 2,
          bottom: y + h / 2 + (type === 'comment' ? 0 : status),
        }));
      },
      [tab, STATUS_HEIGHT] as const,
    );
  }

  for (const { file, nodes } of examples) {
    test(`${file}: no node covers another, and all are on the first screen`, async () => {
      const tab = nodes.find(({ type }) => type === 'tab');
      assert.ok(tab);
      const drawn = await boxes(tab.id);
      assert.ok(drawn.length > 3);
      for (const [index, one] of drawn.entries()) {
        assert.ok(
          one.left >= 0 && one.top >= 0 && one.right < 900 && one.bottom < 600,
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
