import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Delivery } from '#dist/mqtt/in-flight';
import type { OutgoingMessage } from '#dist/mqtt/message';
import { parseSource } from '#dist/nodes/mqtt-source/configuration';
import { Receiver } from '#dist/nodes/mqtt-source/receiver';
import { eventually } from '../support/node-red';

describe('a dead letter that the broker refuses', () => {
  let closing: AbortController;
  let letters: OutgoingMessage[];
  let waits: number[];
  let reasons: (string | undefined)[];
  let ends: string[];
  /** What the broker answers to a dead letter: an error, or nothing. */
  let answer: (attempt: number) => Error | undefined;
  let receiver: Receiver;

  beforeEach(() => {
    closing = new AbortController();
    letters = [];
    waits = [];
    reasons = [];
    ends = [];
    const settings = parseSource({
      id: 's',
      name: '',
      type: 'mqtt-source',
      z: '',
      topic: 'in',
      format: 'json',
      deadLetter: 'dead',
    });
    receiver = new Receiver({
      settings,
      tracker: undefined,
      flows: undefined,
      signal: closing.signal,
      log: { warn: () => undefined, error: () => undefined },
      newMessageId: () => 'id',
      send: () => undefined,
      publish: (message) => {
        letters.push(message);
        const error = answer(letters.length);
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      },
      onDeadLetterRefused: (reason) => reasons.push(reason),
      wait: (milliseconds) => {
        waits.push(milliseconds);
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
  });

  const delivery = (): Delivery => ({
    packet: { cmd: 'publish', topic: 'in', payload: '{', qos: 1, messageId: 1, retain: false, dup: false },
    acknowledge: () => ends.push('acknowledged'),
    abandon: () => ends.push('abandoned'),
  });

  test('is tried again, longer and longer, while its message stays in flight', async () => {
    answer = (attempt) => (attempt < 8 ? new Error('not authorised') : undefined);
    receiver.receive(delivery());
    await eventually('acknowledged', () => ends.length > 0);
    assert.deepEqual(ends, ['acknowledged']);
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    assert.ok(letters.every(({ topic }) => topic === 'dead'));
    assert.match(reasons[0] ?? '', /"dead"; it is tried again, and its message stays unacknowledged.*not authorised/);
    assert.equal(reasons.at(-1), undefined);
  });

  test('shows until the last one that waits is written', async () => {
    answer = (attempt) => (attempt < 3 ? new Error('no') : undefined);
    receiver.receive(delivery());
    receiver.receive(delivery());
    await eventually('both are acknowledged', () => ends.length === 2);
    assert.deepEqual(
      reasons.map((reason) => reason !== undefined),
      [true, true, false],
    );
  });

  test('is given up only when the source closes, and then left to the broker', async () => {
    answer = () => new Error('no');
    receiver.receive(delivery());
    await eventually('tried a few times', () => letters.length > 3);
    assert.deepEqual(ends, []);
    closing.abort();
    await eventually('abandoned', () => ends.length > 0);
    assert.deepEqual(ends, ['abandoned']);
  });
});

describe('a source that acknowledges as received, while the flows are started', () => {
  let closing: AbortController;
  let deploy: Promise<void> | undefined;
  let endDeploy: () => void;
  let events: string[];
  let receiver: Receiver;

  beforeEach(() => {
    closing = new AbortController();
    events = [];
    deploy = new Promise((resolve) => {
      endDeploy = (): void => {
        deploy = undefined;
        resolve();
      };
    });
    receiver = new Receiver({
      settings: parseSource({ id: 's', name: '', type: 'mqtt-source', z: '', topic: 'in', acknowledge: 'received' }),
      tracker: undefined,
      flows: {
        get deploy() {
          return deploy;
        },
      },
      signal: closing.signal,
      log: { warn: () => undefined, error: (text) => events.push(text) },
      newMessageId: () => 'id',
      send: ({ payload }) => events.push(`sent ${String(payload)}`),
      publish: () => Promise.resolve(),
      onDeadLetterRefused: () => undefined,
    });
  });

  const receive = (payload: string, qos: 0 | 1 | 2): void => {
    receiver.receive({
      packet: { cmd: 'publish', topic: 'in', payload, qos, messageId: 1, retain: false, dup: false },
      acknowledge: () => events.push(`acknowledged ${payload}`),
      abandon: () => events.push(`abandoned ${payload}`),
    });
  };

  test('keeps what came with QoS 1 and 2 until they run, in order, and acknowledges then', async () => {
    receive('a', 1);
    receive('b', 2);
    await new Promise(setImmediate);
    assert.deepEqual(events, []);
    endDeploy();
    await new Promise(setImmediate);
    assert.deepEqual(events, ['sent a', 'acknowledged a', 'sent b', 'acknowledged b']);
  });

  test('does not keep what came with QoS 0', async () => {
    receive('zero', 0);
    await new Promise(setImmediate);
    assert.deepEqual(events, ['sent zero', 'acknowledged zero']);
  });

  test('leaves what it keeps to the broker when it closes', async () => {
    receive('a', 1);
    closing.abort();
    await new Promise(setImmediate);
    endDeploy();
    await new Promise(setImmediate);
    assert.deepEqual(events, ['abandoned a']);
  });
});
