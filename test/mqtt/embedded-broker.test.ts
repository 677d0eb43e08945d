import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import { Connection } from '#dist/mqtt/connection';
import type { ConnectionSettings } from '#dist/mqtt/settings';
import { CollectingSource, Probe, range, sessionFilters, settingsFor, silentLog, endClients } from '../support/mqtt';
import { failureOf, outgoing, publisherOf, releaseAll, subscribe, uses } from '../support/mqtt-connection';
import { eventually, freePort } from '../support/node-red';

// also of tests that failed before their end
after(endClients);

afterEach(releaseAll);

describe('the embedded broker', () => {
  const embedded = (port: number, changes: Partial<ConnectionSettings> = {}, protocol = 'mqtt') =>
    new Connection(
      settingsFor(`${protocol}://127.0.0.1:${String(port)}`, { embeddedBind: '127.0.0.1', ...changes }),
      silentLog,
      sessionFilters,
    );

  for (const protocol of ['mqtt', 'ws']) {
    test(`serves ${protocol}:// and frees its port`, async () => {
      const port = await freePort();
      const connection = embedded(port, {}, protocol);
      const source = subscribe(connection, 'in');
      const { publisher } = publisherOf(connection);
      await eventually('subscribed', source.isConnected);
      await publisher.publish(outgoing('in', 'x'));
      await eventually('it came', () => source.received.length === 1);
      for (const use of uses.splice(0)) await use.release(false);
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    });
  }

  test('sessions and retained messages survive a redeploy', async () => {
    const port = await freePort();
    const changes = { clientId: 'redeploy', persistent: true };
    const first = embedded(port, changes);
    const before = subscribe(first, 'kept');
    const { publisher } = publisherOf(first);
    await eventually('subscribed', before.isConnected);
    await publisher.publish({ ...outgoing('kept', 'retained'), retain: true });
    await eventually('it came', () => before.received.length === 1);
    for (const use of uses.splice(0)) await use.release(false);

    const second = embedded(port, changes);
    const retained = subscribe(second, 'kept', 'other');
    await eventually('the retained message comes', () => retained.received.length === 1);
    assert.deepEqual(retained.received, ['retained']);
  });

  test('sessions and retained messages go with the port that a connection gives up', async () => {
    const port = await freePort();
    const settings = { id: 'moving', clientId: 'moving' };
    const { publisher } = publisherOf(embedded(port, settings));
    await publisher.publish({ ...outgoing('kept', 'retained'), retain: true });
    await releaseAll();
    publisherOf(embedded(await freePort(), settings));
    await releaseAll();

    const back = embedded(port, settings);
    const source = subscribe(back, 'kept');
    await eventually('subscribed', source.isConnected);
    const { publisher: next } = publisherOf(back);
    await next.publish(outgoing('kept', 'new'));
    await eventually('the new one has come', () => source.received.includes('new'));
    assert.deepEqual(source.received, ['new']);
  });

  for (const order of ['after its users', 'before its users']) {
    test(`sessions and retained messages go with a connection that is removed ${order}`, async () => {
      const port = await freePort();
      const changes = { clientId: 'removed', persistent: true };
      const first = embedded(port, changes);
      const { publisher } = publisherOf(first);
      await publisher.publish({ ...outgoing('kept', 'retained'), retain: true });
      const probe = await Probe.connect(
        `mqtt://127.0.0.1:${String(port)}`,
        { clientId: 'other', clean: false },
        'kept',
      );
      await probe.end();
      if (order === 'before its users') await first.close(true);
      for (const use of uses.splice(0)) await use.release(true);
      if (order === 'after its users') await first.close(true);

      const { publisher: next } = publisherOf(embedded(port, changes));
      await next.publish(outgoing('other', 'x'));
      const again = await Probe.connect(`mqtt://127.0.0.1:${String(port)}`, { clientId: 'other', clean: false });
      assert.equal(again.client['connackPacket'].sessionPresent, false);
      await again.client.subscribeAsync('kept', { qos: 1 });
      // what is retained is sent before the answer to what comes later
      await again.client.publishAsync('kept', 'new', { qos: 1 });
      await eventually('the new one has come', () => again.payloads.includes('new'));
      assert.deepEqual(again.payloads, ['new']);
      await again.end();
    });
  }

  test('two connections on one port share the broker', async () => {
    const port = await freePort();
    const source = subscribe(embedded(port), 'shared');
    await eventually('subscribed', source.isConnected);
    const { publisher } = publisherOf(embedded(port));
    await publisher.publish(outgoing('shared', 'x'));
    await eventually('it came', () => source.received.length === 1);

    const other = publisherOf(embedded(port, { credentials: { user: 'a', password: 'b' } }));
    assert.match((await failureOf(other.statuses)).message, /with other settings.*It is tried again/);
    const others = uses.splice(0, uses.length - 1);
    for (const use of others) await use.release(false);
    await eventually('the other one has the port', other.isConnected);
  });

  test('a port that is taken is told, with the way out, and taken when it becomes free', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { statuses, isConnected } = publisherOf(embedded(port));
    const failure = await failureOf(statuses);
    assert.equal(failure.reason, 'embedded');
    assert.match(
      failure.message,
      /Port \d+ on 127\.0\.0\.1 is taken, probably by a broker.*switch the embedded broker off/,
    );
    server.close();
    await eventually('connected', isConnected);
  });

  for (const [title, bind, changes, protocol, reason] of [
    [
      'an address of the network without credentials',
      '0.0.0.0',
      {},
      'mqtt',
      /open to the network\. Give the connection a user/,
    ],
    ['a name that is not loopback', 'example.com', {}, 'mqtt', /open to the network/],
    ['MQTT 5', '127.0.0.1', { protocolVersion: 5 }, 'mqtt', /MQTT 3\.1\.1 only/],
    ['TLS', '127.0.0.1', {}, 'mqtts', /mqtt:\/\/ and ws:\/\/ only/],
  ] as const) {
    test(`refuses ${title}`, async () => {
      const connection = embedded(await freePort(), { ...changes, embeddedBind: bind }, protocol);
      assert.match((await failureOf(publisherOf(connection).statuses)).message, reason);
      assert.match((await failureOf(publisherOf(connection).statuses)).message, reason);
      assert.match((await failureOf(subscribe(connection, 'late').statuses)).message, reason);
    });
  }

  for (const protocol of ['mqtt', 'ws']) {
    test(`drops what a slow flow does not read, says how much, and stalls nobody (${protocol})`, async () => {
      const warnings: string[] = [];
      const url = `${protocol}://127.0.0.1:${String(await freePort())}`;
      const connection = new Connection(
        settingsFor(url, { embeddedBind: '127.0.0.1' }),
        {
          info: () => undefined,
          warn: (text) => warnings.push(text),
        },
        sessionFilters,
      );
      const { publisher, isConnected } = publisherOf(connection);
      await eventually('connected', isConnected);
      const slow = new CollectingSource(settingsFor(url), { filter: 'slow', maxInFlight: 10 });
      const quick = subscribe(connection, 'quick');
      await eventually('subscribed', () => slow.isConnected && quick.isConnected());
      const payload = 'x'.repeat(10_000);
      let sent = 0;
      while (warnings.length === 0) {
        await Promise.all(range(100).map(() => publisher.publish(outgoing('slow', payload, 2))));
        sent += 100;
        assert.ok(sent < 10_000, 'everything is kept');
      }
      assert.match(warnings.at(-1) ?? '', /drops messages for the client "nodered-/);
      assert.ok(slow.client.waiting < 1500, `${String(slow.client.waiting)} messages are kept`);

      // The flow publishes to the broker its messages come from.
      await publisher.publish(outgoing('quick', 'through', 2));
      await eventually('others are served', () => quick.received.length === 1);
      assert.deepEqual(quick.received, ['through']);

      for (let index = 0; warnings.length < 2; index += 1) {
        const delivery = await eventually('another', async () => {
          // What comes next shows that the client has caught up.
          if (slow.deliveries[index] === undefined) await publisher.publish(outgoing('slow', 'more', 1));
          return slow.deliveries[index];
        });
        delivery.acknowledge();
      }
      assert.match(warnings.at(-1) ?? '', /has dropped [1-9]\d* messages for the client/);
      await slow.client.close(false);
    });
  }

  test('asks for the credentials of the connection', async () => {
    const port = await freePort();
    const credentials = { user: 'user', password: 'right' };
    const { publisher } = publisherOf(embedded(port, { credentials }));
    await publisher.publish(outgoing('t', 'x'));
    const url = `mqtt://127.0.0.1:${String(port)}`;
    for (const wrong of [undefined, { user: 'user', password: 'wrong' }]) {
      const { statuses } = publisherOf(
        new Connection(settingsFor(url, { credentials: wrong }), silentLog, sessionFilters),
      );
      assert.equal((await failureOf(statuses)).reason, 'credentials');
    }
  });

  test('passes a message on to the client that published it without waiting for that one’s network', async () => {
    const port = await freePort();
    await eventually('connected', publisherOf(embedded(port)).isConnected);
    const probe = await Probe.connect(`mqtt://127.0.0.1:${String(port)}`, {}, 'there');
    (probe.client.stream as Socket).setNoDelay(true);
    const times: number[] = [];
    for (let round = 1; round <= 30; round += 1) {
      const start = performance.now();
      const came = new Promise((resolve) => probe.client.once('message', resolve));
      await Promise.all([probe.client.publishAsync('there', 'x', { qos: 1 }), came]);
      times.push(performance.now() - start);
    }
    // A system acknowledges the first packets of a connection at once, later ones after 40 ms or more.
    assert.ok(Math.min(...times.slice(-10)) < 30, times.map(Math.round).join(' '));
    await probe.end();
  });

  test('a web page is refused, a program is not', async () => {
    const port = await freePort();
    await eventually('connected', publisherOf(embedded(port, {}, 'ws')).isConnected);
    const url = `ws://127.0.0.1:${String(port)}`;
    const origin = { wsOptions: { headers: { origin: 'https://page.example' } } };
    await assert.rejects(Probe.connect(url, origin));
    const probe = await Probe.connect(url);
    await probe.end();
  });
});
