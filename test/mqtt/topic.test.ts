import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressText, parseBrokerAddress } from '#dist/mqtt/address';
import { clientIdOf } from '#dist/mqtt/client-id';
import { invalidFilter, invalidTopic, matchesFilter } from '#dist/mqtt/topic';

describe('topics and filters', () => {
  for (const filter of [
    'a',
    '/',
    '/a',
    'a/',
    '#',
    '+',
    'a/+/b',
    'a/#',
    '+/+/#',
    '$SYS/#',
    '$share/g/a/+',
    '$share/g//a',
    'ä b',
    '$shared/a',
  ]) {
    test(`"${filter}" can be subscribed to`, () => {
      assert.equal(invalidFilter(filter), undefined);
    });
  }

  for (const [filter, reason] of [
    ['', /empty/],
    ['a+', /"a\+" does not stand alone/],
    ['a/b#', /does not stand alone/],
    ['#/a', /is not the last level/],
    ['$share', /needs a group name/],
    ['$share/', /needs a group name/],
    ['$share//a', /needs a group name/],
    ['$share/g+/a', /needs a group name/],
    ['$share/g', /names no topic/],
    ['$share/g/', /names no topic/],
    ['$share/g/#/a', /is not the last level/],
    ['a\0', /NUL/],
    ['\ud800', /surrogate/],
    ['a'.repeat(65536), /longer than the 65535 bytes/],
  ] as const) {
    test(`${JSON.stringify(filter.slice(0, 20))} cannot be subscribed to`, () => {
      assert.match(invalidFilter(filter) ?? 'valid', reason);
    });
  }

  test('a topic to publish to has no wildcards', () => {
    assert.equal(invalidTopic('a/b'), undefined);
    assert.match(invalidTopic('a/+') ?? '', /wildcard/);
    assert.match(invalidTopic('#') ?? '', /wildcard/);
    assert.match(invalidTopic('') ?? '', /msg\.topic/);
    assert.match(invalidTopic('ä'.repeat(40000)) ?? '', /longer/);
  });
});

describe('broker addresses', () => {
  for (const [url, text, path] of [
    ['mqtt://127.0.0.1:1883', 'mqtt://127.0.0.1:1883', '/'],
    ['mqtt://broker.example.com', 'mqtt://broker.example.com:1883', '/'],
    ['MQTTS://Broker.example.com', 'mqtts://broker.example.com:8883', '/'],
    [' ws://host:80/mqtt?x=1 ', 'ws://host:80', '/mqtt?x=1'],
    ['wss://host', 'wss://host:443', '/'],
    ['mqtt://[::1]:80', 'mqtt://[::1]:80', '/'],
  ] as const) {
    test(`"${url}"`, () => {
      const address = parseBrokerAddress(url);
      assert.equal(addressText(address), text);
      assert.equal(address.path, path);
    });
  }

  for (const url of ['', 'broker', 'http://broker', 'mqtt://', 'mqtt://host:99999', 'constructor://x']) {
    test(`"${url}" is none`, () => {
      assert.throws(() => parseBrokerAddress(url), /is no broker address: expected mqtt:\/\//);
    });
  }

  for (const url of [
    'mqqt://user:secret@host',
    'user:secret@host',
    ' mqtts:/user:secret@host',
    'mqtt://user:secr/et@host',
    'mqtt://user:a@secret@ho st',
    'mqtt://user:\nsecret@host:99999',
  ]) {
    test(`the error about ${JSON.stringify(url)} does not tell the password`, () => {
      assert.throws(
        () => parseBrokerAddress(url),
        ({ message }: Error) => {
          assert.doesNotMatch(message, /user:|secr/);
          return message.includes('…@ho') || /own fields/.test(message);
        },
      );
    });
  }

  for (const url of [
    'mqtt://user:secret@host',
    'mqtt://user:12/secret@host',
    'mqtts://user:12?secret@host',
    'mqtt://user:12#secret@host',
    'mqtt://user:secret/12@host',
    'ws://user:secret/12@host/mqtt',
    'ws://user:12/secret@host',
    'wss://user:12?secret@host/mqtt',
    'ws://user:12#secret@host',
    'ws://user#secret@host',
    'ws://user:/secret@host',
  ]) {
    test(`credentials belong in their own fields: ${url}`, () => {
      assert.throws(
        () => parseBrokerAddress(url),
        (error: Error) => {
          assert.match(error.message, /own fields/);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }

  test('the path of a WebSocket may hold an @', () => {
    assert.equal(parseBrokerAddress('wss://host/a@b').path, '/a@b');
    assert.equal(parseBrokerAddress('wss://host:8084/a%40b?c').path, '/a%40b?c');
  });

  for (const [url, reason] of [
    ['mqtt://host:1883/x#y', /holds more than a host and port/],
    ['mqtt://host:1883/x', /holds more than a host and port: mqtt:\/\/ has no path/],
    ['mqtts://host?x', /mqtts:\/\/ has no path/],
    ['mqtt://host#', /holds a #|holds more/],
    ['ws://host/mqtt#x', /holds a #.*%23/],
    ['wss://host:8084#', /holds a #/],
  ] as const) {
    test(`nothing of an address is lost silently: ${url}`, () => {
      assert.throws(() => parseBrokerAddress(url), reason);
    });
  }
});

describe('client identifiers', () => {
  const environment = (name: string) => ({ HOST: 'edge7', EMPTY: '' })[name];

  test('a prefix, a dash and the node', () => {
    assert.equal(clientIdOf('line', 'n1', environment), 'line-n1');
  });
  test('variables anywhere in the prefix', () => {
    assert.equal(clientIdOf('a-${HOST}-${ HOST }', 'n1', environment), 'a-edge7-edge7-n1');
    assert.equal(clientIdOf('a${UNKNOWN}${EMPTY}', 'n1', environment), 'a-n1');
  });
  test('without a prefix it is another one each time', () => {
    assert.notEqual(clientIdOf('', 'n1'), clientIdOf('', 'n1'));
    // 23 bytes are what every broker of 3.1.1 must accept (section 3.1.3.1).
    assert.ok(clientIdOf('', 'n1').length <= 23);
  });
});

describe('which topics a filter brings', () => {
  for (const [filter, topic, isMatch] of [
    ['a/b', 'a/b', true],
    ['a/b', 'a/c', false],
    ['a/b', 'a', false],
    ['a', 'a/b', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/', true],
    ['a/+', 'a', false],
    ['+', '/a', false],
    ['+/+', '/a', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['#', 'a/b', true],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
    ['$share/g/a/+', 'a/b', true],
    ['$share/g/a/+', 'c/b', false],
    ['$share/g/a', '$share/g/a', true],
  ] as const) {
    test(`"${filter}" ${isMatch ? 'brings' : 'does not bring'} "${topic}"`, () => {
      assert.equal(matchesFilter(filter, topic), isMatch);
    });
  }
});
