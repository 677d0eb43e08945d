import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import helper from 'node-red-node-test-helper';
import type { Node, NodeMessage } from 'node-red';
import mqttConnection from '#dist/nodes/mqtt-connection/mqtt-connection';
import mqttSink from '#dist/nodes/mqtt-sink/mqtt-sink';
import mqttSource from '#dist/nodes/mqtt-source/mqtt-source';
import { MAX_WAITING } from '#dist/mqtt/sink-client';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { eventually, freePort, requireNodeRed } from '../support/node-red';

helper.init(requireNodeRed.resolve('node-red'));
const require = createRequire(requireNodeRed.resolve('node-red'));
const catchNode = require('@node-red/nodes/core/common/25-catch.js') as typeof mqttSink;
const types = [mqttConnection, mqttSink, mqttSource, catchNode];

/** As a Catch node gives it on. */
interface Caught extends NodeMessage {
  readonly error: { readonly message: string; readonly code?: string; readonly cause?: Record<string, unknown> };
}

const place = { z: 'tab', x: 0, y: 0 };
/** Warnings and errors that nodes have logged. */
const warnings = (): string[] =>
  helper
    .log()
    .args.map(([line]) => line)
    .filter(({ level, id }) => level <= 30 && id !== undefined)
    .map(({ msg }) => String(msg));

async function load(nodes: readonly object[]): Promise<Caught[]> {
  const caught: Caught[] = [];
  await helper.load(types, [
    { id: 'tab', type: 'tab' },
    { id: 'catch', type: 'catch', ...place, wires: [['caught']] },
    { id: 'caught', type: 'helper', ...place },
    ...nodes,
  ] as never);
  helper.getNode('caught').on('input', (message: unknown) => caught.push(message as Caught));
  return caught;
}

function send(id: string, message: object): void {
  (helper.getNode(id) as unknown as Node).receive(message as NodeMessage);
}

/** The topics that everyone may use. */
const ACCESS = 'topic readwrite open/#\n';

describe('errors of the MQTT nodes', { skip: mosquittoMissing }, () => {
  let broker: Mosquitto;
  before(async () => {
    broker = await Mosquitto.start({ lines: ['acl_file $folder/acl'], files: { acl: ACCESS } });
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
  const sink = (changes: object = {}) => ({
    id: 'sink',
    type: 'mqtt-sink',
    connection: 'c',
    topic: '',
    wires: [],
    ...place,
    ...changes,
  });

  test('each kind reaches Catch with its code, its broker and topic, and a sentence that says what to do', async () => {
    const caught = await load([connection({ protocolVersion: 5 }), sink(), sink({ id: 'json', format: 'json' })]);
    const expect = async (code: string, cause: object, remedy: RegExp): Promise<void> => {
      const { error } = await eventually(code, () => caught.shift());
      assert.equal(error.code, code);
      assert.deepEqual(error.cause, { broker: broker.url, ...cause });
      assert.match(error.message, remedy);
      assert.doesNotMatch(error.message, /Error: /);
    };
    send('sink', { payload: 'x', topic: '' });
    await expect('topic', { topic: '' }, /^The topic is empty\. Give one in the node or in msg\.topic\.$/);
    send('sink', { payload: 'x', topic: 'a/#' });
    await expect('topic', { topic: 'a/#' }, /Publish to a topic without them/);
    send('sink', { topic: 'open/1' });
    await expect('payload', {}, /^msg\.payload is undefined\. Give it a value/);
    send('json', { payload: 1n, topic: 'open/1' });
    await expect('payload', {}, /cannot be written as JSON .*Send what JSON can say/);
    send('sink', { payload: 'x', topic: 'denied' });
    const reason = 'Publish error: Not authorized';
    await expect('broker', { topic: 'denied', reason }, /"denied" .*Check the topic and the rights of the user/);
  });

  test('a broker that is away: QoS 0 is refused, QoS 1 waits for its turn up to a limit, and a close ends what waits', async () => {
    const url = `mqtt://127.0.0.1:${String(await freePort())}`;
    const caught = await load([connection({ url }), sink({ topic: 't' })]);
    for (let index = 0; index < MAX_WAITING; index++) send('sink', { payload: index });
    send('sink', { payload: 'one more' });
    const { error } = await eventually('the queue is full', () => caught.shift());
    assert.equal(error.code, 'queue');
    assert.deepEqual(error.cause, { broker: url, topic: 't' });
    assert.match(error.message, /See why in the status of the node/);
    await (helper.getNode('sink') as unknown as { close(removed: boolean): Promise<void> }).close(false);
    await eventually('all that waited is told', () => caught.length === MAX_WAITING);
    assert.deepEqual([...new Set(caught.map(({ error }) => error.code))], ['closed']);
    assert.match(caught[0]?.error.message ?? '', /Send it again/);
  });

  test('a broker that is away is one line in the log, however many nodes use it, and again when it has been back', async () => {
    const other = await Mosquitto.start();
    await other.kill();
    const source = (id: string) => ({
      id,
      type: 'mqtt-source',
      connection: 'c',
      topic: id,
      acknowledge: 'received',
      wires: [],
      ...place,
    });
    const users = [sink({ id: 's1' }), sink({ id: 's2' }), source('q1'), source('q2')];
    await load([connection({ url: other.url }), ...users]);
    const shows = (text: string) => () =>
      users.every(({ id }) => {
        const { status } = helper.getNode(id) as unknown as { status: { lastCall: { args: [{ text: string }] } } };
        return status.lastCall.args[0].text.endsWith(text);
      });
    await eventually('all nodes show it', shows('status.refused'));
    const [line, ...more] = warnings();
    assert.deepEqual(more, []);
    assert.match(line ?? '', /nothing accepts connections there; check that the broker runs .*It is tried again\.$/);
    await other.run();
    await eventually('all nodes are connected', shows('status.connected'));
    await other.kill();
    await eventually('all nodes show it again', shows('status.refused'));
    assert.deepEqual(warnings(), [line, line]);
    await other.stop();
  });
});
