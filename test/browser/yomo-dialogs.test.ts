/** The YoMo nodes in a real browser: dragged in, set up by keyboard, deployed, and a frame through them. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import type { FlowNode } from '../support/mqtt-flow';
import { NodeRed, eventually } from '../support/node-red';
import { Peer, sourceNode, WatchedZipper, zipperNode } from '../support/yomo-flow';

describe('the dialogs of the YoMo nodes', { skip: noBrowser }, () => {
  let zipper: WatchedZipper;
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async () => {
    zipper = await WatchedZipper.start();
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'Flow' },
      zipperNode(zipper),
      zipperNode(zipper, { id: 'tools', name: 'tools', protocol: 'v2' }),
      sourceNode('source', [51, '0x34'], [], { y: 100, x: 300, name: 'old source' }),
      // Written by hand, with nothing but what has no default.
      { id: 'sink', type: 'yomo-sink', zipper: 'zipper', z: 'tab', x: 300, y: 200, name: 'old sink', wires: [] },
      // Of protocol v2, and with tags that only v1 would look at.
      { id: 'tool', type: 'yomo-source', zipper: 'tools', z: 'tab', x: 500, y: 100, name: 'tool', tags: [], d: true },
      { id: 'caller', type: 'yomo-sink', zipper: 'tools', z: 'tab', x: 500, y: 200, name: 'a', tag: '0xF000', d: true },
    ];
    nodeRed = await NodeRed.start({ flows, settings: editorSettings });
    editor = await Editor.open(nodeRed);
  });
  after(async () => {
    await editor.close();
    await nodeRed.stop();
    await zipper.stop();
  });
  afterEach(() => editor.cancelDialog());

  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await editor.page.keyboard.press(key);
  };
  const type = (text: string): Promise<void> => editor.page.keyboard.type(text);
  const focused = (): Promise<string | undefined> => editor.page.evaluate(() => document.activeElement?.id);
  const tags = (): Promise<string[]> =>
    editor.page.locator('.yomo-tag').evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value));
  const hints = (): Promise<string[]> => editor.page.locator('.yomo-tag-hint').allInnerTexts();

  /** Presses Tab until the field has the focus. */
  async function tabTo(id: string): Promise<void> {
    for (let presses = 0; presses < 20; presses++) {
      if ((await focused()) === id) return;
      await press('Tab');
    }
    assert.fail(`${id} is not reached; ${String(await focused())} has the focus`);
  }

  /** Fills a field and gives the reason below it. */
  async function reason(field: string, value: string): Promise<string> {
    const { page } = editor;
    await page.locator(`#${field}`).fill(value);
    await page.locator(`#${field}`).blur();
    await page.locator(`#${field}.input-error`).waitFor();
    return page.locator(`#${field}-reason`).innerText();
  }

  async function editZipper(): Promise<void> {
    const { page } = editor;
    await editor.edit('sink');
    await page.locator('#node-input-btn-zipper-edit').click();
    await page.locator('#node-config-input-host').waitFor();
    await editor.untilTrayRests();
  }

  async function saved(id: string): Promise<FlowNode | undefined> {
    return (await nodeRed.json<FlowNode[]>('/flows')).find((node) => node.id === id);
  }

  test('a source shows each tag in both notations, says which cannot be observed, and saves what was typed', async () => {
    const { page } = editor;
    await editor.edit('source');
    assert.deepEqual(
      [await tags(), await hints()],
      [
        ['51', '0x34'],
        ['= 0x33', '= 52'],
      ],
    );
    await page.locator('.yomo-tag').first().fill('0xF000');
    await page.locator('.yomo-tag.input-error').waitFor();
    assert.match(await page.locator('#node-input-tags-reason').innerText(), /from 0 to 4294967295 .* without 0xF000/);
    await page.locator('.yomo-tag').first().fill('0x35');
    await page.locator('#node-input-tags-reason').waitFor({ state: 'detached' });
    await page.locator('.red-ui-editableList-item-remove').last().click();
    await eventually('one is left', async () => (await tags()).length === 1);
    await page.locator('.red-ui-editableList-addButton').click();
    await type('54');
    await editor.confirmDialog();
    await editor.deploy();
    const node = await saved('source');
    assert.deepEqual(node?.tags, ['0x35', 54]);
    assert.equal(node.format, 'auto');
  });

  test('two equal tags get a remark, in whichever notation', async () => {
    const { page } = editor;
    await editor.edit('source');
    await page.locator('.yomo-tag').first().fill('52');
    await page.locator('.yomo-tag').last().fill('0x34');
    assert.deepEqual(await hints(), ['= 0x34', '= 52, already in the list']);
    await page.locator('.yomo-tag').first().fill('53');
    assert.deepEqual(await hints(), ['= 0x35', '= 52']);
  });

  test('rows are removed by keyboard: the focus stays in the list, and the dialog can be left by it', async () => {
    const { page } = editor;
    await editor.edit('source');
    const remove = page.getByRole('button', { name: 'remove this tag' });
    const rows = await remove.count();
    for (let left = rows - 1; left > 0; left--) {
      await remove.first().focus();
      await press('Enter');
      await page.locator('.yomo-tag:focus').waitFor();
      await eventually('it is gone', async () => (await tags()).length === left);
      assert.equal(await page.locator('.yomo-tag:focus').count(), 1);
    }
    await remove.first().focus();
    await press('Enter');
    await eventually('the last one is gone', async () => (await tags()).length === 0);
    await page.locator('.red-ui-editableList-addButton:focus').waitFor();
    await press('Enter');
    await page.locator('.yomo-tag:focus').waitFor();
    await type('0x33');
    await press('Control+Enter');
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  });

  test('a source without tags is marked, and says what is missing', async () => {
    const { page } = editor;
    await editor.edit('source');
    for (let count = (await tags()).length - 1; count >= 0; count--) {
      await page.locator('.red-ui-editableList-item-remove').last().click();
      await eventually('it is gone', async () => (await tags()).length === count);
    }
    await page.locator('#node-input-tags-reason').waitFor();
    assert.match(await page.locator('#node-input-tags-reason').innerText(), /at least one/);
  });

  test('a sink refuses a reserved tag and saves a number as one', async () => {
    const { page } = editor;
    await editor.edit('sink');
    assert.match(await reason('node-input-tag', '0xF000'), /without 0xF000 to 0xFFFF/);
    await page.locator('#node-input-tag').fill('55');
    assert.equal(await page.locator('#yomo-sink-tag-hint').innerText(), '= 0x37');
    await editor.confirmDialog();
    await editor.deploy();
    assert.deepEqual([(await saved('sink'))?.tag, (await saved('sink'))?.format], [55, 'auto']);
  });

  test('with a zipper of protocol v2 a source has no tags, but needs a name by which it is called', async () => {
    const { page } = editor;
    await editor.edit('source');
    const list = page.locator('#node-input-tags-list');
    await list.waitFor();
    const appName = page.locator('#node-input-appName');
    assert.equal(await appName.getAttribute('placeholder'), "blank: the node's name");
    await page.locator('#node-input-zipper').selectOption('tools');
    await list.waitFor({ state: 'hidden' });
    assert.equal(await appName.getAttribute('placeholder'), "the tool's name; blank: the node's name");
    await page.locator('#node-input-name').fill('');
    await page.locator('#node-input-appName').fill('');
    await page.locator('#node-input-appName').blur();
    assert.match(await page.locator('#node-input-appName-reason').innerText(), /by which others call it/);
    await page.locator('#node-input-appName').fill('triple');
    await page.locator('#node-input-appName').blur();
    await page.locator('#node-input-appName-reason').waitFor({ state: 'detached' });
    await page.locator('#node-input-zipper').selectOption('zipper');
    await list.waitFor();
  });

  test('with a zipper of protocol v2 a sink has a tool in the place of a target', async () => {
    const { page } = editor;
    await editor.edit('sink');
    const look = async (): Promise<(string | null)[]> => [
      (await page.locator('label[for="node-input-target"]').innerText()).trim(),
      await page.locator('#node-input-target').getAttribute('placeholder'),
      await page.locator('#node-input-appName').getAttribute('placeholder'),
    ];
    assert.deepEqual(await look(), ['Target', 'blank: msg.target, if any', "blank: the node's name"]);
    await page.locator('#node-input-zipper').selectOption('tools');
    assert.deepEqual(await look(), ['Tool', "the tool's name; blank: msg.target", "blank: one of this node's own"]);
    assert.equal(await page.locator('#node-input-zipper option:checked').innerText(), 'tools (v2)');
  });

  test('a zipper asks for the credential of its protocol, and for a CA file only where it verifies', async () => {
    const { page } = editor;
    await editZipper();
    const credential = page.locator('#node-config-input-credential');
    assert.equal(await credential.getAttribute('placeholder'), 'token:SECRET; blank: none');
    assert.match(await reason('node-config-input-credential', 's3cret'), /token:SECRET/);
    await page.locator('#node-config-input-protocol').selectOption('v2');
    await page.locator('#node-config-input-credential-reason').waitFor({ state: 'detached' });
    assert.equal(await credential.getAttribute('placeholder'), 'the token alone; blank: none');
    assert.equal(await page.locator('#node-config-input-ca').isDisabled(), true);
    await page.locator('#node-config-input-verify').check();
    assert.equal(await page.locator('#node-config-input-ca').isEnabled(), true);
  });

  test('a zipper says below the field what is wrong', async () => {
    const { page } = editor;
    await editZipper();
    assert.match(await reason('node-config-input-host', 'mqtt://x'), /such as localhost/);
    assert.match(await reason('node-config-input-port', '0'), /from 1 to 65535/);
    assert.match(await reason('node-config-input-buffer', '-1'), /from 0 to 1000000/);
    await page.locator('#node-config-input-host').fill('127.0.0.1');
    await page.locator('#node-config-input-host').blur();
    await page.locator('#node-config-input-host-reason').waitFor({ state: 'detached' });
    await page.locator('#node-config-input-verify').check();
    await page.locator('#node-config-input-host-reason').waitFor();
    await page.locator('#node-config-input-verify').uncheck();
    await page.locator('#node-config-input-host-reason').waitFor({ state: 'detached' });
    assert.equal(await page.locator('#node-config-input-credential').getAttribute('type'), 'password');
  });

  test('two new nodes are set up by keyboard alone, and a frame goes through them', async () => {
    const { page } = editor;
    await editor.dragFromPalette('yomo-source', 180, 320);
    await editor.dragFromPalette('yomo-sink', 420, 320);
    const ids = await page.evaluate(() => {
      const nodes: { id: string; type: string; name: string }[] = [];
      const { RED } = window as unknown as { RED: { nodes: { eachNode(visit: (node: never) => void): void } } };
      RED.nodes.eachNode((node) => nodes.push(node));
      return Object.fromEntries(nodes.filter(({ name }) => name === '').map((node) => [node.type, node.id]));
    });
    const [source, sink] = [ids['yomo-source'], ids['yomo-sink']];
    assert.ok(source !== undefined && sink !== undefined);

    await editor.edit(source);
    await page.locator('#node-input-zipper').focus();
    await page.locator('#node-input-zipper').selectOption('zipper');
    // The first tag has its row already.
    for (let presses = 0; presses < 6 && (await page.locator('.yomo-tag:focus').count()) === 0; presses++)
      await press('Tab');
    await type('0x60');
    await tabTo('node-input-appName');
    await type('typed');
    await editor.confirmDialog();

    await editor.edit(sink);
    await page.locator('#node-input-zipper').focus();
    await page.locator('#node-input-zipper').selectOption('zipper');
    await tabTo('node-input-tag');
    await type('97');
    await tabTo('node-input-appName');
    await type('typed sink');
    await editor.confirmDialog();

    await page.evaluate(
      ([from, to]) => {
        const { RED } = window as unknown as {
          RED: { nodes: { node(id: string): object; addLink(link: object): void; dirty(is: boolean): void } };
        };
        RED.nodes.addLink({
          source: RED.nodes.node(from as string),
          sourcePort: 0,
          target: RED.nodes.node(to as string),
        });
        RED.nodes.dirty(true);
      },
      [source, sink],
    );
    await editor.deploy();
    await zipper.untilJoined('typed', 'typed sink');
    assert.deepEqual((await saved(source))?.tags, ['0x60']);
    assert.equal((await saved(sink))?.tag, 97);
    const reader = await Peer.join(zipper.port, { kind: 'function', observe: [97] });
    const writer = await Peer.join(zipper.port);
    await writer.write(0x60, 'through the flow');
    await eventually('the frame', () => reader.payloads(97).includes('through the flow'));
    await page.locator(`[id="${source}"] .red-ui-flow-node-status-label`, { hasText: 'connected' }).waitFor();
    await Promise.all([reader.close(), writer.close()]);
  });

  for (const [id, other] of [
    ['tool', 'sink'],
    ['caller', 'source'],
  ] as const) {
    test(`${id}: deleted in its dialog and brought back, it is judged by what is saved, whatever dialog is open`, async () => {
      const isValid = (): Promise<boolean> =>
        editor.page.evaluate((node) => {
          const { RED } = window as unknown as {
            RED: { nodes: { node(id: string): object }; editor: { validateNode(node: object): boolean } };
          };
          return RED.editor.validateNode(RED.nodes.node(node));
        }, id);
      await editor.edit(id);
      await editor.leaveTray('#node-dialog-delete');
      await editor.page.locator(`[id="${id}"]`).waitFor({ state: 'detached' });
      await press('Control+z');
      await editor.page.locator(`[id="${id}"]`).waitFor();
      assert.equal(await isValid(), true);
      await editor.edit(other);
      assert.equal(await isValid(), true);
    });
  }

  for (const id of ['source', 'sink', 'zipper']) {
    test(`${id}: every field has a label, and nothing is cut off at 150 %`, async () => {
      const { page } = editor;
      await page.setViewportSize({ width: 853, height: 600 });
      try {
        if (id === 'zipper') await editZipper();
        else await editor.edit(id);
        const found = await page.evaluate(() => {
          const form = [...document.querySelectorAll('.bridge-form')].at(-1);
          const tray = form?.closest('.red-ui-tray')?.getBoundingClientRect();
          const fields = [...(form?.querySelectorAll<HTMLInputElement>('input, select') ?? [])];
          const isNamed = (field: HTMLInputElement): boolean =>
            (field.labels?.length ?? 0) > 0 || field.hasAttribute('aria-label');
          return {
            fields: fields.length,
            unnamed: fields.filter((field) => !isNamed(field)).map((field) => field.id),
            cut: [...(form?.querySelectorAll('*') ?? [])]
              .filter((element) => element.getBoundingClientRect().right > (tray?.right ?? 0))
              .map((element) => `${element.tagName} ${element.id}`),
          };
        });
        assert.ok(found.fields > 4);
        assert.deepEqual([found.unnamed, found.cut], [[], []]);
      } finally {
        await page.setViewportSize({ width: 1280, height: 900 });
      }
    });
  }

  test('no error reached the console', () => {
    assert.deepEqual(editor.errors, []);
  });
});
