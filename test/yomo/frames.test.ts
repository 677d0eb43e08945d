/** The frames of YoMo's own encoder, both ways. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeFrame, encodeFrame, type Frame } from '#dist/yomo/frames';
import { decodeMetadata } from '#dist/yomo/metadata';
import { bytesOf, hexOf, vectors } from './vectors';

const nothing = new Uint8Array(0);

type Known = Exclude<Frame, { readonly type: 'unknown' }>;

const source: Known = {
  type: 'handshake',
  name: 'src',
  clientId: 'id-0',
  clientType: 0x5f,
  observed: [],
  authName: '',
  authPayload: '',
  version: '2024-01-03',
  target: '',
};
const streamFunction: Known = {
  ...source,
  name: 'sfn',
  clientType: 0x5d,
  observed: [0x33, 0x1234],
  authName: 'token',
  authPayload: 's3cret',
  target: 't1',
};

/** What the frames of one kind each are, in the order of the file. */
const wholeFrames: Readonly<Record<string, readonly Known[]>> = {
  HandshakeFrame: [source, streamFunction],
  HandshakeAckFrame: [{ type: 'handshake-ack' }],
  RejectedFrame: [{ type: 'rejected', message: 'no' }],
  GoawayFrame: [{ type: 'goaway', message: 'bye' }],
  ConnectToFrame: [{ type: 'connect-to', endpoint: '127.0.0.1:9002' }],
};

function dataFrame(tag: number, payload: Buffer): Known {
  return { type: 'data', tag, payload, metadata: nothing };
}

/** Views of memory of different sizes are the same where their bytes are. */
function plain(frame: Frame): object {
  if (frame.type !== 'data') return frame;
  return { ...frame, payload: hexOf(frame.payload), metadata: hexOf(frame.metadata) };
}

describe('frames as YoMo writes them', () => {
  const seen = new Map<string, number>();
  for (const { Kind: kind, Tag: tag, PayLen: size, Hex: hex, Len: length } of vectors) {
    if (kind === 'meta') continue;
    const number = seen.get(kind) ?? 0;
    seen.set(kind, number + 1);
    const payload = kind === 'data' ? Buffer.from('yomo') : Buffer.alloc(size, 'a');
    const frame = wholeFrames[kind]?.[number] ?? dataFrame(tag, payload);
    test(`${kind}, tag ${String(tag)}, ${String(length)} bytes: the same bytes, and back`, () => {
      const bytes = encodeFrame(frame);
      assert.equal(bytes.length, length);
      assert.equal(hexOf(bytes.subarray(0, hex.length / 2)), hex);
      assert.deepEqual(plain(decodeFrame(bytes)), plain(frame));
    });
  }

  test('each kind of frame is there', () => {
    for (const [kind, frames] of Object.entries(wholeFrames)) assert.equal(seen.get(kind), frames.length);
    assert.ok(vectors.length === 39);
  });

  test('one of a running source is read with its metadata', () => {
    const frame = decodeFrame(
      bytesOf(
        'bf805401013303804582ae796f6d6f2d736f757263652d6964b54c5f325a6e4c48524a4c614a4969742d44634e3332a8796f6d6f2d746964b56a6d48794a617737757572684f4267615432384150020768656c6c6f2030',
      ),
    );
    assert.ok(frame.type === 'data');
    assert.deepEqual([frame.tag, String(frame.payload)], [0x33, 'hello 0']);
    assert.deepEqual(
      [...decodeMetadata(frame.metadata)],
      [
        ['yomo-source-id', 'L_2ZnLHRJLaJIit-DcN32'],
        ['yomo-tid', 'jmHyJaw7uurhOBgaT28AP'],
      ],
    );
  });
});

describe('frames that others may write', () => {
  test('fields come in any order, unknown ones are skipped, missing ones are empty', () => {
    const frame = decodeFrame(bytesOf('bf0d 0204796f6d6f 3b0203ff 010133'));
    assert.deepEqual(plain(frame), { type: 'data', tag: 0x33, payload: hexOf(Buffer.from('yomo')), metadata: '' });
    assert.deepEqual(plain(decodeFrame(bytesOf('bf00'))), { type: 'data', tag: 0, payload: '', metadata: '' });
    assert.deepEqual(decodeFrame(bytesOf('b900')), { type: 'rejected', message: '' });
  });

  test('a type that is not known is none of ours, and no fault', () => {
    assert.deepEqual(decodeFrame(bytesOf('8103010100')), { type: 'unknown', id: 1 });
  });

  test('what is no frame is refused with the reason', () => {
    for (const [hex, message] of [
      ['', /length/],
      ['bf05', /length/],
      ['3f00', /no packet of packets/],
      ['bf03010333', /cut off/],
      ['b1050603330000', /observed tags/],
    ] as const) {
      assert.throws(() => decodeFrame(bytesOf(hex)), { name: 'YomoError', code: 'frame', message });
    }
  });
});
