/** An mqtt-source that closes while the broker has not yet acknowledged its dead letter. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import helper from 'node-red-node-test-helper';
import mqttConnection from '#dist/nodes/mqtt-connection/mqtt-connection';
import mqttSource from '#dist/nodes/mqtt-source/mqtt-source';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe } from '../support/mqtt';
import { eventually, requireNodeRed } from '../support/node-red';
import { Relay } from '../support/relay';

helper.init(requireNodeRed.resolve('node-red'));

describe('a source that closes', { skip: mosquittoMissing }, () => {
  let broker: Mosquitto;
  let relay: Relay;
  before(async () => {
    broker = await Mosquitto.start();
    relay = await Relay.to(broker.port);
  });
  after(async () => {
    relay.close();
    await broker.stop();
  });
  beforeEach((_context, done) => {
    helper.startServer(done);
  });
  afterEach(async () => {
    await helper.unload();
    await new Promise((resolve) => {
      helper.stopServer(resolve as () => void);
    });
  });

  const count = (line: string): number => broker.output.split(line).length - 1;

  /** Deploys a source in a kept session, whose messages are to be JSON. */
  const load = (): Promise<void> =>
    helper.load(
      [mqttConnection, mqttSource],
      [
        { id: 'c', type: 'mqtt-connection', url: relay.url, clientId: 'closing', persistent: true },
        {
          id: 'source',
          type: 'mqtt-source',
          connection: 'c',
          topic: 'in',
          format: 'json',
          deadLetter: 'dead',
          wires: [],
        },
      ],
    );

  test('waits for the acknowledgement of a dead letter under way and passes it on: the letter is written once', async () => {
    const probe = await Probe.connect(broker.url, {}, 'dead');
    await load();
    await eventually('subscribed', () => count('Sending SUBACK to closing-source') === 1);
    await eventually('connected', () => count('Sending CONNACK to closing-c ') === 1);
    relay.requests.fate = 'keep';
    await probe.client.publishAsync('in', '{', { qos: 1 });
    await eventually('the letter is on its way', () => relay.requests.kept > 0);
    const source = helper.getNode('source') as unknown as { close(removed: boolean): Promise<void> };
    const closed = source.close(false);
    relay.requests.fate = 'pass';
    await closed;
    await eventually('the letter is written', () => probe.payloads.length === 1);
    // the broker's log comes by a pipe of its own
    await eventually('the message is acknowledged', () => count('Received PUBACK from closing-source') === 1);

    await helper.unload();
    await load();
    await eventually('subscribed again', () => count('Sending SUBACK to closing-source') === 2);
    assert.equal(count('Sending PUBLISH to closing-source'), 1);
    assert.deepEqual(probe.payloads, ['{']);
    await probe.end();
  });
});
