/** What an embedded broker keeps for clients that are away is bounded, and what it drops is told. */
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { startEmbeddedBroker, type EmbeddedBroker } from '#dist/mqtt/embedded-broker';
import { KeptMessages, MOST_KEPT } from '#dist/mqtt/kept-messages';
import { Probe, endClients, range } from '../support/mqtt';
import { eventually, freePort } from '../support/node-red';

after(endClients);

describe('an embedded broker', () => {
  const session = { clientId: 'away', clean: false };
  let broker: EmbeddedBroker;
  let url: string;
  let warnings: string[];
  let publisher: Probe;

  beforeEach(async () => {
    const port = await freePort();
    warnings = [];
    broker = await startEmbeddedBroker({
      bind: '127.0.0.1',
      port,
      transport: 'tcp',
      credentials: undefined,
      warn: (text) => warnings.push(text),
    });
    url = `mqtt://127.0.0.1:${String(port)}`;
    publisher = await Probe.connect(url);
  });
  afterEach(async () => {
    await endClients();
    await broker.release();
  });

  async function leave(options: { clientId: string; clean: boolean }, filters = ['t'], qos: 1 | 2 = 1): Promise<void> {
    const client = await Probe.connect(url, options);
    await client.client.subscribeAsync(filters, { qos });
    await client.end();
  }

  /** Publishes one payload after the other, each with its number before it, some hundred at once. */
  async function publish(count: number, size: number, qos: 1 | 2 = 1): Promise<void> {
    for (let first = 0; first < count; first += 200) {
      await Promise.all(
        range(Math.min(200, count - first)).map((index) =>
          publisher.client.publishAsync('t', `${String(first + index)} ${'x'.repeat(size)}`, { qos }),
        ),
      );
    }
  }

  const numbers = (probe: Probe): number[] => probe.payloads.map((payload) => Number.parseInt(payload, 10));

  /** The client is back: what it gets, which ends with the newest. */
  async function comeBack(options: { clientId: string; clean: boolean }, newest: number): Promise<Probe> {
    const back = await Probe.connect(url, options);
    await eventually('the newest came', () => numbers(back).includes(newest), 20);
    return back;
  }

  test('keeps so many bytes for a client that is away: the oldest go, with one warning, and their number is told', async () => {
    await leave(session);
    const size = 100_000;
    const count = 300;
    await publish(count, size);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(
      warnings[0] ?? '',
      /drops the oldest messages it keeps for the client "away".*10000 or 16 MiB a session\./,
    );

    const received = numbers(await comeBack(session, count - 1));
    const fits = Math.floor(MOST_KEPT.bytes / size);
    assert.ok(received.length <= fits && received.length >= fits - 2, `${String(received.length)} of ${String(fits)}`);
    assert.deepEqual(
      received,
      range(received.length).map((index) => count - received.length + index),
      'the newest, in their order',
    );
    const dropped = `has dropped ${String(count - received.length)} kept messages of the client "away"`;
    await eventually('the number is told', () => warnings.some((text) => text.includes(dropped)));
  });

  test('keeps so many messages for a client that is away', async () => {
    await leave(session);
    const count = MOST_KEPT.messages + 300;
    await publish(count, 0);
    const received = numbers(await comeBack(session, count - 1));
    assert.equal(received.length, MOST_KEPT.messages);
    assert.equal(received[0], 300);
    assert.equal(received.at(-1), count - 1);
  });

  test('keeps a message once for a client that has several filters for it', async () => {
    await leave(session, ['t', '+', '#']);
    const count = 300;
    // three times as much would be more than a session may have
    await publish(count, Math.floor(MOST_KEPT.bytes / count / 2));
    const received = numbers(await comeBack(session, count - 1));
    assert.deepEqual(received, range(count));
    assert.deepEqual(warnings, []);
  });

  test('keeps no more for many sessions together than for some', async () => {
    const names = range(6).map((index) => `away-${String(index)}`);
    for (const clientId of names) await leave({ clientId, clean: false });
    await publish(160, 100_000);
    assert.deepEqual(warnings, [
      'The embedded broker drops the oldest messages of the clients for which it keeps most: it keeps 64 MiB for all that are away or acknowledge none. Let them come back, or use a broker that keeps them on disk.',
    ]);
    let bytes = 0;
    for (const clientId of names) {
      const back = await comeBack({ clientId, clean: false }, 159);
      bytes += back.received.reduce((sum, { payload }) => sum + payload.length, 0);
      await back.end();
    }
    assert.ok(bytes <= MOST_KEPT.allBytes, `${String(bytes)} bytes are kept`);
    assert.ok(bytes > 0.85 * MOST_KEPT.allBytes, `${String(bytes)} bytes are kept`);
  });

  test('gives every message of QoS 2 once, also those that were on their way when the client left', async () => {
    const first = await Probe.connect(url, session);
    await first.client.subscribeAsync('t', { qos: 2 });
    await publish(50, 10, 2);
    await eventually('some came', () => first.received.length > 0);
    await first.end();
    await publish(50, 10, 2);
    const back = await Probe.connect(url, session);
    await eventually('the rest came', () => numbers(back).at(-1) === 49 && numbers(back).length >= 50);
    assert.deepEqual(numbers(back).slice(-50), range(50));
    // nothing is kept any more
    await back.end();
    const again = await Probe.connect(url, session);
    await publisher.client.publishAsync('t', '77', { qos: 2 });
    await eventually('a new one came', () => again.received.length > 0);
    assert.deepEqual(numbers(again), [77]);
  });

  for (const qos of [1, 2] as const) {
    test(`gives each message of QoS ${String(qos)} once and in order that is published while its client comes back`, async () => {
      await leave(session, ['t'], qos);
      for (const round of range(20)) {
        let isBack = false;
        const coming = Probe.connect(url, session).then((probe) => {
          isBack = true;
          return probe;
        });
        for (let number = 0; !isBack; number += 3) {
          await Promise.all(
            range(3).map((index) => publisher.client.publishAsync('t', String(number + index), { qos })),
          );
        }
        const back = await coming;
        const last = `the last of ${String(round)}`;
        await publisher.client.publishAsync('t', last, { qos });
        await eventually('the last came', () => back.payloads.includes(last));
        const numbers = back.payloads.slice(0, -1).map(Number);
        assert.ok(numbers.length > 0, 'some came at the right moment');
        assert.deepEqual(numbers, range(numbers.length));
        await back.client.endAsync();
      }
    });
  }

  test('a message that alone is larger than what is kept reaches a client that is there', async () => {
    const here = await Probe.connect(url, session);
    await here.client.subscribeAsync('t', { qos: 2 });
    await publish(1, MOST_KEPT.bytes + 1, 2);
    await eventually('it came', () => here.received.length === 1);
    await publish(1, 1, 2);
    await eventually('and the next one', () => here.received.length === 2);
    assert.equal(here.client.connected, true);
  });

  test('keeps so many bytes of retained messages: those that were set first go, with one warning', async () => {
    const size = 1_000_000;
    for (const index of range(20)) {
      await publisher.client.publishAsync(`state/${String(index)}`, 'x'.repeat(size), { qos: 1, retain: true });
      // one that is set again is not the oldest any more
      await publisher.client.publishAsync('state/0', 'new', { qos: 1, retain: true });
    }
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0] ?? '', /forgets the retained messages.*beginning with "state\/1": it keeps 16 MiB/);
    const late = await Probe.connect(url);
    for (const index of range(20)) {
      // one by one: all at once would be more than a client may leave unread
      await late.client.subscribeAsync(`state/${String(index)}`, { qos: 1 });
      await late.client.subscribeAsync(`end/${String(index)}`, { qos: 1 });
      await publisher.client.publishAsync(`end/${String(index)}`, '', { qos: 1 });
      await eventually('the end came', () => late.received.some(({ topic }) => topic === `end/${String(index)}`));
    }
    const topics = late.received.filter(({ retain }) => retain).map(({ topic }) => topic);
    const fits = Math.floor(MOST_KEPT.retainedBytes / size);
    assert.deepEqual(topics, ['state/0', ...range(fits).map((index) => `state/${String(20 - fits + index)}`)]);
  });
});

test('messages for very many sessions are kept up to the bound, the newest of each, without looking at all for each', async () => {
  const kept = new KeptMessages({ ...MOST_KEPT, allBytes: 20_000 * 2_000 });
  const store = kept.bound({ storeRetained: () => Promise.resolve() }) as unknown as Store;
  const sessions = range(20_000).map((index) => ({ clientId: String(index) }));
  for (const brokerCounter of range(10)) {
    const packet = { cmd: 'publish', brokerId: 'b', brokerCounter, topic: 't', payload: Buffer.alloc(500) };
    await store.outgoingEnqueueCombi(sessions, packet);
  }
  for (const { clientId } of sessions) {
    const numbers: number[] = [];
    const connection = { id: clientId };
    for await (const packet of store.outgoingStream(connection)) {
      numbers.push(packet.brokerCounter);
      await store.outgoingUpdate(connection, packet);
    }
    assert.deepEqual(numbers, [8, 9], `of session ${clientId}`);
  }
});

test('what is counted is what is kept, whatever happens to it', async () => {
  const kept = new KeptMessages({ ...MOST_KEPT, messages: 20, bytes: 20_000, allBytes: 30_000 });
  const store = kept.bound({ storeRetained: () => Promise.resolve() }) as unknown as Store;
  const clients = ['a', 'b', 'c'].map((id) => ({ id }));
  const sent = new Map<string, number[]>();
  let seed = 1;
  const below = (limit: number): number => (seed = (seed * 48_271) % 0x7f_ff_ff_ff) % limit;
  for (let step = 1; step <= 5000; step++) {
    const client = clients[below(3)]!;
    const own = sent.get(client.id) ?? [];
    sent.set(client.id, own);
    switch (below(4)) {
      case 0: {
        const packet = {
          cmd: 'publish',
          brokerId: 'b',
          brokerCounter: step,
          topic: 't',
          payload: Buffer.alloc(below(3000)),
        };
        // one entry for each subscription that matches
        const ids = clients.flatMap(({ id }) => Array.from({ length: below(3) }, () => ({ clientId: id })));
        await store.outgoingEnqueueCombi(ids, packet);
        for (const { clientId } of new Set(ids)) {
          sent.get(clientId)?.push(step % 0xffff);
          await store.outgoingUpdate({ id: clientId }, { ...packet, messageId: step % 0xffff });
        }
        break;
      }
      case 1:
        await store.outgoingUpdate(client, { cmd: 'pubrel', messageId: own[below(own.length)] ?? 1 } as Packet);
        break;
      default:
        await store.outgoingClearMessageId(client, { messageId: own.splice(below(own.length), 1)[0] ?? 1 } as Packet);
    }
    assert.equal(kept.bytes, await bytesOf(store, clients), `after step ${String(step)}`);
    assert.ok(kept.bytes <= 30_000);
  }
});

/** Bytes of heap that what is kept for these clients is taken for. */
async function bytesOf(store: Store, clients: readonly { id: string }[]): Promise<number> {
  let bytes = 0;
  for (const { id } of clients) {
    // a connection of its own, which is given all of them
    const connection = { id };
    for await (const packet of store.outgoingStream(connection)) {
      bytes += 300 + (packet.topic ?? '').length + (packet.payload ?? '').length;
      await store.outgoingUpdate(connection, packet);
    }
  }
  return bytes;
}

interface Packet {
  readonly cmd: string;
  readonly brokerId: string;
  readonly brokerCounter: number;
  readonly topic?: string;
  readonly payload?: Buffer;
  readonly messageId?: number;
}

/** What aedes calls of its store. */
interface Store {
  outgoingEnqueueCombi(sessions: readonly { clientId: string }[], packet: Packet): Promise<void>;
  outgoingStream(connection: { id: string }): AsyncIterable<Packet>;
  outgoingUpdate(connection: { id: string }, packet: Packet): Promise<void>;
  outgoingClearMessageId(connection: { id: string }, packet: Packet): Promise<Packet | undefined>;
}
