/** A real broker that goes away and comes back, and a network between that loses packets: what runs, and how often. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { Connection } from '#dist/mqtt/connection';
import type { ConnectionStatus } from '#dist/mqtt/status';
import { Mosquitto, mosquittoMissing, stopBrokers } from '../support/mosquitto';
import { CollectingSource, endClients, Probe, range, sessionFilters, settingsFor, silentLog } from '../support/mqtt';
import { outgoing, publisherOf, releaseAll, subscribe } from '../support/mqtt-connection';
import { eventually, freePort } from '../support/node-red';
import { Relay } from '../support/relay';

// also of tests that failed before their end
after(endClients);
after(stopBrokers);

/** A line of mosquitto's log, such as `Received PUBACK from <client>`, counted. */
function count(broker: Mosquitto, line: string): number {
  return broker.output.split(line).length - 1;
}

for (const protocolVersion of [4, 5] as const) {
  describe(
    `a network that loses packets, MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}`,
    { skip: mosquittoMissing },
    () => {
      let broker: Mosquitto;
      let relay: Relay;
      let probe: Probe;

      before(async () => {
        broker = await Mosquitto.start();
        relay = await Relay.to(broker.port);
        probe = await Probe.connect(broker.url, { protocolVersion }, 'out/#');
      });
      after(async () => {
        await probe.end();
        relay.close();
        await broker.stop();
      });
      afterEach(releaseAll);

      const publish = (name: string, payload: string, qos: 1 | 2 = 1): Promise<unknown> =>
        probe.client.publishAsync(`in/${name}`, payload, { qos });

      /** A source behind the relay, whose client identifier is `<name>-source`. */
      async function sourceOf(name: string, options: { qos?: 1 | 2; maxInFlight?: number } = {}) {
        const settings = settingsFor(relay.url, { clientId: name, protocolVersion, persistent: true });
        const source = new CollectingSource(settings, { filter: `in/${name}`, ...options });
        await eventually('subscribed', () => source.isConnected);
        return source;
      }

      /** Ends the connection, with all that is lost or on its way, and waits for the next one. */
      async function cut(statuses: readonly ConnectionStatus[]): Promise<void> {
        const before = statuses.length;
        relay.cut();
        await eventually('the break is seen', () => statuses.length > before);
        await eventually('connected again', () => statuses.at(-1)?.kind === 'connected');
      }

      // it might be another message under the identifier that is free again: to drop it could lose one
      test('QoS 1: where PUBACK is lost, the message comes again and runs again', async () => {
        const source = await sourceOf('puback');
        await publish('puback', 'twice');
        const delivery = await eventually('in flight', () => source.deliveries[0]);
        relay.requests.fate = 'lose';
        delivery.acknowledge();
        await cut(source.statuses);
        const again = await eventually('it comes again', () => source.deliveries[1]);
        assert.equal(count(broker, 'Received PUBACK from puback-source'), 0);
        again.acknowledge();
        await eventually('acknowledged', () => count(broker, 'Received PUBACK from puback-source') === 1);
        assert.equal(again.packet.dup, true);
        assert.deepEqual(source.payloads, ['twice', 'twice']);
        await source.client.close(true);
      });

      test('QoS 1: what the network loses on its way to the source comes with the next connection', async () => {
        const source = await sourceOf('lost');
        relay.answers.fate = 'lose';
        await publish('lost', 'late');
        await eventually('it was sent', () => count(broker, 'Sending PUBLISH to lost-source') === 1);
        assert.deepEqual(source.payloads, []);
        await cut(source.statuses);
        const delivery = await eventually('it has come', () => source.deliveries[0]);
        delivery.acknowledge();
        await eventually('acknowledged', () => count(broker, 'Received PUBACK from lost-source') === 1);
        assert.deepEqual(source.payloads, ['late']);
        await source.client.close(true);
      });

      test('QoS 2: where PUBREC is lost, it is sent again and the message does not run again', async () => {
        const source = await sourceOf('pubrec', { qos: 2 });
        await publish('pubrec', 'once', 2);
        const delivery = await eventually('in flight', () => source.deliveries[0]);
        relay.requests.fate = 'lose';
        delivery.acknowledge();
        await cut(source.statuses);
        await eventually('complete', () => count(broker, 'Received PUBCOMP from pubrec-source') === 1);
        assert.equal(count(broker, 'Sending PUBLISH to pubrec-source'), 2);
        assert.deepEqual(source.payloads, ['once']);
        await source.client.close(true);
      });

      test('QoS 2: where PUBREL is lost, the handshake ends on the next connection, and the next message runs', async () => {
        const source = await sourceOf('pubrel', { qos: 2 });
        await publish('pubrel', 'first', 2);
        const delivery = await eventually('in flight', () => source.deliveries[0]);
        relay.answers.fate = 'lose';
        delivery.acknowledge();
        await eventually('PUBREL is sent', () => count(broker, 'Sending PUBREL to pubrel-source') === 1);
        await cut(source.statuses);
        await eventually('complete', () => count(broker, 'Received PUBCOMP from pubrel-source') === 1);
        assert.deepEqual(source.payloads, ['first']);
        await publish('pubrel', 'second', 2);
        const second = await eventually('the next one runs', () => source.deliveries[1]);
        second.acknowledge();
        await eventually('it is complete too', () => count(broker, 'Received PUBCOMP from pubrel-source') === 2);
        assert.deepEqual(source.payloads, ['first', 'second']);
        await source.client.close(true);
      });

      test('where the old topic is given up in vain, it is given up again', async () => {
        const settings = settingsFor(relay.url, { clientId: 'changing', protocolVersion, persistent: true });
        const former = new CollectingSource(settings, { filter: 'in/former' });
        await eventually('subscribed', () => former.isConnected);
        await former.client.close(false);
        relay.answers.fate = 'keep';
        const source = new CollectingSource(settings, { filter: 'in/now' });
        await eventually('CONNACK is on its way', () => relay.answers.kept === 1);
        // everything that follows from it, UNSUBSCRIBE first
        relay.requests.fate = 'lose';
        relay.answers.fate = 'pass';
        await eventually('something is lost', () => relay.requests.lost > 0);
        await cut(source.statuses);
        await publish('former', 'x');
        await publish('now', 'y');
        (await eventually('the new topic is heard', () => source.deliveries[0])).acknowledge();
        assert.deepEqual(source.warnings, []);
        await source.client.close(true);
      });

      test('what waits for its turn when the connection breaks runs once, in order', async () => {
        const source = await sourceOf('turn', { maxInFlight: protocolVersion === 4 ? 1 : 3 });
        for (const index of range(3)) await publish('turn', String(index));
        await eventually('in flight', () => source.deliveries[0]);
        await eventually('all were sent', () => count(broker, 'Sending PUBLISH to turn-source') === 3);
        await cut(source.statuses);
        await eventually('all were sent again', () => count(broker, 'Sending PUBLISH to turn-source') === 6);
        for (const index of range(3)) (await eventually('the next one', () => source.deliveries[index])).acknowledge();
        await eventually('all are acknowledged', () => count(broker, 'Received PUBACK from turn-source') === 3);
        assert.deepEqual(source.payloads, ['0', '1', '2']);
        await source.client.close(true);
      });

      for (const qos of [1, 2] as const) {
        test(`QoS ${String(qos)}: a sink whose acknowledgement is lost sends again and is done then`, async () => {
          const clientId = `sink${String(qos)}`;
          const settings = settingsFor(relay.url, { clientId, protocolVersion, persistent: true });
          const user = publisherOf(new Connection(settings, silentLog, sessionFilters));
          await eventually('connected', user.isConnected);
          relay.answers.fate = 'lose';
          let isDone = false;
          const done = user.publisher.publish(outgoing(`out/${clientId}`, 'x', qos)).then(() => (isDone = true));
          const answer = `Sending ${qos === 1 ? 'PUBACK' : 'PUBREC'} to ${clientId}-connection`;
          await eventually('the broker has it', () => count(broker, answer) === 1);
          assert.equal(isDone, false);
          await cut(user.statuses);
          await done;
          await eventually('it has come', () => probe.received.some(({ topic }) => topic === `out/${clientId}`));
          const times = probe.received.filter(({ topic }) => topic === `out/${clientId}`).length;
          assert.ok(qos === 1 ? times <= 2 : times === 1, `${String(times)} times`);
        });
      }
    },
  );
}

describe('a broker that is stopped and started', { skip: mosquittoMissing }, () => {
  afterEach(releaseAll);

  test('and has forgotten the session: what ran under an identifier of the old one does not acknowledge in the new', async () => {
    const broker = await Mosquitto.start();
    const settings = settingsFor(broker.url, { clientId: 'forgotten', persistent: true });
    const source = new CollectingSource(settings, { filter: 'in' });
    await eventually('subscribed', () => source.isConnected);
    const publish = async (payload: string): Promise<void> => {
      const probe = await Probe.connect(broker.url);
      await probe.client.publishAsync('in', payload, { qos: 1 });
      await probe.end();
    };
    await publish('before');
    const before = await eventually('in flight', () => source.deliveries[0]);
    await broker.kill();
    await eventually('the break is seen', () => !source.isConnected);
    await broker.run();
    await eventually('connected again', () => source.isConnected);
    // the same words under the same identifier, and another message all the same
    await publish('before');
    const second = await eventually('it runs', () => source.deliveries[1]);
    assert.equal(second.packet.messageId, before.packet.messageId);
    before.acknowledge();
    await publish('after');
    const third = await eventually('the next one runs', () => source.deliveries[2]);
    assert.equal(count(broker, 'Received PUBACK from forgotten-source'), 0);
    second.acknowledge();
    third.acknowledge();
    await eventually('both are acknowledged', () => count(broker, 'Received PUBACK from forgotten-source') === 2);
    await source.client.close(true);
    await broker.stop();
  });

  test('is told of in the log once for all clients, each time', async () => {
    const broker = await Mosquitto.start();
    const lines: string[] = [];
    const keep = (text: string): void => void lines.push(text.replace(/ \(.*/, ''));
    const connection = new Connection(settingsFor(broker.url), { info: keep, warn: keep }, sessionFilters);
    const users = [publisherOf(connection), publisherOf(connection), subscribe(connection, 'in')];
    const all = (kind: string) => () => users.every(({ statuses }) => statuses.at(-1)?.kind === kind);
    const once = [
      'Connected to the broker.',
      'Disconnected from the broker.',
      `${broker.url}: nothing accepts connections there; check that the broker runs and the port is right`,
    ];
    for (const times of [1, 2]) {
      await eventually('all are connected', all('connected'));
      await broker.kill();
      await eventually('all have failed', all('failed'));
      assert.deepEqual(lines, Array.from({ length: times }, () => once).flat());
      await broker.run();
    }
    await eventually('all are connected', all('connected'));
    await releaseAll();
    await broker.stop();
  });
});

describe('a broker that takes a client and ends its connection at once, as where another one has its identifier', () => {
  afterEach(releaseAll);

  test('is asked again after a pause that grows', async () => {
    const times: number[] = [];
    const server = createServer((socket) => {
      times.push(performance.now());
      // CONNACK
      socket.on('error', () => undefined).once('data', () => socket.end(Buffer.from([0x20, 2, 0, 0])));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    publisherOf(new Connection(settingsFor(`mqtt://127.0.0.1:${String(port)}`), silentLog, sessionFilters));
    await eventually('it has come three times', () => times.length === 3);
    const [first = 0, second = 0, third = 0] = times;
    assert.ok(third - second > 1.5 * (second - first), times.join());
    await releaseAll();
    server.close();
  });
});

describe('an embedded broker that is stopped and started', () => {
  afterEach(releaseAll);

  test('takes what another connection has published meanwhile', async () => {
    const url = `mqtt://127.0.0.1:${String(await freePort())}`;
    const run = () =>
      publisherOf(new Connection(settingsFor(url, { embeddedBind: '127.0.0.1' }), silentLog, sessionFilters));
    const first = run();
    await eventually('the broker runs', first.isConnected);
    const client = publisherOf(new Connection(settingsFor(url, { id: 'other' }), silentLog, sessionFilters));
    const probe = new CollectingSource(settingsFor(url, { clientId: 'kept', persistent: true }), { filter: 'in' });
    await eventually('both are connected', () => client.isConnected() && probe.isConnected);

    await first.publisher.release(false);
    await eventually(
      'both have failed',
      () => client.statuses.at(-1)?.kind === 'failed' && probe.status?.kind === 'failed',
    );
    const published = client.publisher.publish(outgoing('in', 'meanwhile'));
    assert.equal(client.publisher.waiting, 1);
    run();
    await published;
    const delivery = await eventually('it has come', () => probe.deliveries[0]);
    delivery.acknowledge();
    assert.deepEqual(probe.payloads, ['meanwhile']);
    await probe.client.close(true);
  });
});
