import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import helper from 'node-red-node-test-helper';
import type { Node, NodeMessage } from 'node-red';
import { Connection } from '#dist/mqtt/connection';
import mqttConnection from '#dist/nodes/mqtt-connection/mqtt-connection';
import mqttSink from '#dist/nodes/mqtt-sink/mqtt-sink';
import mqttSource from '#dist/nodes/mqtt-source/mqtt-source';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe } from '../support/mqtt';
import { eventually, freePort, requireNodeRed } from '../support/node-red';

helper.init(requireNodeRed.resolve('node-red'));
const require = createRequire(requireNodeRed.resolve('node-red'));
const tlsConfig = require('@node-red/nodes/core/network/05-tls.js') as typeof mqttSink;
const types = [mqttConnection, mqttSink, mqttSource, tlsConfig];

interface Status {
  fill: string;
  text: string;
}

/** The statuses a node has shown, and its log. */
interface Observed {
  readonly node: Node;
  readonly statuses: Status[];
}

function observe(id: string): Observed {
  const node = helper.getNode(id) as unknown as Node & { status: { lastCall: unknown; args: [Status][] } };
  return {
    node,
    get statuses() {
      return node.status.args.map(([status]) => status);
    },
  };
}

const isConnected = ({ statuses }: Observed): boolean => statuses.at(-1)?.text === 'node-red:common.status.connected';

async function next(node: Node): Promise<NodeMessage> {
  const [message] = (await once(node, 'input')) as [NodeMessage];
  return message;
}

/** Sends a message into a node and gives what its `done` was called with: Node-RED hands that to `_complete`. */
function inject(node: Node, message: NodeMessage): Promise<Error | undefined> {
  return new Promise((resolve) => {
    Object.assign(node, {
      _complete: (_message: NodeMessage, error?: Error) => {
        resolve(error);
      },
    });
    node.receive(message);
  });
}

describe('the MQTT nodes', { skip: mosquittoMissing }, () => {
  let broker: Mosquitto;
  before(async () => {
    broker = await Mosquitto.start();
  });
  after(() => broker.stop());
  beforeEach((_context, done) => {
    helper.startServer(done);
  });
  afterEach(async () => {
    await helper.unload();
    await new Promise((resolve) => {
      helper.stopServer(resolve as () => void);
    });
  });

  const connection = (changes: object = {}) => ({ id: 'c', type: 'mqtt-connection', url: broker.url, ...changes });

  for (const protocolVersion of [4, '5']) {
    test(`a message goes out through the sink and comes in through the source (${String(protocolVersion)})`, async () => {
      await helper.load(types, [
        connection({ protocolVersion }),
        { id: 'sink', type: 'mqtt-sink', connection: 'c', topic: '', qos: '2' },
        {
          id: 'source',
          type: 'mqtt-source',
          connection: 'c',
          topic: 'through/+',
          qos: '2',
          format: 'json',
          wires: [['end']],
        },
        { id: 'end', type: 'helper' },
      ]);
      await eventually('connected', () => isConnected(observe('source')) && isConnected(observe('sink')));
      const arrived = next(helper.getNode('end') as unknown as Node);
      const error = await inject(observe('sink').node, {
        payload: { noise: 1.5 },
        topic: 'through/flow',
        contentType: 'application/json',
        userProperties: { from: 'test' },
      });
      assert.equal(error, undefined);
      const { _msgid, ...message } = await arrived;
      assert.equal(typeof _msgid, 'string');
      const properties = { contentType: 'application/json', userProperties: { from: 'test' } };
      assert.deepEqual(message, {
        payload: { noise: 1.5 },
        topic: 'through/flow',
        qos: 2,
        retain: false,
        ...(protocolVersion === '5' ? properties : {}),
      });
    });
  }

  test('without hooks a source acknowledges as received and warns once', async () => {
    await helper.load(types, [
      connection({ clientId: 'helper' }),
      { id: 'source', type: 'mqtt-source', connection: 'c', topic: 'received', wires: [['end']] },
      { id: 'end', type: 'helper' },
    ]);
    const source = observe('source');
    await eventually('connected', () => isConnected(source));
    const probe = await Probe.connect(broker.url);
    for (const payload of ['1', '2']) await probe.client.publishAsync('received', payload, { qos: 1 });
    await eventually(
      'both are acknowledged',
      () => broker.output.split('Received PUBACK from helper-source').length === 3,
    );
    const warnings = (source.node.warn as unknown as { args: [string][] }).args.map(([text]) => text);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /acknowledged as received/);
    await probe.end();
  });

  test('a payload that is not JSON goes to the dead letters, with the reason', async () => {
    await helper.load(types, [
      connection({ protocolVersion: 5 }),
      {
        id: 'source',
        type: 'mqtt-source',
        connection: 'c',
        topic: 'json',
        format: 'json',
        deadLetter: 'dead',
        wires: [[]],
      },
    ]);
    await eventually('connected', () => isConnected(observe('source')));
    const probe = await Probe.connect(broker.url, { protocolVersion: 5 }, 'dead');
    await probe.client.publishAsync('json', '{', { qos: 1, properties: { userProperties: { from: 'test' } } });
    const letter = await eventually('the dead letter', () => probe.received[0]);
    assert.equal(String(letter.payload), '{');
    const { error, ...rest } = { ...letter.properties?.userProperties };
    assert.match(String(error), /The payload is not JSON/);
    assert.deepEqual(rest, { from: 'test', attempts: '0', errorCode: 'payload', originalTopic: 'json' });
    await probe.end();
  });

  test('a dead letter that the broker refuses shows, and keeps its message on the broker', async () => {
    const strict = await Mosquitto.start({
      lines: ['acl_file $folder/acl'],
      files: { acl: 'topic readwrite in\ntopic readwrite good\n' },
    });
    await helper.load(types, [
      connection({ url: strict.url, protocolVersion: 5, clientId: 'letters' }),
      {
        id: 'source',
        type: 'mqtt-source',
        connection: 'c',
        topic: 'in',
        format: 'json',
        deadLetter: 'dead',
        wires: [],
      },
    ]);
    const source = observe('source');
    await eventually('connected', () => isConnected(source));
    const probe = await Probe.connect(strict.url, { protocolVersion: 5 });
    await probe.client.publishAsync('in', '{', { qos: 1 });
    await eventually('the status', () => source.statuses.at(-1)?.text === 'mqtt-source.status.dead-letter');
    assert.doesNotMatch(strict.output, /Received PUBACK from letters-source/);
    assert.match(
      (source.node.warn as unknown as { args: [string][] }).args.at(-1)?.[0] ?? '',
      /could not be written to "dead"/,
    );
    await probe.end();
    await helper.unload();
    await strict.stop();
  });

  test('a sink answers a message it cannot publish with the reason', async () => {
    await helper.load(types, [connection(), { id: 'sink', type: 'mqtt-sink', connection: 'c', topic: '' }]);
    const { node } = observe('sink');
    assert.match((await inject(node, { payload: 'x' }))?.message ?? '', /The topic is empty/);
    assert.match((await inject(node, { payload: undefined, topic: 't' }))?.message ?? '', /msg\.payload is undefined/);
    assert.equal(await inject(node, { payload: 'x', topic: 't' }), undefined);
  });

  for (const [title, nodes, text, reason, teller] of [
    [
      'no connection',
      [{ type: 'mqtt-sink', topic: 't' }],
      'mqtt-sink.status.configuration',
      /No MQTT connection is chosen/,
      'n',
    ],
    [
      'a persistent session without an identifier',
      [
        { type: 'mqtt-sink', topic: 't', connection: 'c' },
        { id: 'c', type: 'mqtt-connection', persistent: 'true' },
      ],
      'mqtt-sink.status.configuration',
      /needs a client identifier/,
      'c',
    ],
    [
      'a topic that is none',
      [
        { type: 'mqtt-source', topic: 'a/#/b', connection: 'c' },
        { id: 'c', type: 'mqtt-connection' },
      ],
      'mqtt-source.status.configuration',
      /is not the last level/,
      'n',
    ],
    [
      'TLS settings that are missing',
      [
        { type: 'mqtt-sink', topic: 't', connection: 'c' },
        { id: 'c', type: 'mqtt-connection', url: 'mqtts://127.0.0.1', tls: 'gone' },
      ],
      'mqtt-sink.status.configuration',
      /TLS configuration of the connection is missing/,
      'c',
    ],
    [
      'TLS settings whose file is missing',
      [
        { type: 'mqtt-source', topic: 't', connection: 'c', wires: [] },
        { id: 'c', type: 'mqtt-connection', url: 'mqtts://127.0.0.1', tls: 'tls' },
        { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '/nowhere/ca.pem' },
      ],
      'mqtt-source.status.configuration',
      /TLS configuration of the connection cannot be used: a file of it is missing/,
      'c',
    ],
  ] as const) {
    test(`${title}: the status says so, and so does the log, once`, async () => {
      await helper.load(types, nodes.map((node, index) => (index === 0 ? { id: 'n', ...node } : node)) as never);
      const { node, statuses } = observe('n');
      assert.deepEqual(statuses.at(-1), { fill: 'red', shape: 'ring', text });
      const logged = helper.log().args.filter(([line]) => reason.test(String(line.msg)));
      assert.deepEqual(
        logged.map(([line]) => line.id),
        [teller],
      );
      if (node.type !== 'mqtt-sink') return;
      const error = await inject(node, { payload: 'x' });
      assert.match(String(error), reason);
      assert.doesNotMatch(String(error), /Error: /);
      assert.equal((error as { code?: string } | undefined)?.code, 'configuration');
    });
  }

  test('a source whose subscription throws still ends what it has opened, and shows why it cannot work', async (context) => {
    let released = 0;
    const use = { waiting: 0, publish: () => Promise.resolve(), release: () => Promise.resolve(void (released += 1)) };
    context.mock.method(Connection.prototype, 'publisher', () => use);
    context.mock.method(Connection.prototype, 'subscribe', () => {
      throw new Error('no subscription');
    });
    await helper.load(types, [
      connection(),
      { id: 'source', type: 'mqtt-source', connection: 'c', topic: 't', deadLetter: 'dead', wires: [] },
    ]);
    assert.equal(observe('source').statuses.at(-1)?.text, 'mqtt-source.status.configuration');
    await helper.unload();
    assert.equal(released, 1);
  });

  test('the embedded broker says when its port is taken', async () => {
    await helper.load(types, [
      connection({ embedded: 'true' }),
      { id: 'sink', type: 'mqtt-sink', connection: 'c', topic: 't' },
    ]);
    const sink = observe('sink');
    await eventually('the status', () => sink.statuses.at(-1)?.text === 'mqtt-sink.status.embedded');
    const told = (observe('c').node.warn as unknown as { args: [string][] }).args.map(([text]) => text);
    assert.equal(told.length, 1, told.join());
    assert.match(told[0] ?? '', /switch the embedded broker off/);
  });

  test('an embedded broker serves the flow and other programs, and stops with the flow', async () => {
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${String(port)}`;
    await helper.load(types, [
      { id: 'c', type: 'mqtt-connection', url, embedded: true },
      { id: 'source', type: 'mqtt-source', connection: 'c', topic: 'in', wires: [['end']] },
      { id: 'end', type: 'helper' },
    ]);
    await eventually('connected', () => isConnected(observe('source')));
    const arrived = next(helper.getNode('end') as unknown as Node);
    const probe = await Probe.connect(url);
    await probe.client.publishAsync('in', '21.5', { qos: 1 });
    assert.equal((await arrived).payload, '21.5');
    await probe.end();
    await helper.unload();
    await assert.rejects(Probe.connect(url));
  });

  test('a password that an environment variable gives as a number is one', async () => {
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${String(port)}`;
    const flow = [
      { id: 'c', type: 'mqtt-connection', url, embedded: true },
      { id: 'source', type: 'mqtt-source', connection: 'c', topic: 'in', wires: [] },
    ];
    await helper.load(types, flow, { c: { user: 'gateway', password: 1234 } });
    await eventually('connected', () => isConnected(observe('source')));
    const probe = await Probe.connect(url.replace('//', '//gateway:1234@'));
    await probe.end();
    await assert.rejects(Probe.connect(url.replace('//', '//gateway:@')));
  });
});
