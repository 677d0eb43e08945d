import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FAILURE_REASONS } from '#dist/mqtt/status';
import { parseConnection, type ConnectionDefinition } from '#dist/nodes/mqtt-connection/configuration';
import { parseSink, type SinkDefinition } from '#dist/nodes/mqtt-sink/configuration';
import { parseSource, type SourceDefinition } from '#dist/nodes/mqtt-source/configuration';
import { repository } from '../support/node-red';

const environment = (): string | undefined => undefined;
const surroundings = {
  user: '',
  password: '',
  tlsOptions: (id: string) => (id === 'tls' ? { rejectUnauthorized: true } : undefined),
  environment,
};
const base = { id: 'n', name: '', z: '' };

describe('saved properties of mqtt-connection', () => {
  const parse = (saved: object) =>
    parseConnection({ ...base, type: 'mqtt-connection', ...saved } as ConnectionDefinition, surroundings);

  test('defaults', () => {
    assert.deepEqual(parse({}), {
      id: 'n',
      address: { protocol: 'mqtt', host: '127.0.0.1', port: 1883, path: '/' },
      clientId: '',
      protocolVersion: 4,
      persistent: false,
      sessionExpiry: 86400,
      keepalive: 60,
      tls: {},
      credentials: undefined,
      embeddedBind: undefined,
      birth: undefined,
      will: undefined,
      environment,
    });
  });

  test('numbers and booleans as text', () => {
    const settings = parse({
      clientId: 'p',
      protocolVersion: '5',
      persistent: 'true',
      sessionExpiry: '60',
      keepalive: '0',
      embedded: 'true',
      bind: '',
    });
    assert.equal(settings.protocolVersion, 5);
    assert.equal(settings.persistent, true);
    assert.equal(settings.sessionExpiry, 60);
    assert.equal(settings.keepalive, 0);
    assert.equal(settings.embeddedBind, '127.0.0.1');
    assert.equal(parse({ persistent: 'false', embedded: 'false' }).embeddedBind, undefined);
  });

  test('birth and will', () => {
    const { birth, will } = parse({
      birth: { topic: 'b', payload: 'x', qos: '1', retain: 'true' },
      will: { topic: '' },
    });
    assert.deepEqual(birth, { topic: 'b', payload: 'x', qos: 1, retain: true });
    assert.equal(will, undefined);
    assert.throws(
      () => parse({ will: { topic: 'a/#' } }),
      /The will message of the connection is not valid\. .*wildcard/,
    );
  });

  test('TLS settings are used where the address asks for TLS', () => {
    assert.deepEqual(parse({ url: 'mqtts://host', tls: 'tls' }).tls, { rejectUnauthorized: true });
    assert.deepEqual(parse({ url: 'mqtt://host', tls: 'gone' }).tls, {});
    assert.throws(() => parse({ url: 'mqtts://host', tls: 'gone' }), /TLS configuration .* is missing/);
  });

  for (const [saved, reason] of [
    [{ url: 'http://host' }, /is no broker address/],
    [{ persistent: true }, /needs a client identifier/],
    [{ persistent: 'yes' }, /"persistent" is "yes": expected true or false/],
    [{ embedded: 1 }, /"embedded" is 1: expected true or false/],
    [{ will: 'gone' }, /"will" is "gone": expected an object with a topic/],
    [{ protocolVersion: 3 }, /"protocolVersion" is 3: expected a whole number from 4 to 5/],
    [{ keepalive: 'often' }, /"keepalive" is "often"/],
    [{ keepalive: 65536 }, /from 0 to 65535/],
  ] as const) {
    test(`refuses ${JSON.stringify(saved)}`, () => {
      assert.throws(() => parse(saved), reason);
    });
  }
});

describe('saved properties of mqtt-source', () => {
  const parse = (saved: object) =>
    parseSource({ ...base, type: 'mqtt-source', topic: 't', ...saved } as SourceDefinition);
  const defaults = {
    filter: 't',
    qos: 1,
    format: 'auto',
    acknowledge: 'completed',
    maxInFlight: 100,
    attempts: 3,
    deadLetter: '',
    settle: 60,
  };

  test('defaults, for blank properties too', () => {
    assert.deepEqual(parse({}), defaults);
    assert.deepEqual(
      parse({ qos: '', format: '', acknowledge: '', maxInFlight: '', attempts: '', settle: ' ' }),
      defaults,
    );
  });

  test('numbers as text', () => {
    const { qos, maxInFlight, attempts, settle } = parse({ qos: '0', maxInFlight: '5', attempts: '1', settle: '0.5' });
    assert.deepEqual([qos, maxInFlight, attempts, settle], [0, 5, 1, 0.5]);
  });

  for (const [saved, reason] of [
    [{ topic: '' }, /The topic is empty/],
    [{ topic: '$share/g' }, /names no topic/],
    [{ qos: 3 }, /"qos" is 3/],
    [{ format: 'xml' }, /"format" is "xml": expected one of auto, utf8, buffer, json/],
    [{ acknowledge: 'never' }, /completed, received/],
    [{ maxInFlight: 0 }, /from 1 to 65535/],
    [{ attempts: 1.5 }, /"attempts"/],
    [{ deadLetter: 'a/#' }, /wildcard/],
    [{ settle: 0 }, /a number of seconds from 0.001/],
  ] as const) {
    test(`refuses ${JSON.stringify(saved)}`, () => {
      assert.throws(() => parse(saved), reason);
    });
  }
});

describe('saved properties of mqtt-sink', () => {
  const parse = (saved: object) => parseSink({ ...base, type: 'mqtt-sink', ...saved } as SinkDefinition);

  test('defaults', () => {
    assert.deepEqual(parse({}), { topic: '', qos: 1, retain: false, format: 'auto' });
  });
  test('a blank QoS leaves it to the message', () => {
    assert.equal(parse({ qos: '' }).qos, undefined);
    assert.equal(parse({ qos: '0' }).qos, 0);
  });
  test('refusals', () => {
    assert.throws(() => parse({ topic: '+' }), /wildcard/);
    assert.throws(() => parse({ format: 'buffer' }), /expected one of auto, utf8, json/);
  });
});

describe('catalogues', () => {
  for (const type of ['mqtt-source', 'mqtt-sink']) {
    test(`${type} has a short text for each reason of a failure`, () => {
      const file = join(repository, 'dist', 'nodes', type, 'locales', 'en-US', `${type}.json`);
      const catalogue = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { status: Record<string, string> }>;
      const status = catalogue[type]?.status ?? {};
      assert.deepEqual(Object.keys(status).sort(), [...FAILURE_REASONS].sort());
      for (const text of Object.values(status)) assert.ok(text.length < 20, text);
    });
  }

  for (const type of ['mqtt-connection', 'mqtt-source', 'mqtt-sink']) {
    test(`${type}: every key its dialog names is in the catalogue`, () => {
      const folder = join(repository, 'dist', 'nodes', type);
      const catalogue: unknown = JSON.parse(readFileSync(join(folder, 'locales', 'en-US', `${type}.json`), 'utf8'));
      const dialog = readFileSync(join(folder, `${type}.html`), 'utf8');
      const keys = [...dialog.matchAll(/data-i18n="(?:\[\w+\])?([^"]+)"/g)].map((match) => match[1] ?? '');
      assert.ok(keys.length > 5);
      for (const key of keys) {
        const text = key
          .split('.')
          .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], catalogue);
        assert.equal(typeof text, 'string', key);
      }
    });
  }
});
