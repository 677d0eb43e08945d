/** What an embedded broker keeps of subscriptions and handshakes is bounded. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import type { Client } from 'aedes';
import { startEmbeddedBroker, type EmbeddedBroker } from '#dist/mqtt/embedded-broker';
import { KeptSessions, MOST_OF_SESSIONS } from '#dist/mqtt/kept-sessions';
import { endClients, Probe, range } from '../support/mqtt';
import { eventually, freePort } from '../support/node-red';

after(endClients);

interface Subscription {
  readonly topic: string;
}

/** What aedes calls of its store. */
interface Store {
  addSubscriptions(client: { id: string }, subscriptions: readonly Subscription[]): Promise<void>;
  removeSubscriptions(client: { id: string }, topics: readonly string[]): Promise<void>;
  cleanSubscriptions(client: { id: string }): Promise<void>;
  incomingStorePacket(client: { id: string }, packet: { messageId: number }): Promise<void>;
  incomingGetPacket(client: { id: string }, packet: { messageId: number }): Promise<unknown>;
  incomingDelPacket(client: { id: string }, packet: { messageId: number }): Promise<void>;
}

describe('sessions of an embedded broker', () => {
  /** Room for three filters of a client, and five of all that are kept. */
  const limits = { ...MOST_OF_SESSIONS, filters: 3300, allFilters: 5500 };
  let stored: string[][];
  let warnings: string[];

  function open(given: typeof limits = limits) {
    stored = [];
    warnings = [];
    const sessions = new KeptSessions(given);
    sessions.warn = (text) => warnings.push(text);
    const store = sessions.bound({
      addSubscriptions: async (_client: unknown, subscriptions: readonly Subscription[]) =>
        void stored.push(subscriptions.map(({ topic }) => topic)),
      removeSubscriptions: () => Promise.resolve(),
      cleanSubscriptions: () => Promise.resolve(),
      createRetainedStream: () => Readable.from([]),
    }) as unknown as Store;
    /** As the broker does: asks for each filter, then stores the whole list once for each that is accepted. */
    const subscribe = async (client: Client, topics: readonly string[]): Promise<boolean[]> => {
      const list = topics.map((topic) => ({ topic }));
      const accepted: boolean[] = [];
      const storing: Promise<void>[] = [];
      for (const subscription of list) {
        accepted.push(sessions.accepts(client, subscription));
        if (accepted.at(-1) === true && !client.clean) storing.push(store.addSubscriptions(client, list));
      }
      await Promise.all(storing);
      return accepted;
    };
    return { sessions, store, subscribe };
  }

  const client = (id: string, clean = false): Client => ({ id, clean }) as Client;

  test('a list of filters is stored once, whatever its length', async () => {
    const { subscribe } = open(MOST_OF_SESSIONS);
    const topics = range(1000).map(String);
    await subscribe(client('a'), topics);
    assert.deepEqual(stored, [topics]);
  });

  test('a client has so many filters, and what it is refused is not stored', async () => {
    const { subscribe, sessions } = open();
    const one = client('a');
    assert.deepEqual(await subscribe(one, ['a', 'b', 'c', 'd']), [true, true, true, false]);
    assert.deepEqual(stored, [['a', 'b', 'c']]);
    assert.deepEqual(await subscribe(one, ['a']), [true], 'what it has it may have again');
    assert.deepEqual(await subscribe(one, ['e']), [false]);
    sessions.unsubscribed(one, ['b']);
    assert.deepEqual(await subscribe(one, ['e']), [true]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /refused a subscription of the client "a"/);
  });

  test('all kept sessions have so many together, until they end', async () => {
    const { subscribe, store } = open();
    assert.deepEqual(await subscribe(client('a'), ['a', 'b', 'c']), [true, true, true]);
    assert.deepEqual(await subscribe(client('b'), ['a', 'b', 'c']), [true, true, false]);
    assert.deepEqual(
      await subscribe(client('c', true), ['a', 'b', 'c']),
      [true, true, true],
      'of one that is not kept',
    );
    assert.deepEqual(await subscribe(client('a'), ['a', 'b', 'c']), [true, true, true], 'a session that comes back');
    await store.removeSubscriptions({ id: 'b' }, ['a', 'unknown']);
    assert.deepEqual(await subscribe(client('d'), ['a', 'b']), [true, false]);
    await store.cleanSubscriptions({ id: 'a' });
    assert.deepEqual(await subscribe(client('d'), ['b', 'c']), [true, true]);
  });

  test('identifiers of QoS 2 are kept until they are released, and so many of all clients', async () => {
    const { store } = open({ ...limits, unreleased: 10 });
    const one = { id: 'a' };
    for (const messageId of range(4)) await store.incomingStorePacket(one, { messageId });
    assert.ok(await store.incomingGetPacket(one, { messageId: 3 }));
    await store.incomingDelPacket(one, { messageId: 3 });
    await assert.rejects(store.incomingGetPacket(one, { messageId: 3 }));
    await assert.rejects(store.incomingDelPacket(one, { messageId: 3 }));
    for (const messageId of range(9)) await store.incomingStorePacket({ id: 'b' }, { messageId });
    await assert.rejects(store.incomingGetPacket(one, { messageId: 0 }), 'the client that came first');
    assert.ok(await store.incomingGetPacket({ id: 'b' }, { messageId: 0 }));
  });
});

describe('an embedded broker', () => {
  let broker: EmbeddedBroker;
  let url: string;
  let warnings: string[];

  beforeEach(async () => {
    const port = await freePort();
    warnings = [];
    const warn = (text: string): void => void warnings.push(text);
    broker = await startEmbeddedBroker({ bind: '127.0.0.1', port, transport: 'tcp', credentials: undefined, warn });
    url = `mqtt://127.0.0.1:${String(port)}`;
  });
  afterEach(async () => {
    await endClients();
    await broker.release();
  });

  test('refuses filters beyond its bound, and goes on with those it has', async () => {
    const probe = await Probe.connect(url, { clientId: 'many', clean: false }, 'first');
    const filters = range(100).map((index) => `${String(index)}/${'x'.repeat(60_000)}`);
    const granted = await probe.client.subscribeAsync(filters).then(
      () => [],
      () => ['refused'],
    );
    assert.deepEqual(granted, ['refused']);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    await probe.client.publishAsync('first', 'x', { qos: 1 });
    await eventually('it came', () => probe.payloads.includes('x'));
    await probe.end();
    const back = await Probe.connect(url, { clientId: 'many', clean: false });
    await back.client.publishAsync('first', 'y', { qos: 1 });
    await eventually('the session is as it was', () => back.payloads.includes('y'));
  });

  test('gives retained messages for each of many filters', async () => {
    const publisher = await Probe.connect(url);
    for (const topic of ['a/1', 'b/2', 'c']) {
      await publisher.client.publishAsync(topic, topic, { qos: 1, retain: true });
    }
    const probe = await Probe.connect(url);
    await probe.client.subscribeAsync(['none', 'a/+', 'b/#', 'c', 'other/#']);
    await eventually('all came', () => probe.received.length === 3);
    assert.deepEqual(probe.payloads, ['a/1', 'b/2', 'c']);
  });
});
