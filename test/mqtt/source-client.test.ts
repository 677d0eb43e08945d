import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SessionFilters } from '#dist/mqtt/session-filters';
import { Mosquitto, mosquittoMissing, stopBrokers } from '../support/mosquitto';
import { CollectingSource, Probe, range, settingsFor, endClients } from '../support/mqtt';
import { eventually } from '../support/node-red';
import { Relay } from '../support/relay';

// also of tests that failed before their end
after(endClients);
after(stopBrokers);

/** As many as mosquitto sends to a client at once, and takes of QoS 2, unless told otherwise. */
const IN_FLIGHT = 20;

describe('source client with mosquitto', { skip: mosquittoMissing }, () => {
  let broker: Mosquitto;
  let publisher: Probe;

  before(async () => {
    broker = await Mosquitto.start();
    publisher = await Probe.connect(broker.url);
  });
  after(async () => {
    await publisher.end();
    await broker.stop();
  });

  const publishAll = (topic: string, count: number, qos: 1 | 2) =>
    Promise.all(range(count).map((index) => publisher.client.publishAsync(topic, String(index), { qos })));

  /** Acknowledgements of a client, as the broker has logged them. */
  const acknowledged = (clientId: string, packet: 'PUBACK' | 'PUBREC' | 'PUBCOMP'): number[] =>
    [...broker.output.matchAll(new RegExp(`Received ${packet} from ${clientId} \\(Mid: (\\d+)`, 'g'))].map((match) =>
      Number(match[1]),
    );

  for (const protocolVersion of [4, 5] as const) {
    for (const qos of [1, 2] as const) {
      const name = `v${String(protocolVersion)}q${String(qos)}`;
      const acknowledgement = qos === 1 ? 'PUBACK' : 'PUBREC';
      const title = `MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}, QoS ${String(qos)}`;

      test(`${title}: many messages are in flight, and finish in any order`, async () => {
        const source = new CollectingSource(settingsFor(broker.url, { clientId: `many${name}`, protocolVersion }), {
          filter: `many/${name}`,
          qos,
        });
        const clientId = `many${name}-source`;
        await eventually('subscribed', () => source.isConnected);
        await publishAll(`many/${name}`, IN_FLIGHT, qos);
        await eventually('all are in flight', () => source.deliveries.length === IN_FLIGHT);
        assert.deepEqual(acknowledged(clientId, acknowledgement), []);

        for (const delivery of source.deliveries.slice(1).reverse()) delivery.acknowledge();
        source.deliveries[0]!.acknowledge();
        const identifiers = source.deliveries.map(({ packet }) => packet.messageId);
        await eventually('all are acknowledged', () => acknowledged(clientId, acknowledgement).length === IN_FLIGHT);
        // The standard asks for acknowledgements in the order of the messages.
        assert.deepEqual(acknowledged(clientId, acknowledgement), identifiers);
        if (qos === 2) await eventually('all complete', () => acknowledged(clientId, 'PUBCOMP').length === IN_FLIGHT);
        await source.client.close(true);
      });

      test(`${title}: what runs when the connection breaks runs once and is acknowledged on the next one`, async () => {
        const relay = await Relay.to(broker.port);
        const settings = settingsFor(relay.url, { clientId: `cut${name}`, protocolVersion, persistent: true });
        const source = new CollectingSource(settings, { filter: `cut/${name}`, qos });
        const clientId = `cut${name}-source`;
        await eventually('subscribed', () => source.isConnected);
        await publishAll(`cut/${name}`, 5, qos);
        await eventually('in flight', () => source.deliveries.length === 5);
        source.deliveries[0]!.acknowledge();
        await eventually('one is acknowledged', () => acknowledged(clientId, acknowledgement).length === 1);

        relay.cut();
        await eventually('the break is seen', () => source.status?.kind !== 'connected');
        source.deliveries[1]!.acknowledge();
        await eventually('connected again', () => source.isConnected);
        await eventually(
          'the one that ended in between is acknowledged',
          () => acknowledged(clientId, acknowledgement).length >= 2,
        );
        for (const delivery of source.deliveries.slice(2)) delivery.acknowledge();
        await eventually('all are acknowledged', () => acknowledged(clientId, acknowledgement).length >= 5);
        await publishAll(`cut/${name}`, 1, qos);
        await eventually('the next message comes', () => source.deliveries.length >= 6);
        assert.equal(source.deliveries.length, 6);
        source.deliveries[5]!.acknowledge();
        await source.client.close(true);
        relay.close();
      });

      test(`${title}: a restart keeps the session, and what was not acknowledged comes again`, async () => {
        const settings = settingsFor(broker.url, { clientId: `kept${name}`, protocolVersion, persistent: true });
        const options = { filter: `kept/${name}`, qos };
        const first = new CollectingSource(settings, options);
        await eventually('subscribed', () => first.isConnected);
        await publishAll(`kept/${name}`, 3, qos);
        await eventually('in flight', () => first.deliveries.length === 3);
        first.deliveries[0]!.acknowledge();
        await eventually('one is acknowledged', () => acknowledged(`kept${name}-source`, acknowledgement).length === 1);
        await first.client.close(false);
        await publisher.client.publishAsync(`kept/${name}`, 'meanwhile', { qos });

        const second = new CollectingSource(settings, options);
        await eventually('the rest comes', () => second.deliveries.length === 3);
        assert.deepEqual([...second.payloads].sort(), ['1', '2', 'meanwhile']);
        for (const delivery of second.deliveries) delivery.acknowledge();
        await second.client.close(true);
      });
    }
  }

  test('maxInFlight bounds what is handed over, on 3.1.1 too', async () => {
    const source = new CollectingSource(settingsFor(broker.url), { filter: 'bounded', maxInFlight: 3 });
    await eventually('subscribed', () => source.isConnected);
    await publishAll('bounded', 10, 1);
    await eventually('three are handed over', () => source.deliveries.length === 3);
    source.deliveries[2]!.acknowledge();
    await eventually('the next is handed over', () => source.deliveries.length === 4);
    for (let index = 0; index < 10; index += 1) {
      const delivery = await eventually('another', () => source.deliveries[index]);
      delivery.acknowledge();
    }
    assert.deepEqual(source.payloads, range(10).map(String));
    await source.client.close(true);
  });

  test('a slow flow holds the broker back, whose connection lives on, and then gets everything', async () => {
    const generous = await Mosquitto.start({ lines: ['max_inflight_messages 0', 'max_queued_messages 0'] });
    const sender = await Probe.connect(generous.url);
    const settings = settingsFor(generous.url, { clientId: 'slow', keepalive: 1 });
    const source = new CollectingSource(settings, { filter: 'slow', maxInFlight: 10 });
    await eventually('subscribed', () => source.isConnected);
    const count = 3000;
    const payload = Buffer.alloc(10_000, 'x');
    for (let sent = 0; sent < count; sent += 100) {
      await Promise.all(range(100).map(() => sender.client.publishAsync('slow', payload, { qos: 1 })));
    }
    const pings = () => generous.output.split('Received PINGREQ from slow-source').length - 1;
    const before = pings();
    await eventually('pings are sent beyond the time-out', () => pings() >= before + 3);
    assert.ok(source.client.waiting < 1500, `${String(source.client.waiting)} messages are kept`);
    assert.equal(source.deliveries.length, 10);
    assert.ok(source.statuses.every(({ kind }) => kind === 'connecting' || kind === 'connected'));
    for (let index = 0; index < count; index += 1) {
      const delivery = source.deliveries[index] ?? (await eventually('another', () => source.deliveries[index]));
      delivery.acknowledge();
    }
    assert.equal(generous.output.split('as slow-source').length, 2, 'it connected once');
    await source.client.close(true);
    await sender.end();
    await generous.stop();
  });

  test('MQTT 5 tells the broker how many may be in flight', async () => {
    const source = new CollectingSource(settingsFor(broker.url, { protocolVersion: 5 }), {
      filter: 'window',
      maxInFlight: 2,
    });
    await eventually('subscribed', () => source.isConnected);
    await publishAll('window', 4, 1);
    await eventually('two came', () => source.deliveries.length === 2);
    const sent = () => [...broker.output.matchAll(/Sending PUBLISH to \S+ \(d0, q1, r0, m\d+, 'window'/g)].length;
    assert.equal(sent(), 2);
    source.deliveries[0]!.acknowledge();
    await eventually('a third came', () => source.deliveries.length === 3);
    await source.client.close(true);
  });

  test('an abandoned message does not hold the others back, and comes again', async () => {
    const settings = settingsFor(broker.url, { clientId: 'abandon', persistent: true });
    const first = new CollectingSource(settings, { filter: 'abandon' });
    await eventually('subscribed', () => first.isConnected);
    await publishAll('abandon', 2, 1);
    await eventually('in flight', () => first.deliveries.length === 2);
    first.deliveries[0]!.abandon();
    first.deliveries[1]!.acknowledge();
    await eventually('the second is acknowledged', () => acknowledged('abandon-source', 'PUBACK').length === 1);
    await first.client.close(false);
    const second = new CollectingSource(settings, { filter: 'abandon' });
    await eventually('the first comes again', () => second.deliveries.length === 1);
    assert.deepEqual(second.payloads, ['0']);
    await second.client.close(true);
  });

  for (const protocolVersion of [4, 5] as const) {
    test(`a removed source ends its session (${String(protocolVersion)})`, async () => {
      const clientId = `removed${String(protocolVersion)}`;
      const settings = settingsFor(broker.url, { clientId, protocolVersion, persistent: true });
      const source = new CollectingSource(settings, { filter: 'removed' });
      await eventually('subscribed', () => source.isConnected);
      await source.client.close(true);
      assert.deepEqual(source.warnings, []);
      const probe = await Probe.connect(broker.url, { clientId: `${clientId}-source`, clean: false, protocolVersion });
      assert.equal(probe.client['connackPacket'].sessionPresent, false);
      await probe.end();
    });
  }

  test('a changed topic gives up the old one', async () => {
    const settings = settingsFor(broker.url, { clientId: 'changed', persistent: true });
    const first = new CollectingSource(settings, { filter: 'old/topic' });
    await eventually('subscribed', () => first.isConnected);
    await first.client.close(false);
    const second = new CollectingSource(settings, { filter: 'new/topic' });
    await eventually('subscribed', () => second.isConnected);
    await publisher.client.publishAsync('old/topic', 'old', { qos: 1 });
    await publisher.client.publishAsync('new/topic', 'new', { qos: 1 });
    await eventually('the new topic is heard', () => second.payloads.includes('new'));
    assert.deepEqual(second.payloads, ['new']);
    second.deliveries[0]!.acknowledge();
    await second.client.close(true);
  });

  test('a topic that changed while the process did not run gives up the old one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-'));
    const file = join(folder, 'new', 'sessions.json');
    const warnings: string[] = [];
    const nextProcess = () => new SessionFilters(file, (text) => warnings.push(text));
    const settings = settingsFor(broker.url, { clientId: 'restarted', persistent: true });
    const filters = nextProcess();
    const first = new CollectingSource(settings, { filter: 'restarted/old/#' }, filters);
    await eventually('subscribed', () => first.isConnected);
    await first.client.close(false);
    await filters.written();

    const second = new CollectingSource(settings, { filter: 'restarted/new/#' }, nextProcess());
    await eventually('subscribed', () => second.isConnected);
    await publishAll('restarted/old/a', 1, 1);
    await publishAll('restarted/new/a', 1, 1);
    (await eventually('the new topic is heard', () => second.deliveries[0])).acknowledge();
    assert.deepEqual([...second.warnings, ...warnings], []);
    await second.client.close(true);
    await rm(folder, { recursive: true });
  });

  test('what an unknown subscription of the session brings is acknowledged and not handed over', async () => {
    // As another process would have left it: this one knows nothing of it.
    const earlier = await Probe.connect(broker.url, { clientId: 'elsewhere-source', clean: false }, 'elsewhere/old/#');
    await earlier.client.endAsync();
    await publishAll('elsewhere/old/kept', 2, 1);
    const settings = settingsFor(broker.url, { clientId: 'elsewhere', persistent: true });
    const source = new CollectingSource(settings, { filter: 'elsewhere/new/#', maxInFlight: 1 });
    await eventually('subscribed', () => source.isConnected);
    await publishAll('elsewhere/old/now', 1, 1);
    await publishAll('elsewhere/new/now', 1, 1);
    const delivery = await eventually('the new topic is heard', () => source.deliveries[0]);
    assert.equal(delivery.packet.topic, 'elsewhere/new/now');
    assert.equal(source.deliveries.length, 1);
    delivery.acknowledge();
    await eventually('all are acknowledged', () => acknowledged('elsewhere-source', 'PUBACK').length === 4);
    assert.equal(source.warnings.length, 1);
    assert.match(source.warnings[0] ?? '', /brings messages on "elsewhere\/old\/kept"/);
    await source.client.close(true);
  });

  test('MQTT 5: a shared subscription divides the messages', async () => {
    const settings = settingsFor(broker.url, { protocolVersion: 5 });
    const sources = ['one', 'two'].map((id) => new CollectingSource(settings, { id, filter: '$share/group/shared' }));
    await eventually('both are subscribed', () => sources.every(({ isConnected }) => isConnected));
    await publishAll('shared', 20, 1);
    await eventually('all came', () => sources.flatMap(({ payloads }) => payloads).length === 20);
    assert.deepEqual(
      sources.flatMap(({ payloads }) => payloads.map(Number)).sort((one, other) => one - other),
      range(20),
    );
    assert.ok(sources.every(({ payloads }) => payloads.length > 0));
    for (const { client } of sources) await client.close(true);
  });

  test('pings are answered while everything is withheld', async () => {
    const source = new CollectingSource(settingsFor(broker.url, { clientId: 'ping', keepalive: 1 }), {
      filter: 'ping',
    });
    await eventually('subscribed', () => source.isConnected);
    await publishAll('ping', 5, 1);
    await eventually(
      'two pings were answered',
      () => broker.output.split('Sending PINGRESP to ping-source').length > 3,
    );
    assert.ok(source.isConnected);
    assert.equal(source.deliveries.length, 5);
    await source.client.close(true);
  });

  test('it connects when the broker comes up later, and says why it does not', async () => {
    const other = await Mosquitto.start();
    await other.kill();
    const source = new CollectingSource(settingsFor(other.url));
    const status = await eventually('refused', () => (source.status?.kind === 'failed' ? source.status : undefined));
    assert.equal(status.reason, 'refused');
    assert.match(status.message, /nothing accepts connections there; check that the broker runs/);
    await other.run();
    await eventually('connected', () => source.isConnected);
    await source.client.close(false);
    await other.stop();
  });
});

describe('source client', () => {
  test('a subscription that the broker refuses is told', async () => {
    const { Aedes } = await import('aedes');
    const broker = await Aedes.createBroker({
      authorizeSubscribe: (_client, subscription, done) => {
        done(null, subscription.topic === 'allowed' ? subscription : null);
      },
    });
    const server = createServer(broker.handle).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const settings = settingsFor(`mqtt://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    const refused = new CollectingSource(settings, { filter: 'denied' });
    const allowed = new CollectingSource(settings, { filter: 'allowed', id: 'other' });
    const status = await eventually('refused', () => (refused.status?.kind === 'failed' ? refused.status : undefined));
    assert.equal(status.reason, 'subscription');
    assert.match(status.message, /"denied" was not accepted .*Check the topic and the rights/);
    await eventually('subscribed', () => allowed.isConnected);
    await refused.client.close(false);
    await allowed.client.close(false);
    server.close();
    broker.close();
  });
});
