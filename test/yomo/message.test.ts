import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toCall } from '#dist/yomo/v2/message';
import { metadataOf, toFlowMessage, toFrame, toOutput, toRawMessage } from '#dist/yomo/message';
import { parseTag, tagText } from '#dist/yomo/tag';

describe('tags as they are written', () => {
  for (const [written, tag] of [
    [0, 0],
    ['51', 51],
    [' 0x33 ', 0x33],
    ['0XeFfF', 0xefff],
    [0x10000, 0x10000],
    ['4294967295', 0xffffffff],
    [0xf000, undefined],
    ['0xFFFF', undefined],
    [2 ** 32, undefined],
    [-1, undefined],
    [1.5, undefined],
    ['1e3', undefined],
    ['0x', undefined],
    ['', undefined],
    [null, undefined],
    [[51], undefined],
  ] as const) {
    test(`${JSON.stringify(written)} is ${tag === undefined ? 'none' : tagText(tag)}`, () => {
      assert.equal(parseTag(written), tag);
    });
  }
});

describe('messages of a flow', () => {
  const frame = {
    tag: 0x33,
    payload: Buffer.from('{"a":1}'),
    metadata: new Map([['__proto__', 'a name like others']]),
  };

  test('have values of their own, and metadata that is a plain object whatever its names are', () => {
    const message = toFlowMessage(frame, 'buffer');
    (message.payload as Buffer).fill(0);
    assert.deepEqual(toFlowMessage(frame, 'json').payload, { a: 1 });
    const { metadata } = message as { metadata: object };
    assert.deepEqual(Object.entries(metadata), [['__proto__', 'a name like others']]);
    assert.equal(Object.getPrototypeOf(metadata), Object.prototype);
    assert.deepEqual(toRawMessage(frame).payload, frame.payload);
  });

  test('come back as the same frame', () => {
    const settings = { tag: undefined, target: '', format: 'auto' } as const;
    const { tag, payload, metadata } = toFrame(toFlowMessage(frame, 'auto'), settings);
    assert.deepEqual([tag, Buffer.from(payload), [...metadata]], [frame.tag, frame.payload, [...frame.metadata]]);
  });

  test('have a target that the node names before them, and one that is no text is an error', () => {
    const target = (own: string, message: object): string | undefined =>
      toFrame({ payload: '', tag: 1, ...message }, { tag: undefined, target: own, format: 'auto' }).metadata.get(
        'yomo-target',
      );
    assert.equal(target('node', { target: 'message' }), 'node');
    assert.equal(target('', { target: 'message' }), 'message');
    assert.equal(target('node', { target: 7 }), 'node');
    for (const none of [undefined, null, '']) assert.equal(target('', { target: none }), undefined);
    for (const other of [5, {}, ['message'], false]) {
      assert.throws(() => target('', { target: other }), { code: 'metadata', message: /^msg\.target is no text, / });
    }
    assert.equal(target('', { metadata: { 'yomo-target': 'came with it' } }), 'came with it');
  });

  test('have the metadata of the frame they came with as output of a stream function, but not its target', () => {
    const message = { payload: '', tag: 1, metadata: { 'yomo-target': 'came with it', 'yomo-tid': 'trace' } };
    const written = (own: string, changes = {}) =>
      Object.fromEntries(
        toOutput({ ...message, ...changes }, { tag: undefined, target: own, format: 'auto' }).metadata,
      );
    assert.deepEqual(written(''), { 'yomo-tid': 'trace' });
    assert.deepEqual(written('node'), { 'yomo-tid': 'trace', 'yomo-target': 'node' });
    assert.deepEqual(written('', { target: 'message' }), { 'yomo-tid': 'trace', 'yomo-target': 'message' });
  });

  /** What is written of a message's metadata, and what is told as left out. */
  const written = (value: unknown): [Record<string, string>, (string | undefined)[]] => {
    const left: (string | undefined)[] = [];
    return [Object.fromEntries(metadataOf(value, (name) => left.push(name))), left];
  };

  test('have metadata of texts; numbers and booleans go along as their text, and what else there is is told by its name', () => {
    for (const none of [undefined, null, {}]) assert.deepEqual(written(none), [{}, []]);
    const mixed = { text: 'a', number: 1.5, big: 7n, boolean: false, none: null, list: ['b'], object: {} };
    assert.deepEqual(written(mixed), [
      { text: 'a', number: '1.5', big: '7', boolean: 'false' },
      ['none', 'list', 'object'],
    ]);
    for (const other of ['text', 7, ['a']]) assert.deepEqual(written(other), [{}, [undefined]]);
  });

  test('that call a tool take three entries of the metadata, and tell of those only', () => {
    const left: (string | undefined)[] = [];
    const metadata = { trace_id: 12, span_id: null, extension: 'e', other: {} };
    const call = toCall({ payload: 'x', target: 'tool', metadata }, { target: '', format: 'auto' }, (name) =>
      left.push(name),
    );
    assert.deepEqual([call.traceId, call.spanId, call.extension, left], ['12', '', 'e', ['span_id']]);
  });
});
