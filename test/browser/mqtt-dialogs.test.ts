/** The dialogs of mqtt-source, mqtt-sink and mqtt-connection in a real browser: what they show, refuse and save. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Editor, editorSettings, noBrowser } from '../support/browser';
import type { FlowNode } from '../support/mqtt-flow';
import { NodeRed, eventually } from '../support/node-red';

const place = { z: 'tab', x: 300, wires: [] };
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  // Written by hand, with nothing but what has no default; nothing listens on that port.
  { id: 'broker', type: 'mqtt-connection', url: 'mqtt://127.0.0.1:9' },
  { id: 'source', type: 'mqtt-source', connection: 'broker', topic: 'in/#', ...place, y: 100 },
  { id: 'sink', type: 'mqtt-sink', connection: 'broker', ...place, y: 200 },
];

type Values = Record<string, string | boolean>;

describe('the dialogs of the MQTT nodes', { skip: noBrowser }, () => {
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async () => {
    nodeRed = await NodeRed.start({ flows, settings: editorSettings });
    editor = await Editor.open(nodeRed);
  });
  after(async () => {
    await nodeRed.stop();
    await editor.close();
  });
  afterEach(() => editor.cancelDialog());

  /** What the fields of the open dialog hold, by property. */
  async function values(prefix: 'node-input' | 'node-config-input', names: readonly string[]): Promise<Values> {
    const entries = names.map(async (name) => {
      const field = editor.page.locator(`#${prefix}-${name}`);
      const isBox = (await field.getAttribute('type')) === 'checkbox';
      return [name, isBox ? await field.isChecked() : await field.inputValue()] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Fills a field and leaves it, which is when the editor looks at it. */
  async function enter(field: string, value: string): Promise<void> {
    await editor.page.locator(field).fill(value);
    await editor.page.locator(field).blur();
  }

  /** Fills a field and reads the reason for which it is refused. */
  async function refusal(field: string, value: string): Promise<string> {
    const { page } = editor;
    const input = page.locator(field);
    const good = await input.inputValue();
    await enter(field, value);
    await page.locator(`${field}.input-error`).waitFor();
    await page.mouse.move(0, 0);
    const popover = page.locator('.red-ui-popover');
    // the pointer may have rested on something else that says what it is
    await popover.first().waitFor({ state: 'detached' });
    await input.hover();
    await popover.waitFor();
    const reason = await popover.innerText();
    await enter(field, good);
    await page.locator(`${field}:not(.input-error)`).waitFor();
    await popover.waitFor({ state: 'detached' });
    return reason;
  }

  const focused = (): Promise<string | undefined> => editor.page.evaluate(() => document.activeElement?.id);

  /** A tray takes the focus once it has opened. @param field one of the tray's */
  async function untilFocused(field: string): Promise<void> {
    await editor.page.waitForFunction((selector) => {
      const tray = document.querySelector(selector)?.closest('.red-ui-tray');
      return tray != null && tray.contains(document.activeElement);
    }, field);
  }

  /** How the edge of an element looks. */
  function edge(id: string): Promise<string> {
    return editor.page.evaluate((element) => {
      const style = getComputedStyle(document.getElementById(element) ?? document.body);
      const outline = style.outlineStyle === 'none' ? '' : style.outlineColor;
      return [outline, style.borderColor, style.boxShadow].join();
    }, id);
  }

  /** Ids of the fields of the topmost dialog that no label names. */
  function unlabelled(): Promise<string[]> {
    return editor.page.evaluate(() => {
      const form = [...document.querySelectorAll('.bridge-form')].at(-1);
      const fields = [...(form?.querySelectorAll<HTMLInputElement>('input, select') ?? [])];
      return fields.filter(({ labels }) => labels?.length === 0).map(({ id }) => id);
    });
  }

  /** What of the topmost dialog is out of sight to the right. */
  function beyondTheTray(): Promise<string[]> {
    return editor.page.evaluate(() => {
      const form = [...document.querySelectorAll('.bridge-form')].at(-1);
      const tray = form?.closest('.red-ui-tray')?.getBoundingClientRect();
      if (form === undefined || tray === undefined) return ['no dialog'];
      return [...form.querySelectorAll('*')]
        .filter((element) => element.getBoundingClientRect().right > tray.right)
        .map((element) => `${element.tagName} ${element.id}`);
    });
  }

  async function editConnection(): Promise<void> {
    await editor.edit('sink');
    await editor.page.locator('#node-input-btn-connection-edit').click();
    await editor.page.locator('#node-config-input-url').waitFor();
    await editor.untilTrayRests();
  }

  const showTab = async (name: string): Promise<void> => {
    const { page } = editor;
    // The editor takes two quick clicks, on whatever tabs, for a double one, and swallows the second.
    await eventually(`tab ${name}`, async () => {
      await page.locator(`a[href="#mqtt-connection-tab-${name}"]`).click();
      return page.locator(`#mqtt-connection-tab-${name}`).isVisible();
    });
  };

  /** Deploys and gives what the runtime has of a node then. */
  async function saved(id: string, isSaved: (node: FlowNode) => boolean): Promise<FlowNode> {
    await editor.deploy();
    return eventually(`${id} is saved`, async () => {
      return (await nodeRed.json<FlowNode[]>('/flows')).find((node) => node.id === id && isSaved(node));
    });
  }

  test('a source shows its defaults, refuses what cannot be, and saves real types', async () => {
    const { page } = editor;
    await editor.edit('source');
    const names = ['topic', 'qos', 'format', 'acknowledge', 'deadLetter'];
    assert.deepEqual(await values('node-input', names), {
      topic: 'in/#',
      qos: '1',
      format: 'auto',
      acknowledge: 'completed',
      deadLetter: '',
    });
    assert.match(await refusal('#node-input-topic', 'in/#/more'), /#/);
    assert.match(await refusal('#node-input-deadLetter', 'dead/+'), /\+/);
    assert.match(await refusal('#node-input-maxInFlight', '0'), /a whole number from 1 to 65535/);
    assert.match(await refusal('#node-input-settle', 'soon'), /seconds from 0.001/);

    await page.locator('#node-input-acknowledge').selectOption('received');
    await page.locator('#node-input-attempts').waitFor({ state: 'hidden' });
    await page.locator('#node-input-acknowledge').selectOption('completed');
    await page.locator('#node-input-attempts').fill('5');
    await page.locator('#node-input-settle').fill('0.5');
    await page.locator('#node-input-deadLetter').fill('dead');
    await editor.confirmDialog();
    const { qos, maxInFlight, attempts, settle, deadLetter } = await saved('source', (node) => node.attempts === 5);
    assert.deepEqual([qos, maxInFlight, attempts, settle, deadLetter], [1, 100, 5, 0.5, 'dead']);
  });

  test('a sink shows its defaults, refuses what cannot be, and saves real types', async () => {
    const { page } = editor;
    await editor.edit('sink');
    assert.deepEqual(await values('node-input', ['topic', 'qos', 'retain', 'format']), {
      topic: '',
      qos: '1',
      retain: false,
      format: 'auto',
    });
    assert.match(await refusal('#node-input-topic', 'out/+'), /\+/);
    await page.locator('#node-input-topic').fill('out');
    await page.locator('#node-input-retain').check();
    await editor.confirmDialog();
    const { qos, retain, format } = await saved('sink', (node) => node.topic === 'out');
    assert.deepEqual([qos, retain, format], [1, true, 'auto']);
  });

  test('a connection shows its defaults and the fields that go with what is chosen', async () => {
    const { page } = editor;
    await editConnection();
    assert.deepEqual(await values('node-config-input', ['embedded', 'protocolVersion', 'clientId', 'persistent']), {
      embedded: false,
      protocolVersion: '4',
      clientId: '',
      persistent: false,
    });
    const followers = {
      bind: '#node-config-input-bind',
      expiry: '#node-config-input-sessionExpiry',
      tls: '.mqtt-connection-row-tls',
    };
    for (const field of Object.values(followers)) assert.equal(await page.locator(field).isVisible(), false, field);
    await page.locator('#node-config-input-embedded').check();
    await page.locator('#node-config-input-persistent').check();
    await page.locator('#node-config-input-protocolVersion').selectOption('5');
    await page.locator('#node-config-input-url').fill('mqtts://broker.example');
    for (const field of Object.values(followers)) await page.locator(field).waitFor();
  });

  test('a connection refuses what cannot be and saves real types', async () => {
    const { page } = editor;
    await editConnection();
    assert.match(await refusal('#node-config-input-url', 'http://broker.example'), /mqtt/);
    assert.match(await refusal('#node-config-input-keepalive', '70000'), /from 0 to 65535/);
    await page.locator('#node-config-input-persistent').check();
    await page.locator('#node-config-input-clientId.input-error').waitFor();
    await enter('#node-config-input-clientId', 'gateway');
    await page.locator('#node-config-input-clientId:not(.input-error)').waitFor();
    await showTab('security');
    await page.locator('#node-config-input-user').fill('someone');
    await showTab('messages');
    await page.locator('#node-config-input-will-topic').fill('state');
    await page.locator('#node-config-input-will-payload').fill('gone');
    await page.locator('#node-config-input-will-qos').selectOption('1');
    await editor.leaveTray('#node-config-dialog-ok');
    await editor.confirmDialog();
    const node = await saved('broker', ({ clientId }) => clientId === 'gateway');
    assert.deepEqual(
      [node.protocolVersion, node.persistent, node.keepalive, node.birth, node.will],
      [4, true, 60, {}, { topic: 'state', payload: 'gone', qos: 1, retain: false }],
    );
    assert.equal(node.user, undefined, 'credentials are not in the flow');
  });

  test('a connection says below the field what is wrong, and on the tab where', async () => {
    const { page } = editor;
    await editConnection();
    await showTab('security');
    for (const credential of ['user', 'password']) await enter(`#node-config-input-${credential}`, '');
    await showTab('connection');
    await page.locator('#node-config-input-embedded').check();
    await enter('#node-config-input-bind', '0.0.0.0');
    const reason = page.locator('#node-config-input-bind-reason');
    await reason.waitFor();
    assert.match(await reason.innerText(), /needs a user and password/);
    await enter('#node-config-input-bind', 'localhost');
    await reason.waitFor({ state: 'detached' });
    await enter('#node-config-input-bind', '0.0.0.0');
    await reason.waitFor();
    await showTab('security');
    await enter('#node-config-input-user', 'someone');
    await showTab('messages');
    await enter('#node-config-input-birth-topic', 'state/#');
    await page.locator('#node-config-input-birth-topic.input-error').waitFor();
    assert.match(await page.locator('#node-config-input-birth-topic-reason').innerText(), /without \+ and #/);
    await page.locator('a[href="#mqtt-connection-tab-messages"] .dialog-tab-mark').waitFor();
    await showTab('connection');
    await reason.waitFor({ state: 'detached' });
    await page.locator('#node-config-input-protocolVersion').selectOption('5');
    await page.locator('#node-config-input-protocolVersion-reason').waitFor();
  });

  test('a connection is made and edited by keyboard alone', async () => {
    const { page } = editor;
    await editor.edit('sink');
    await untilFocused('#node-input-connection');
    await page.locator('#node-input-connection').focus();
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'node-input-btn-connection-edit');
    await page.keyboard.press('Enter');
    await page.locator('#node-config-input-url').waitFor();
    await untilFocused('#node-config-input-url');
    await page.locator('#mqtt-connection-tab-connection-tab').focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('#node-config-input-user').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('#node-config-input-birth-topic').waitFor();
    for (const field of ['birth-topic', 'birth-payload', 'birth-qos', 'birth-retain', 'will-topic']) {
      const without = await edge(`node-config-input-${field}`);
      await page.keyboard.press('Tab');
      assert.equal(await focused(), `node-config-input-${field}`);
      await eventually(`${field} shows that it has the focus`, async () => {
        return (await edge(`node-config-input-${field}`)) !== without;
      });
    }
  });

  for (const id of ['source', 'sink', 'connection']) {
    test(`${id}: every field has a label, and nothing is cut off at 150 %`, async () => {
      const { page } = editor;
      await page.setViewportSize({ width: 853, height: 600 });
      try {
        if (id === 'connection') await editConnection();
        else await editor.edit(id);
        assert.deepEqual(await unlabelled(), []);
        await eventually('the dialog fits its tray', async () => (await beyondTheTray()).length === 0);
      } finally {
        await page.setViewportSize({ width: 1280, height: 900 });
      }
    });
  }

  for (const type of ['mqtt-source', 'mqtt-sink']) {
    test(`a new ${type} from the palette asks for a connection`, async () => {
      const { page } = editor;
      await editor.dragFromPalette(type, 500, type === 'mqtt-source' ? 320 : 400);
      const added = page.locator('.red-ui-flow-node-group', { hasText: type });
      await editor.editAt(added.locator('.red-ui-flow-node').last());
      await page.locator('#node-input-connection.input-error').waitFor();
    });
  }

  test('no error reached the console', () => {
    assert.deepEqual(editor.errors, []);
  });
});
