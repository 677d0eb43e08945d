/** What a connection writes into the log of its clients, over time. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConnectionLog } from '#dist/mqtt/connection-log';
import type { FailureReason } from '#dist/mqtt/status';

const CONNECTED = 'Connected to the broker.';
const DISCONNECTED = 'Disconnected from the broker.';

const failed = (message: string, reason: FailureReason = 'refused') => ({ kind: 'failed', reason, message }) as const;

describe('the log of a connection', () => {
  const [source, sink] = [{}, {}];
  let lines: string[];
  let log: ConnectionLog;
  beforeEach(() => {
    lines = [];
    const keep = (text: string): void => void lines.push(text);
    log = new ConnectionLog({ info: keep, warn: keep });
    for (const client of [source, sink]) log.report(client, { kind: 'connecting' });
    for (const client of [source, sink]) log.report(client, { kind: 'connected' });
  });

  test('says once that all clients are connected', () => {
    assert.deepEqual(lines, [CONNECTED]);
  });

  test('says that the broker went away when the first client notices, and that it is back when the last one is', () => {
    for (const client of [source, sink]) log.report(client, { kind: 'disconnected' });
    log.report(source, { kind: 'connected' });
    assert.deepEqual(lines.splice(0), [CONNECTED, DISCONNECTED]);
    log.report(sink, { kind: 'connecting' });
    assert.deepEqual(lines, []);
    log.report(sink, { kind: 'connected' });
    assert.deepEqual(lines, [CONNECTED]);
  });

  test('says each reason once, whichever clients have it', () => {
    for (const client of [source, sink, source]) log.report(client, failed('no'));
    log.report(source, failed('other'));
    assert.deepEqual(lines, [CONNECTED, 'no', 'other']);
  });

  test('says that all are connected when the last one that was not is gone', () => {
    log.report(source, failed('no'));
    log.forget(source);
    assert.deepEqual(lines, [CONNECTED, 'no', CONNECTED]);
  });

  test('says nothing when there is no client left', () => {
    for (const client of [source, sink]) log.report(client, failed('no'));
    for (const client of [source, sink]) log.forget(client);
    assert.deepEqual(lines, [CONNECTED, 'no']);
  });

  test('leaves what lies with one node to that node, and counts it as connected', () => {
    for (const client of [source, sink]) log.report(client, { kind: 'disconnected' });
    log.report(source, failed('the topic', 'subscription'));
    log.report(sink, { kind: 'connected' });
    assert.deepEqual(lines, [CONNECTED, DISCONNECTED, CONNECTED]);
  });
});
