/** The frames of protocol v1 (specification 2024-01-03): each a Y3 packet of packets, its id the frame's type. */
import { YomoError } from './errors';
import {
  decodeString,
  decodeUint32,
  encodeNode,
  encodePacket,
  encodeString,
  encodeUint32,
  readHead,
  readPackets,
} from './y3';

export const CLIENT_TYPES = { source: 0x5f, zipper: 0x5e, function: 0x5d } as const;

export interface Handshake {
  readonly type: 'handshake';
  readonly name: string;
  /** Another one for each connection. */
  readonly clientId: string;
  /** One of CLIENT_TYPES, or what a newer peer has. */
  readonly clientType: number;
  readonly observed: readonly number[];
  /** `token`, or empty. */
  readonly authName: string;
  readonly authPayload: string;
  readonly version: string;
  readonly target: string;
}

export interface DataFrame {
  readonly type: 'data';
  readonly tag: number;
  /** See `metadata.ts`; may be empty. */
  readonly metadata: Uint8Array;
  readonly payload: Uint8Array;
}

export type Frame =
  | Handshake
  | DataFrame
  | { readonly type: 'handshake-ack' }
  | { readonly type: 'rejected'; readonly message: string }
  | { readonly type: 'goaway'; readonly message: string }
  /** `endpoint` as `host:port`. */
  | { readonly type: 'connect-to'; readonly endpoint: string }
  /** Of a type this protocol does not have. */
  | { readonly type: 'unknown'; readonly id: number };

const IDS = {
  handshake: 0x31,
  'handshake-ack': 0x29,
  data: 0x3f,
  rejected: 0x39,
  goaway: 0x2e,
  'connect-to': 0x3e,
} as const;

const NOTHING = new Uint8Array(0);

/** The whole frame, ready to be written. */
export function encodeFrame(frame: Exclude<Frame, { readonly type: 'unknown' }>): Uint8Array {
  return encodeNode(IDS[frame.type], fieldsOf(frame));
}

/** In the order in which YoMo's own clients write them. */
function fieldsOf(frame: Exclude<Frame, { readonly type: 'unknown' }>): Uint8Array[] {
  switch (frame.type) {
    case 'handshake':
      return [
        encodePacket(1, encodeString(frame.name)),
        encodePacket(3, encodeString(frame.clientId)),
        encodePacket(2, Uint8Array.of(frame.clientType)),
        encodePacket(6, encodeTags(frame.observed)),
        encodePacket(4, encodeString(frame.authName)),
        encodePacket(5, encodeString(frame.authPayload)),
        encodePacket(7, encodeString(frame.version)),
        // The definition of a function that a language model may call: such are not offered here.
        encodePacket(9, NOTHING),
        encodePacket(8, encodeString(frame.target)),
      ];
    case 'data':
      return [
        encodePacket(1, encodeUint32(frame.tag)),
        encodePacket(3, frame.metadata),
        encodePacket(2, frame.payload),
      ];
    case 'handshake-ack':
      return [];
    case 'rejected':
    case 'goaway':
      return [encodePacket(1, encodeString(frame.message))];
    case 'connect-to':
      return [encodePacket(1, encodeString(frame.endpoint))];
  }
}

/**
 * Fields in any order; those that are not known are skipped, one that is missing is empty, the last of several counts.
 * @param bytes one whole frame; payload and metadata of what is returned are views of it
 * @throws YomoError `frame`
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const head = readHead(bytes);
  if (head === undefined || head.start + head.length !== bytes.length) {
    throw new YomoError('frame', 'A frame has another length than it says.');
  }
  const id = head.tag & 0x3f;
  if ((head.tag & 0x80) === 0) throw new YomoError('frame', 'A frame is no packet of packets. It is no YoMo.');
  return frameOf(id, new Fields(bytes.subarray(head.start)));
}

function frameOf(id: number, fields: Fields): Frame {
  switch (id) {
    case IDS.handshake:
      return handshakeOf(fields);
    case IDS.data:
      return { type: 'data', tag: decodeUint32(fields.bytes(1)), metadata: fields.bytes(3), payload: fields.bytes(2) };
    case IDS['handshake-ack']:
      return { type: 'handshake-ack' };
    case IDS.rejected:
      return { type: 'rejected', message: fields.text(1) };
    case IDS.goaway:
      return { type: 'goaway', message: fields.text(1) };
    case IDS['connect-to']:
      return { type: 'connect-to', endpoint: fields.text(1) };
    default:
      return { type: 'unknown', id };
  }
}

function handshakeOf(fields: Fields): Handshake {
  return {
    type: 'handshake',
    name: fields.text(1),
    clientId: fields.text(3),
    clientType: fields.bytes(2)[0] ?? 0,
    observed: decodeTags(fields.bytes(6)),
    authName: fields.text(4),
    authPayload: fields.text(5),
    version: fields.text(7),
    target: fields.text(8),
  };
}

class Fields {
  readonly #values = new Map<number, Uint8Array>();

  constructor(bytes: Uint8Array) {
    for (const { id, value } of readPackets(bytes)) this.#values.set(id, value);
  }

  bytes(id: number): Uint8Array {
    return this.#values.get(id) ?? NOTHING;
  }

  text(id: number): string {
    return decodeString(this.bytes(id));
  }
}

/** Observed tags, and they alone, are little-endian numbers of four bytes. */
function encodeTags(tags: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * tags.length);
  tags.forEach((tag, index) => bytes.writeUInt32LE(tag, 4 * index));
  return bytes;
}

function decodeTags(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0) throw new YomoError('frame', 'The observed tags of a handshake are cut off.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}
