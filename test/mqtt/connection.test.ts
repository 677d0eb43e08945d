import { spawnSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Connection } from '#dist/mqtt/connection';
import { MAX_WAITING } from '#dist/mqtt/sink-client';
import { Mosquitto, mosquittoMissing, stopBrokers } from '../support/mosquitto';
import { Probe, range, sessionFilters, settingsFor, silentLog, endClients } from '../support/mqtt';
import { failureOf, kept, outgoing, publisherOf, releaseAll, subscribe, uses } from '../support/mqtt-connection';
import { eventually, freePort } from '../support/node-red';

// also of tests that failed before their end
after(endClients);
after(stopBrokers);

afterEach(releaseAll);

describe('connections with mosquitto', { skip: mosquittoMissing }, () => {
  let broker: Mosquitto;
  before(async () => {
    broker = await Mosquitto.start();
  });
  after(() => broker.stop());

  for (const protocolVersion of [4, 5] as const) {
    test(`messages of each QoS go out and come in (${String(protocolVersion)})`, async () => {
      const connection = new Connection(settingsFor(broker.url, { protocolVersion }), silentLog, sessionFilters);
      const source = subscribe(connection, `all/${String(protocolVersion)}`);
      const { publisher } = publisherOf(connection);
      await eventually('subscribed', source.isConnected);
      for (const qos of [0, 1, 2] as const)
        await publisher.publish(outgoing(`all/${String(protocolVersion)}`, String(qos), qos));
      await eventually('all came', () => source.received.length === 3);
      assert.deepEqual(source.received, ['0', '1', '2']);
    });
  }

  test('birth is published with the first user, of whatever kind, and will only when the connection is lost', async () => {
    const probe = await Probe.connect(broker.url, {}, 'life/#');
    const settings = settingsFor(broker.url, {
      clientId: 'alive',
      birth: { topic: 'life/birth', payload: 'born', qos: 1, retain: false },
      will: { topic: 'life/will', payload: 'gone', qos: 1, retain: false },
    });
    const first = kept(
      new Connection(settings, silentLog, sessionFilters).subscribe({
        id: 'only',
        filter: 'x',
        qos: 1,
        maxInFlight: 1,
        onDelivery: () => undefined,
        onStatus: () => undefined,
        log: silentLog,
      }),
    );
    await eventually('born', () => probe.payloads.includes('born'));
    await first.release(false);
    assert.deepEqual(probe.payloads, ['born']);

    publisherOf(new Connection(settings, silentLog, sessionFilters));
    await eventually('born again', () => probe.payloads.length === 2);
    // A client with the same identifier takes the connection over: for the broker the first one is lost.
    const thief = await Probe.connect(broker.url, { clientId: 'alive-connection' });
    await eventually('the will is published', () => probe.payloads.includes('gone'));
    await thief.end();
    await probe.end();
  });

  test('two sinks share one client, whose last user closes it', async () => {
    const connection = new Connection(settingsFor(broker.url, { clientId: 'shared' }), silentLog, sessionFilters);
    const [first, second] = [publisherOf(connection), publisherOf(connection)];
    await eventually('connected', () => first.isConnected() && second.isConnected());
    await first.publisher.release(false);
    await second.publisher.publish(outgoing('t', 'still'));
    await second.publisher.release(false);
    await eventually('disconnected', () => /Client shared-connection .*disconnected/.test(broker.output));
    assert.equal(broker.output.split('as shared-connection').length, 2);
    await assert.rejects(second.publisher.publish(outgoing('t', 'late')), /was closed before/);
  });

  for (const order of ['after its users', 'before its users']) {
    test(`a connection that is removed ${order} ends the session of its publishing client`, async () => {
      const clientId = `ended-${order.replaceAll(' ', '-')}`;
      const session = { clientId: `${clientId}-connection`, clean: false } as const;
      const connection = new Connection(
        settingsFor(broker.url, { clientId, persistent: true }),
        silentLog,
        sessionFilters,
      );
      const { publisher } = publisherOf(connection);
      await publisher.publish(outgoing('t', 'x'));
      if (order === 'before its users') await connection.close(true);
      await publisher.release(true);
      if (order === 'after its users') await connection.close(true);
      const probe = await Probe.connect(broker.url, session);
      assert.equal(probe.client['connackPacket'].sessionPresent, false);
      await probe.end();
    });
  }

  test('a connection that is only stopped keeps the session of its publishing client', async () => {
    const connection = new Connection(
      settingsFor(broker.url, { clientId: 'stopped', persistent: true }),
      silentLog,
      sessionFilters,
    );
    const { publisher } = publisherOf(connection);
    await publisher.publish(outgoing('t', 'x'));
    await publisher.release(false);
    await connection.close(false);
    const probe = await Probe.connect(broker.url, { clientId: 'stopped-connection', clean: false });
    assert.equal(probe.client['connackPacket'].sessionPresent, true);
    await probe.end();
  });

  test('messages wait for the connection, so many and no more', async () => {
    const other = await Mosquitto.start();
    await other.kill();
    const { publisher, statuses } = publisherOf(new Connection(settingsFor(other.url), silentLog, sessionFilters));
    const waiting = range(MAX_WAITING).map((index) => publisher.publish(outgoing('queue', String(index))));
    await assert.rejects(publisher.publish(outgoing('queue', 'one more')), /1000 messages wait for it already/);
    assert.equal((await failureOf(statuses)).reason, 'refused');
    await other.run();
    await Promise.all(waiting);

    await other.kill();
    await eventually('the break is seen', () => statuses.at(-1)?.kind !== 'connected');
    await assert.rejects(publisher.publish(outgoing('queue', 'zero', 0)), /QoS 0 does not wait/);
    const late = publisher.publish(outgoing('queue', 'late'));
    await other.run();
    await late;
    const last = publisher.publish(outgoing('queue', 'last'));
    await publisher.release(false);
    await last;
    await other.stop();
  });

  for (const protocolVersion of [4, 5] as const) {
    for (const qos of [1, 2] as const) {
      const title = `MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}, QoS ${String(qos)}`;

      test(`${title}: a burst goes out no faster than the broker takes it, whole and in order`, async () => {
        const topic = `burst/${String(protocolVersion)}/${String(qos)}`;
        const probe = await Probe.connect(broker.url, {}, topic);
        const clientId = `burst${String(protocolVersion)}${String(qos)}`;
        const { publisher } = publisherOf(
          new Connection(settingsFor(broker.url, { protocolVersion, clientId }), silentLog, sessionFilters),
        );
        await Promise.all(range(200).map((index) => publisher.publish(outgoing(topic, String(index), qos))));
        await eventually('all came', () => probe.payloads.length >= 200);
        assert.deepEqual(probe.payloads, range(200).map(String));
        await probe.end();
      });
    }
  }

  test('a broker of MQTT 5 that takes one at once gets one at once, and QoS 0 does not wait for its turn', async () => {
    const strict = await Mosquitto.start({ lines: ['max_inflight_messages 1'] });
    const { publisher, isConnected } = publisherOf(
      new Connection(settingsFor(strict.url, { protocolVersion: 5 }), silentLog, sessionFilters),
    );
    await eventually('connected', isConnected);
    const order: string[] = [];
    const publish = async (name: string, qos: 0 | 2): Promise<void> => {
      await publisher.publish(outgoing('one', name, qos));
      order.push(name);
    };
    await Promise.all([publish('a', 2), publish('b', 2), publish('zero', 0)]);
    assert.deepEqual(order, ['zero', 'a', 'b']);
    const steps = [...strict.output.matchAll(/(?:Received (PUBLISH) from.*q2|Sending (PUBCOMP) to)/g)];
    assert.deepEqual(
      steps.map(([, received, sent]) => received ?? sent),
      ['PUBLISH', 'PUBCOMP', 'PUBLISH', 'PUBCOMP'],
    );
    await publisher.release(false);
    await strict.stop();
  });

  test('a burst that is not over when the last user leaves still goes out', async () => {
    const probe = await Probe.connect(broker.url, {}, 'leaving');
    const { publisher, isConnected } = publisherOf(new Connection(settingsFor(broker.url), silentLog, sessionFilters));
    await eventually('connected', isConnected);
    const burst = Promise.all(range(200).map((index) => publisher.publish(outgoing('leaving', String(index), 2))));
    await publisher.release(false);
    await burst;
    await eventually('all came', () => probe.payloads.length === 200);
    await probe.end();
  });

  test('a queue that is full has the code for it, and so has a connection that is closed', async () => {
    const { publisher } = publisherOf(
      new Connection(settingsFor(`mqtt://127.0.0.1:${String(await freePort())}`), silentLog, sessionFilters),
    );
    const waiting = range(MAX_WAITING).map((index) =>
      assert.rejects(publisher.publish(outgoing('t', String(index))), { code: 'closed' }),
    );
    await assert.rejects(publisher.publish(outgoing('t', 'one more')), { code: 'queue' });
    await publisher.release(false);
    await Promise.all(waiting);
  });

  test('what waits when the connection is closed is an error', async () => {
    const { publisher } = publisherOf(
      new Connection(settingsFor(`mqtt://127.0.0.1:${String(await freePort())}`), silentLog, sessionFilters),
    );
    const waiting = assert.rejects(
      publisher.publish(outgoing('t', 'x')),
      /was closed before the broker had acknowledged/,
    );
    await publisher.release(false);
    await waiting;
  });

  test('WebSocket', async () => {
    const port = await freePort();
    const other = await Mosquitto.start({ lines: [`listener ${String(port)} 127.0.0.1`, 'protocol websockets'] });
    const connection = new Connection(settingsFor(`ws://127.0.0.1:${String(port)}/mqtt`), silentLog, sessionFilters);
    const source = subscribe(connection, 'ws');
    const { publisher } = publisherOf(connection);
    await eventually('subscribed', source.isConnected);
    await publisher.publish(outgoing('ws', 'x'.repeat(100_000)));
    await eventually('it came', () => source.received.length === 1);
    assert.equal(source.received[0]?.length, 100_000);
    await Promise.all(uses.splice(0).map((use) => use.release(false)));
    await other.stop();
  });

  test('credentials', async () => {
    // PBKDF2-SHA512 as mosquitto's own tool writes it.
    const salt = Buffer.from('0123456789ab');
    const hash = pbkdf2Sync('right', salt, 101, 64, 'sha512').toString('base64');
    const other = await Mosquitto.start({
      anonymous: false,
      files: { passwords: `user:$7$101$${salt.toString('base64')}$${hash}\n` },
      lines: ['password_file $folder/passwords'],
    });
    for (const protocolVersion of [4, 5] as const) {
      const wrong = { credentials: { user: 'user', password: 'wrong' }, protocolVersion };
      const { statuses } = publisherOf(new Connection(settingsFor(other.url, wrong), silentLog, sessionFilters));
      assert.equal((await failureOf(statuses)).reason, 'credentials');
      const right = { credentials: { user: 'user', password: 'right' }, protocolVersion };
      await publisherOf(new Connection(settingsFor(other.url, right), silentLog, sessionFilters)).publisher.publish(
        outgoing('t', 'x'),
      );
    }
    await Promise.all(uses.splice(0).map((use) => use.release(false)));
    await other.stop();
  });

  describe('TLS', { skip: spawnSync('openssl', ['version']).error ? 'openssl is not installed' : false }, () => {
    let folder: string;
    let secure: Mosquitto;
    let ports: { mqtts: number; wss: number };
    const url = (protocol: 'mqtts' | 'wss') => `${protocol}://127.0.0.1:${String(ports[protocol])}`;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'certificate-'));
      const made = spawnSync('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=test broker', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')],
      ]);
      assert.equal(made.status, 0, made.stderr.toString());
      ports = { mqtts: await freePort(), wss: await freePort() };
      const files = [`certfile ${folder}/certificate.pem`, `keyfile ${folder}/key.pem`];
      secure = await Mosquitto.start({
        lines: [
          ...[`listener ${String(ports.mqtts)} 127.0.0.1`, ...files],
          ...[`listener ${String(ports.wss)} 127.0.0.1`, 'protocol websockets', ...files],
        ],
      });
    });
    after(async () => {
      await secure.stop();
      rmSync(folder, { recursive: true });
    });

    for (const protocol of ['mqtts', 'wss'] as const) {
      test(`${protocol} with the broker's authority`, async () => {
        const tls = { ca: readFileSync(join(folder, 'certificate.pem')) };
        const { publisher } = publisherOf(
          new Connection(settingsFor(url(protocol), { tls }), silentLog, sessionFilters),
        );
        await publisher.publish(outgoing('t', 'x'));
      });

      test(`${protocol} refuses a certificate of nobody known`, async () => {
        const { statuses } = publisherOf(new Connection(settingsFor(url(protocol)), silentLog, sessionFilters));
        assert.equal((await failureOf(statuses)).reason, 'tls');
      });
    }
  });
});
