/** What source and sink show below the node while they work. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { ConnectionStatus } from '#dist/mqtt/status';
import { formatBusy, type ShownStatus } from '#dist/nodes/mqtt-connection/connection-node';
import { SinkStatus } from '#dist/nodes/bridge/sink-status';
import { SourceStatus } from '#dist/nodes/mqtt-source/source-status';
import { languagesOf, readText } from '../support/catalogue';

const SECOND = 1000;
const IDLE = { inFlight: 0, retrying: 0, deadLetters: 0, givenUp: 0 };
const refused = { kind: 'failed', reason: 'refused', message: 'nothing listens there' } as const;

function busy(what: string, number: number): object {
  return { kind: 'busy', what, number };
}

let shown: ShownStatus[];
beforeEach(() => {
  shown = [];
  mock.timers.enable({ apis: ['setInterval', 'Date'] });
});
afterEach(() => {
  mock.timers.reset();
});
const show = (status: ShownStatus): void => void shown.push(status);
const last = (): ShownStatus | undefined => shown.at(-1);

const COUNTED = ['in-flight', 'retrying', 'dead-letters', 'given-up'] as const;

describe('what a source counts', () => {
  const texts = COUNTED.map((what) => formatBusy({ kind: 'busy', what, number: 12 }));

  test('is shown by figures and a sign of its own, which need no translation', () => {
    for (const text of texts) assert.match(text, /^[^\p{L}\d\s]+ 12$/u);
    assert.equal(new Set(texts).size, COUNTED.length);
  });

  test('is explained in the help of every language, and so is what waits in a sink', () => {
    const signsOf = (help: string): string[] => [...help.matchAll(/`([^`\w\s]+) \d+`/gu)].map(([, sign = '']) => sign);
    const signs = texts.map((text) => text.slice(0, text.indexOf(' ')));
    for (const language of languagesOf('mqtt-source')) {
      assert.deepEqual(signsOf(readText('mqtt-source', 'locales', language, 'mqtt-source.html')), signs, language);
      assert.deepEqual(signsOf(readText('mqtt-sink', 'locales', language, 'mqtt-sink.html')), ['⏳'], language);
    }
  });
});

describe('the status of a source', () => {
  let load: typeof IDLE;
  let status: SourceStatus;

  beforeEach(() => {
    load = IDLE;
    status = new SourceStatus({ show, load: () => load, maxInFlight: 2 });
    status.connection({ kind: 'connected' });
  });
  afterEach(() => {
    status.close();
  });

  test('is shown again only when it has changed', () => {
    mock.timers.tick(5 * SECOND);
    assert.deepEqual(shown, [{ kind: 'connected' }]);
  });

  test('says that the flow is full once it has been so for a second', () => {
    load = { ...IDLE, inFlight: 2 };
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), { kind: 'connected' });
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), busy('in-flight', 2));
    load = { ...IDLE, inFlight: 1 };
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), { kind: 'connected' });
  });

  test('counts what is tried again, then what was given up', () => {
    load = { ...IDLE, retrying: 1, givenUp: 2 };
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), busy('retrying', 1));
    load = { ...IDLE, givenUp: 3 };
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), busy('given-up', 3));
    load = { ...IDLE, deadLetters: 4 };
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), busy('dead-letters', 4));
  });

  test('prefers a connection that is not well, and dead letters that are refused', () => {
    load = { ...IDLE, retrying: 1 };
    status.deadLetterRefused('no right to write');
    assert.deepEqual(last(), { kind: 'failed', reason: 'dead-letter', message: 'no right to write' });
    status.connection(refused);
    assert.deepEqual(last(), refused);
    status.deadLetterRefused(undefined);
    status.connection({ kind: 'connected' });
    assert.deepEqual(last(), busy('retrying', 1));
  });

  test('is not looked at any more once it is closed', () => {
    status.close();
    load = { ...IDLE, retrying: 1 };
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), { kind: 'connected' });
  });
});

describe('the status of a sink', () => {
  let waiting: number;
  let status: SinkStatus<ConnectionStatus>;

  beforeEach(() => {
    waiting = 0;
    status = new SinkStatus<ConnectionStatus>({ kind: 'connecting' }, show, () => waiting);
    status.connection({ kind: 'connecting' });
  });
  afterEach(() => {
    status.close();
  });

  test('counts what waits, whether or not it is connected', () => {
    waiting = 7;
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), { kind: 'waiting', number: 7, connection: 'connecting' });
    status.connection({ kind: 'connected' });
    assert.deepEqual(last(), { kind: 'waiting', number: 7, connection: 'connected' });
    waiting = 0;
    mock.timers.tick(SECOND);
    assert.deepEqual(last(), { kind: 'connected' });
  });

  test('says in turn why it failed and how much waits', () => {
    waiting = 7;
    status.connection(refused);
    const turns: (ShownStatus | undefined)[] = [];
    for (let second = 0; second < 6; second++) {
      turns.push(last());
      mock.timers.tick(SECOND);
    }
    const counted = { kind: 'waiting', number: 7, connection: 'failed' };
    assert.deepEqual(turns, [refused, refused, counted, counted, refused, refused]);
  });

  test('says why it failed all the time while nothing waits', () => {
    status.connection(refused);
    const before = shown.length;
    mock.timers.tick(6 * SECOND);
    assert.equal(shown.length, before);
    assert.deepEqual(last(), refused);
  });
});
