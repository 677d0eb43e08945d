/** From broker to broker through a wasm-function, in a real Node-RED: what arrives, and what is acknowledged when. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { guestFile } from '../support/guests';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe, range } from '../support/mqtt';
import { deliveriesTo, keptSession, lane, payloadsOn, type FlowNode } from '../support/mqtt-flow';
import { NodeRed, eventually } from '../support/node-red';

const MESSAGES = process.env.TEST_LONG === undefined ? 400 : 20_000;

/** Rounds of the busy guest, a second or more of work, and what comes of them. */
const LONG_CALL = '1000000000';
const LONG_RESULT = '-1673776640';

const lanes = ['many', 'trap', 'stuck', 'arguments', 'caught', 'late', 'busy'];

const triple = { file: guestFile('wat/triple'), export: 'triple' };
const trap = { file: guestFile('wat/trap'), export: 'unreachable' };

function flows(url: string, protocolVersion: 4 | 5): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'MQTT' },
    keptSession(url, protocolVersion),
    ...lane('many', { function: triple }),
    ...lane('trap', { source: { attempts: 2 }, function: trap }),
    ...lane('stuck', {
      source: { attempts: 1 },
      function: { file: guestFile('wat/loop'), export: 'spin', timeout: 0.2 },
    }),
    ...lane('arguments', { function: triple }),
    ...lane('caught', { function: trap }),
    {
      id: 'catch',
      type: 'catch',
      z: 'tab',
      x: 100,
      y: 100,
      scope: ['caught-function'],
      uncaught: false,
      wires: [['code']],
    },
    {
      id: 'code',
      type: 'change',
      z: 'tab',
      x: 300,
      y: 100,
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'error.code', tot: 'msg' }],
      wires: [['caught-sink']],
    },
    ...lane('late', { source: { attempts: 1 }, function: { file: 'late.wasm', export: 'triple' } }),
    ...lane('busy', { function: { file: guestFile('wat/busy'), export: 'work', timeout: 100 } }),
  ];
}

for (const protocolVersion of [4, 5] as const) {
  const version = protocolVersion === 4 ? '3.1.1' : '5';

  describe(`MQTT ${version} → wasm-function → MQTT`, { skip: mosquittoMissing }, () => {
    let broker: Mosquitto;
    let probe: Probe;
    let userDirectory: string;
    let nodeRed: NodeRed;

    const publish = (name: string, payload: string) =>
      probe.client.publishAsync(`in/${name}`, payload, {
        qos: 1,
        ...(protocolVersion === 5 ? { properties: { userProperties: { from: 'test' } } } : {}),
      });
    const untilAcknowledged = (name: string) =>
      eventually(`${name} is acknowledged`, () => {
        const { sent, open } = deliveriesTo(broker, name);
        return sent > 0 && open === 0;
      });
    const deadLetters = (name: string) => probe.received.filter(({ topic }) => topic === `dead/${name}`);

    before(async () => {
      // without its bound of 1000 messages waiting for a client, beyond which the broker itself drops a burst
      broker = await Mosquitto.start({ lines: ['max_queued_messages 0'] });
      probe = await Probe.connect(broker.url, { protocolVersion }, '#');
      userDirectory = await mkdtemp(join(tmpdir(), 'mqtt-flow-'));
      nodeRed = await NodeRed.start({ userDirectory, flows: flows(broker.url, protocolVersion) });
      await untilSubscribed(1);
    });
    after(async () => {
      await nodeRed.stop();
      await probe.end();
      await broker.stop();
      await rm(userDirectory, { recursive: true, force: true });
    });

    /** A source subscribes once in each run of Node-RED, after the broker has sent it what it had not acknowledged. */
    async function untilSubscribed(runs: number): Promise<void> {
      for (const name of lanes) {
        await eventually(`${name} is subscribed`, () => {
          return broker.output.split(`Sending SUBACK to flow-${name}-source`).length > runs;
        });
      }
    }

    test('each result arrives once and in order, with many messages in flight', async () => {
      await Promise.all(range(MESSAGES).map((index) => publish('many', String(index))));
      await eventually('all results', () => payloadsOn(probe, 'out/many').length >= MESSAGES, 60);
      await untilAcknowledged('many');
      assert.deepEqual(
        payloadsOn(probe, 'out/many'),
        range(MESSAGES).map((index) => String(index * 3)),
      );
      const { sent, mostOpen } = deliveriesTo(broker, 'many');
      assert.equal(sent, MESSAGES);
      assert.ok(mostOpen > 1, `${String(mostOpen)} at once`);
    });

    test('after an uncaught trap the message is delivered `attempts` times, kept as a dead letter and acknowledged', async () => {
      await publish('trap', 'poison');
      await eventually('dead letter', () => deadLetters('trap').length > 0);
      await untilAcknowledged('trap');
      assert.deepEqual(payloadsOn(probe, 'seen/trap'), ['poison', 'poison']);
      assert.deepEqual(payloadsOn(probe, 'dead/trap'), ['poison']);
      if (protocolVersion === 5) {
        const { error, ...rest } = { ...deadLetters('trap')[0]?.properties?.userProperties };
        assert.match(String(error), /unreachable/);
        assert.deepEqual(rest, {
          from: 'test',
          errorCode: 'trap',
          errorSource: 'wasm-function "trap-function"',
          attempts: '2',
          originalTopic: 'in/trap',
        });
      }
    });

    test('a function that never ends is stopped, and its message is given up like any other', async () => {
      await publish('stuck', 'wait');
      await eventually('dead letter', () => deadLetters('stuck').length > 0);
      await untilAcknowledged('stuck');
      assert.deepEqual(payloadsOn(probe, 'seen/stuck'), ['wait']);
      assert.match(nodeRed.output, /"in\/stuck" was written to "dead\/stuck" after 1 attempt\./);
    });

    test('a payload that the function does not take is not tried again', async () => {
      await publish('arguments', 'loud');
      await eventually('dead letter', () => deadLetters('arguments').length > 0);
      await untilAcknowledged('arguments');
      assert.deepEqual(payloadsOn(probe, 'seen/arguments'), ['loud']);
      assert.deepEqual(payloadsOn(probe, 'dead/arguments'), ['loud']);
    });

    test('a message whose error is caught is done once the branch behind the Catch node is', async () => {
      await publish('caught', 'poison');
      await untilAcknowledged('caught');
      await eventually('what the branch published', () => payloadsOn(probe, 'out/caught').length > 0);
      const published = broker.output.search(/Received PUBLISH from [^\n]+'out\/caught'/);
      const acknowledged = broker.output.indexOf('Received PUBACK from flow-caught-source');
      assert.ok(published >= 0 && published < acknowledged, 'first the branch, then the acknowledgement');
      assert.deepEqual(payloadsOn(probe, 'out/caught'), ['trap']);
      assert.deepEqual(payloadsOn(probe, 'seen/caught'), ['poison']);
      assert.deepEqual(deadLetters('caught'), []);
    });

    test('a message waits for a module that is missing, whatever `attempts` says', async () => {
      await publish('late', '14');
      await eventually('the first delivery has failed', () => /waits and is delivered again/.test(nodeRed.output));
      assert.equal(deliveriesTo(broker, 'late').open, 1);
      await copyFile(guestFile('wat/triple'), join(userDirectory, 'late.wasm'));
      await eventually('result', () => payloadsOn(probe, 'out/late').length > 0);
      await untilAcknowledged('late');
      assert.deepEqual(payloadsOn(probe, 'out/late'), ['42']);
      assert.deepEqual(deadLetters('late'), []);
    });

    test('a message in the flow when Node-RED is killed comes again, and only that one', async () => {
      await publish('busy', LONG_CALL);
      await eventually('the call runs', () => payloadsOn(probe, 'seen/busy').length > 0);
      await nodeRed.kill();
      assert.deepEqual(payloadsOn(probe, 'out/busy'), [], 'the call was not over');
      assert.deepEqual(deliveriesTo(broker, 'busy'), { sent: 1, open: 1, mostOpen: 1 });
      const finished = lanes.filter((name) => name !== 'busy');
      const before = finished.map((name) => deliveriesTo(broker, name).sent);

      nodeRed = await NodeRed.start({ userDirectory });
      await eventually('the result', () => payloadsOn(probe, 'out/busy').length > 0, 60);
      await untilAcknowledged('busy');
      assert.deepEqual(payloadsOn(probe, 'out/busy'), [LONG_RESULT]);
      // whatever delivers it once more has said why in the log
      assert.deepEqual(payloadsOn(probe, 'seen/busy'), [LONG_CALL, LONG_CALL], nodeRed.output);
      await untilSubscribed(2);
      assert.deepEqual(
        finished.map((name) => deliveriesTo(broker, name).sent),
        before,
      );
    });
  });
}
