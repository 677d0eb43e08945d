/** The dialogs as they are built: which saved values they refuse, by the editor's own rule. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { repository } from '../support/node-red';

type Validate = (this: object, value: unknown, options: object) => unknown;

interface Definition {
  readonly defaults: Readonly<Record<string, { readonly value: unknown; readonly validate?: Validate }>>;
  readonly credentials?: Readonly<Record<string, { readonly validate?: Validate }>>;
  readonly label?: (this: object) => string;
}

interface Dialog {
  readonly type: string;
  readonly definition: Definition;
  /** A text of the node's catalogue; a key that is missing there throws. */
  translate(key: string): string;
}

const folder = join(repository, 'dist', 'nodes');

function dialogs(): Dialog[] {
  return readdirSync(folder)
    .filter((type) => existsSync(join(folder, type, `${type}.html`)))
    .map((type) => ({ type, definition: register(type), translate: catalogue(type) }));
}

/** Nodes that are there beside the one whose dialog is looked at. */
const NEIGHBOURS = [
  { id: 'tool', type: 'yomo-source', zipper: 'zipper of v2', name: 'named', appName: '' },
  { id: 'caller', type: 'yomo-sink', zipper: 'zipper of v2', name: 'a sink', appName: 'calls' },
  { id: 'old', type: 'yomo-sink', zipper: 'zipper of v1', appName: 'old' },
  { id: 'off', type: 'yomo-source', zipper: 'zipper of v2', appName: 'off', d: true },
  { id: 'off with its tab', type: 'yomo-source', zipper: 'zipper of v2', appName: 'off too', z: 'disabled tab' },
];

/** Runs a dialog's script as the editor does, with what it uses of the editor while it is loaded and validates. */
function register(type: string): Definition {
  const html = readFileSync(join(folder, type, `${type}.html`), 'utf8');
  const scripts = [...html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  const registered: [string, Definition][] = [];
  const RED = {
    nodes: {
      registerType: (...definition: [string, Definition]) => registered.push(definition),
      node: (id: string) => (id === 'zipper of v2' ? { protocol: 'v2' } : null),
      workspace: (id: string) => ({ disabled: id === 'disabled tab' }),
      eachNode: (visit: (node: object) => void) => {
        for (const node of NEIGHBOURS) visit(node);
      },
    },
    validators: { typedInput: () => (value: unknown) => /^\w+(\.\w+)*$/.test(String(value)) },
  };
  const closed = { length: 0, val: () => undefined };
  for (const [, script = ''] of scripts) runInNewContext(script, { RED, $: () => closed, URL, TextEncoder });
  const [only, ...others] = registered;
  assert.ok(only !== undefined && others.length === 0, `${type} registers one node`);
  assert.equal(only[0], type);
  return only[1];
}

function catalogue(type: string): (key: string) => string {
  const texts: unknown = JSON.parse(readFileSync(join(folder, type, 'locales', 'en-US', `${type}.json`), 'utf8'));
  return (key) => {
    const text = key
      .split('.')
      .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], texts);
    assert.equal(typeof text, 'string', `${key} is in the catalogue of ${type}`);
    return text as string;
  };
}

/** The editor's rule: text is a reason only from a validator of two parameters, otherwise it counts as true. */
function refusal({ type, definition, translate }: Dialog, property: string, value: unknown): string | boolean {
  const { validate } = definition.defaults[property] ?? {};
  assert.ok(validate, `${type}.${property} is validated`);
  const defaults = Object.entries(definition.defaults).map(([name, each]) => [name, each.value] as const);
  const node = { id: 'node', ...Object.fromEntries(defaults), [property]: value, _: translate };
  const valid = validate.call(node, value, {});
  if (validate.length === 2 && typeof valid === 'string') return valid;
  return !valid;
}

const HOSTILE = '<img src=x onerror=alert(1)>';
const WHOLE = { bad: [1.5, 'x', '1e99', -1, Number.NaN, HOSTILE] };

/** Values to take besides the default, and to refuse. */
const EXAMPLES: Readonly<Record<string, Record<string, { good?: unknown[]; bad: unknown[] }>>> = {
  'mqtt-connection': {
    url: {
      good: ['wss://broker.example/mqtt', '${BROKER}'],
      bad: ['', 'http://x', 'mqtt://', 'mqtt://u:p@host', HOSTILE],
    },
    clientId: { good: ['gateway'], bad: [] },
    protocolVersion: { good: [5, '4'], bad: [3, ...WHOLE.bad] },
    sessionExpiry: { good: [0, 4294967295, '', '${EXPIRY}'], bad: [4294967296, ...WHOLE.bad] },
    keepalive: { good: [0, '60', 65535], bad: [65536, ...WHOLE.bad] },
    // Whether it needs a password is asked in the open dialog only: the browser test does.
    bind: { good: ['', '::1', '127.0.0.2', '0.0.0.0'], bad: [] },
    birth: {
      good: [{ topic: 'up', qos: 1 }, { topic: 'up' }],
      bad: [{ topic: 'a/#' }, { topic: `${HOSTILE}+` }, { topic: 'up', qos: HOSTILE }, { topic: 'up', qos: 3 }],
    },
    will: { good: [{ topic: 'down', qos: 0 }], bad: [{ topic: '+' }, { topic: 'down', qos: 'x' }] },
  },
  'mqtt-source': {
    topic: { good: ['a/+/b', '$share/group/a/#'], bad: ['a/#/b+', '$share/group', `${HOSTILE}#`] },
    qos: { good: [0, '2'], bad: [9, ...WHOLE.bad] },
    maxInFlight: { good: [1, '65535', ''], bad: [0, 65536, ...WHOLE.bad] },
    attempts: { good: [1, '10'], bad: [0, ...WHOLE.bad] },
    deadLetter: { good: ['dead/letters'], bad: ['dead/+', `${HOSTILE}#`] },
    settle: { good: [0.5, '60'], bad: [-5, 0, 'soon', 90_000, Number.NaN, HOSTILE] },
  },
  'mqtt-sink': {
    topic: { good: ['a/b', '${TOPIC}'], bad: ['a/+', `${HOSTILE}#`] },
    qos: { good: ['', 0, '2'], bad: [9, ...WHOLE.bad] },
  },
  'yomo-zipper': {
    host: { good: ['', 'zipper.example', '::1', '10.0.0.1', '${HOST}'], bad: ['http://x', 'x:9000', 'a b', HOSTILE] },
    port: { good: [1, '65535', ''], bad: [0, 65536, ...WHOLE.bad] },
    protocol: { good: ['v1', 'v2', ''], bad: ['v3', HOSTILE] },
    buffer: { good: [0, '1000000', ''], bad: [1_000_001, ...WHOLE.bad] },
  },
  'yomo-source': {
    // Only a zipper of protocol v2 needs it.
    appName: { good: ['triple'], bad: [] },
    tags: {
      good: [[51], ['0x33', 0xefff], ['0x10000', 2 ** 32 - 1], ['${TAG}'], '0x33'],
      bad: [[], [0xf000], [2 ** 32], ['0xF000'], [51, ''], ['51.5'], ['0x'], [HOSTILE], [null], [-1], HOSTILE],
    },
  },
  'yomo-sink': {
    // Only with a zipper of protocol v2 it has to differ.
    appName: { good: ['', 'calls'], bad: [] },
    tag: { good: ['', 51, '0x33', 0x10000, '${TAG}'], bad: [0xf000, '0xFFFF', 2 ** 32, '1e3', ...WHOLE.bad] },
  },
  'wasm-function': {
    file: { good: ['module', '${MODULE}'], bad: ['', '  ', HOSTILE] },
    // only an open dialog knows which exports there are, and how they can be called
    export: { good: ['triple', '${EXPORT}'], bad: [] },
    convention: { good: ['packed', '${CONVENTION}'], bad: [] },
    signature: { good: ['(string, u32) -> bytes', '() → ()'], bad: ['string', '(words) -> bytes', `(${HOSTILE})`] },
    input: { good: ['payload.noise', undefined], bad: ['a..b', HOSTILE] },
    output: { good: ['result'], bad: ['a..b', HOSTILE] },
    timeout: { good: [0.001, '2.5', '${TIMEOUT}'], bad: [0, -1, 'soon', 2_147_484, Number.NaN, HOSTILE] },
    memory: { good: [0.0625, '4096'], bad: [0, 4097, 'much', HOSTILE] },
    concurrency: { good: ['64'], bad: [0, 65, ...WHOLE.bad] },
    queue: { good: [0, '1000000', ''], bad: [1_000_001, ...WHOLE.bad] },
  },
};

/** Properties without a default that would do. */
const NEEDED = new Set(['mqtt-source.topic', 'yomo-source.tags']);

describe('the dialogs', () => {
  for (const dialog of dialogs()) {
    const { type, definition } = dialog;

    test(`${type}: there are examples for each property that is validated`, () => {
      const validated = Object.keys(definition.defaults).filter((name) => definition.defaults[name]?.validate);
      assert.deepEqual(validated.sort(), Object.keys(EXAMPLES[type] ?? {}).sort());
    });

    for (const [property, { good = [], bad }] of Object.entries(EXAMPLES[type] ?? {})) {
      test(`${type}.${property}: takes what the runtime takes, and gives a reason for the rest`, () => {
        const { value: preset } = definition.defaults[property] ?? {};
        const mustBeChosen = preset === '' && bad.includes('');
        const needed = NEEDED.has(`${type}.${property}`) || mustBeChosen;
        assert.equal(refusal(dialog, property, preset) === false, !needed, 'the default');
        for (const value of good) assert.equal(refusal(dialog, property, value), false, String(value));
        for (const value of bad) {
          const reason = refusal(dialog, property, value);
          assert.equal(typeof reason, 'string', `${JSON.stringify(value)} is refused`);
          assert.doesNotMatch(String(reason), /<img/, 'a reason quotes no value: the editor puts it into HTML');
        }
      });
    }
  }

  test('mqtt-connection: the broker that runs here serves neither TLS nor MQTT 5', () => {
    const connection = dialogs().find(({ type }) => type === 'mqtt-connection');
    assert.ok(connection);
    const { url, protocolVersion } = connection.definition.defaults;
    for (const embedded of [true, false]) {
      const node: object = { embedded, _: connection.translate };
      const answers: unknown[] = [
        url?.validate?.call(node, 'mqtt://127.0.0.1', {}),
        url?.validate?.call(node, 'wss://127.0.0.1', {}) === true,
        protocolVersion?.validate?.call(node, '4', {}),
        protocolVersion?.validate?.call(node, 5, {}) === true,
      ];
      assert.deepEqual(answers, [true, !embedded, true, !embedded]);
    }
  });

  test('yomo-zipper: a certificate is compared with a name', () => {
    const zipper = dialogs().find(({ type }) => type === 'yomo-zipper');
    const validate = zipper?.definition.defaults.host?.validate;
    assert.equal(validate?.length, 2);
    for (const verify of [true, false]) {
      const node = { verify, _: zipper?.translate };
      assert.equal(validate?.call(node, 'localhost', {}), true);
      for (const address of ['127.0.0.1', '::1']) assert.equal(validate?.call(node, address, {}) === true, !verify);
    }
  });

  test('yomo-zipper: a credential of protocol v1 has a kind before its secret, one of v2 is the secret alone', () => {
    const zipper = dialogs().find(({ type }) => type === 'yomo-zipper');
    const validate = zipper?.definition.credentials?.credential?.validate;
    assert.equal(validate?.length, 2);
    const check = (protocol: string, credential: unknown): unknown =>
      validate?.call({ protocol, _: zipper?.translate }, credential, {});
    // The fourth is what the editor shows for a password that is stored.
    for (const good of ['', undefined, 'token:s3:cret', '__PWRD__', '${CREDENTIAL}']) {
      assert.deepEqual([check('v1', good), check('v2', good)], [true, true], String(good));
    }
    for (const bad of ['s3cret', 'token:', ':s3cret', HOSTILE]) {
      assert.match(String(check('v1', bad)), /^credential: .*token:SECRET/);
      assert.equal(check('v2', bad), true);
    }
  });

  test('a source and a sink of one tag, or of one tool, have labels that differ; a zipper shows that it is of v2', () => {
    const label = (type: string, saved: object): string | undefined => {
      const dialog = dialogs().find((each) => each.type === type);
      const fill = (key: string, values: Record<string, unknown> = {}): string =>
        (dialog?.translate(key) ?? '').replaceAll(/__(\w+)__/g, (_all, name: string) => String(values[name]));
      return dialog?.definition.label?.call({ id: 'node', name: '', zipper: '', ...saved, _: fill });
    };
    assert.deepEqual(
      [label('yomo-source', { tags: ['0x33', 52] }), label('yomo-sink', { tag: '0x33' })],
      ['from 0x33, 52', 'to 0x33'],
    );
    const tools = { zipper: 'zipper of v2' };
    assert.deepEqual(
      [label('yomo-source', { ...tools, appName: 'triple' }), label('yomo-sink', { ...tools, target: 'triple' })],
      ['tool triple', 'call triple'],
    );
    const address = { host: 'localhost', port: 9000 };
    assert.deepEqual(
      ['v1', 'v2'].map((protocol) => label('yomo-zipper', { ...address, protocol })),
      ['localhost:9000', 'localhost:9000 (v2)'],
    );
  });

  test('yomo-source and yomo-sink: with a zipper of protocol v2 a name is needed, and tags are not looked at', () => {
    const check = (type: string, property: string, saved: object, value: unknown): unknown => {
      const dialog = dialogs().find((each) => each.type === type);
      const node = { id: 'node', zipper: 'zipper of v2', name: '', ...saved, _: dialog?.translate };
      return dialog?.definition.defaults[property]?.validate?.call(node, value, {});
    };
    assert.match(String(check('yomo-source', 'appName', {}, ' ')), /^app name/);
    assert.equal(check('yomo-source', 'appName', {}, 'triple'), true);
    assert.equal(check('yomo-source', 'appName', { name: 'triple' }, ''), true);
    assert.equal(check('yomo-source', 'tags', {}, []), true);
    assert.equal(check('yomo-sink', 'tag', {}, 'loud'), true);
  });

  test('yomo-source and yomo-sink: with a zipper of protocol v2 no other node that runs may have the name', () => {
    const check = (type: string, id: string, appName: string, saved: object = {}): unknown => {
      const dialog = dialogs().find((each) => each.type === type);
      const node = { id, zipper: 'zipper of v2', name: '', ...saved, _: dialog?.translate };
      return dialog?.definition.defaults.appName?.validate?.call(node, appName, {});
    };
    for (const type of ['yomo-source', 'yomo-sink']) {
      for (const name of ['named', ' calls ']) {
        assert.match(String(check(type, 'new', name)), /^app name: .*another one has this name$/, `${type} ${name}`);
      }
      for (const name of ['a sink', 'old', 'off', 'off too', 'new']) assert.equal(check(type, 'new', name), true);
      assert.equal(check(type, 'new', 'calls', { zipper: 'zipper of v1' }), true);
    }
    assert.match(String(check('yomo-source', 'new', '', { name: 'named' })), /^app name/);
    assert.equal(check('yomo-source', 'tool', '', { name: 'named' }), true);
    assert.equal(check('yomo-sink', 'caller', 'calls'), true);
    assert.equal(check('yomo-sink', 'new', '', { name: 'named' }), true);
  });

  test('mqtt-connection: a session that is kept needs a client ID', () => {
    const connection = dialogs().find(({ type }) => type === 'mqtt-connection');
    const validate = connection?.definition.defaults.clientId?.validate;
    assert.equal(validate?.length, 2);
    const node = { persistent: true, _: connection?.translate };
    assert.match(String(validate?.call(node, ' ', {})), /client ID/);
    assert.equal(validate?.call(node, 'gateway', {}), true);
  });
});
