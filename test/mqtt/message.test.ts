import type { IPublishPacket } from 'mqtt';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toFlowMessage, toOutgoingMessage, type SinkSettings } from '#dist/mqtt/message';

describe('messages of a flow', () => {
  const packet = (properties?: IPublishPacket['properties']): IPublishPacket => ({
    cmd: 'publish',
    topic: 'a/b',
    payload: Buffer.from('x'),
    qos: 1,
    retain: true,
    dup: false,
    ...(properties === undefined ? {} : { properties }),
  });
  const sink = (changes: Partial<SinkSettings> = {}): SinkSettings => ({
    topic: '',
    qos: 1,
    retain: false,
    format: 'auto',
    ...changes,
  });

  test('a packet of 3.1.1', () => {
    assert.deepEqual(toFlowMessage(packet(), 'auto'), { payload: 'x', topic: 'a/b', qos: 1, retain: true });
  });

  test('the properties of MQTT 5 come in under the names of the built-in nodes', () => {
    const properties = {
      responseTopic: 'reply',
      correlationData: Buffer.from('c'),
      contentType: 'text/plain',
      messageExpiryInterval: 60,
      payloadFormatIndicator: true,
      userProperties: { key: 'value' },
    };
    assert.deepEqual(toFlowMessage(packet({ ...properties, subscriptionIdentifier: 1 }), 'auto'), {
      payload: 'x',
      topic: 'a/b',
      qos: 1,
      retain: true,
      ...properties,
    });
  });

  test('each message has bytes of its own', () => {
    const source = packet();
    const first = toFlowMessage(source, 'buffer').payload as Buffer;
    first[0] = 0;
    assert.deepEqual(toFlowMessage(source, 'buffer').payload, Buffer.from('x'));
  });

  test("a sink's own topic, QoS and retain come before the message's", () => {
    const message = { payload: 'x', topic: 'theirs', qos: 2, retain: true };
    const own = toOutgoingMessage(message, sink({ topic: 'ours', qos: 0, retain: true }), 4);
    assert.deepEqual(own, { topic: 'ours', payload: Buffer.from('x'), qos: 0, retain: true });
    const theirs = toOutgoingMessage(message, sink({ qos: undefined }), 4);
    assert.deepEqual(theirs, { topic: 'theirs', payload: Buffer.from('x'), qos: 2, retain: true });
    assert.equal(toOutgoingMessage({ payload: 'x', topic: 't' }, sink({ qos: undefined }), 4).qos, 1);
    assert.equal(toOutgoingMessage({ payload: 'x', topic: 't', qos: '2' }, sink({ qos: undefined }), 4).qos, 2);
  });

  test('the properties of MQTT 5 go out, with 5 only', () => {
    const message = {
      payload: 'x',
      topic: 't',
      responseTopic: 'reply',
      correlationData: 'c',
      contentType: 'text/plain',
      messageExpiryInterval: '60',
      topicAlias: 3,
      userProperties: { text: 'a', number: 1, several: ['a', 'b'], nothing: null },
    };
    assert.deepEqual(toOutgoingMessage(message, sink(), 5).properties, {
      responseTopic: 'reply',
      correlationData: Buffer.from('c'),
      contentType: 'text/plain',
      messageExpiryInterval: 60,
      topicAlias: 3,
      userProperties: { text: 'a', number: '1', several: ['a', 'b'] },
    });
    assert.equal(toOutgoingMessage(message, sink(), 4).properties, undefined);
  });

  test('properties that MQTT cannot carry are left out', () => {
    const message = {
      payload: 'x',
      topic: 't',
      topicAlias: 0,
      messageExpiryInterval: -1,
      userProperties: {},
      contentType: 3,
    };
    assert.equal(toOutgoingMessage(message, sink(), 5).properties, undefined);
  });

  test('a message without a topic is refused, unless an alias stands for it', () => {
    assert.throws(() => toOutgoingMessage({ payload: 'x' }, sink(), 5), /The topic is empty/);
    assert.throws(() => toOutgoingMessage({ payload: 'x', topic: 'a/+' }, sink(), 5), /wildcard/);
    assert.throws(() => toOutgoingMessage({ payload: 'x', topicAlias: 1 }, sink(), 4), /The topic is empty/);
    assert.equal(toOutgoingMessage({ payload: 'x', topicAlias: 1 }, sink(), 5).topic, '');
  });
});
