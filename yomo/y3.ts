/**
 * Y3, YoMo's encoding: packets of `tag | length | value`, where the value is bytes or packets again. The tag's low six
 * bits are an id, bit 7 says that the value is packets, bit 6 that it is one of a list.
 *
 * All functions that read throw a YomoError `frame` where the bytes are not what they should be.
 */
import { YomoError } from './errors';
import { MAX_FRAME_FIELDS, MAX_PACKET_LENGTH } from './limits';

const NODE = 0x80;
const SLICE = 0x40;
const ID = 0x3f;

/** Bytes a number of 32 and of 64 bits takes at most, seven bits each. */
const LONGEST_VARINT_32 = 5;
const LONGEST_VARINT_64 = 10;

export interface Packet {
  /** 0–63. */
  readonly id: number;
  /** Whether the value is packets. */
  readonly isNode: boolean;
  readonly isSlice: boolean;
  /** A view of the bytes it was read from. */
  readonly value: Uint8Array;
}

/** The tag and the length of a packet, and where its value begins. */
export interface PacketHead {
  readonly tag: number;
  readonly length: number;
  readonly start: number;
}

/** The packets that stand side by side in a value, up to its end. */
export function readPackets(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes, at);
    const end = head === undefined ? Infinity : head.start + head.length;
    if (head === undefined || end > bytes.length) {
      throw new YomoError('frame', 'A packet is longer than what it lies in. It was cut off, or is no Y3.');
    }
    if (packets.length === MAX_FRAME_FIELDS) {
      throw new YomoError('frame', `More than ${String(MAX_FRAME_FIELDS)} packets lie side by side.`);
    }
    packets.push({
      id: head.tag & ID,
      isNode: (head.tag & NODE) !== 0,
      isSlice: (head.tag & SLICE) !== 0,
      value: bytes.subarray(head.start, end),
    });
    at = end;
  }
  return packets;
}

/** @returns undefined while there are too few bytes to tell */
export function readHead(bytes: Uint8Array, at = 0, end = bytes.length): PacketHead | undefined {
  const tag = bytes[at];
  if (tag === undefined || at >= end) return undefined;
  let length = 0;
  for (let index = at + 1; ; index += 1) {
    if (index - at > LONGEST_VARINT_32) {
      throw new YomoError('frame', 'The length of a packet takes more than five bytes. It is no Y3.');
    }
    const byte = bytes[index];
    if (byte === undefined || index >= end) return undefined;
    if (index === at + 1 && (byte & 0x40) !== 0) throw new YomoError('frame', 'The length of a packet is negative.');
    length = length * 0x80 + (byte & 0x7f);
    if (length > MAX_PACKET_LENGTH) {
      throw new YomoError('frame', 'The length of a packet does not fit into 32 bits. It is no Y3.');
    }
    if (byte < 0x80) return { tag, length, start: index + 1 };
  }
}

/** A packet whose value is bytes. */
export function encodePacket(id: number, value: Uint8Array): Uint8Array {
  return join([headOf(id, value.length), value]);
}

/** A packet whose value is packets. @param packets encoded ones */
export function encodeNode(id: number, packets: readonly Uint8Array[]): Uint8Array {
  const length = packets.reduce((sum, packet) => sum + packet.length, 0);
  return join([headOf(id | NODE, length), ...packets]);
}

function headOf(tag: number, length: number): Uint8Array {
  if (length > MAX_PACKET_LENGTH) {
    throw new YomoError('payload', 'A packet of YoMo has less than 2 GiB. Send less at once.');
  }
  return join([Uint8Array.of(tag), encodeVarint32(length)]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** PVarInt: big-endian groups of seven bits in two's complement, bit 7 where more follows. @param value 32 bits, signed */
export function encodeVarint32(value: number): Uint8Array {
  const groups: number[] = [];
  for (let rest = value | 0; ;) {
    const group = rest & 0x7f;
    groups.unshift(groups.length === 0 ? group : group | 0x80);
    rest >>= 7;
    // The highest bit of the first group is the sign.
    if (rest === ((group & 0x40) === 0 ? 0 : -1)) return Uint8Array.from(groups);
  }
}

/** @returns 32 bits, signed */
export function decodeVarint32(bytes: Uint8Array): number {
  return Number(decodeVarint(bytes, LONGEST_VARINT_32, 32));
}

/** @param value 64 bits, signed */
export function encodeVarint64(value: bigint): Uint8Array {
  const groups: number[] = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const group = Number(rest & 0x7fn);
    groups.unshift(groups.length === 0 ? group : group | 0x80);
    rest >>= 7n;
    if (rest === ((group & 0x40) === 0 ? 0n : -1n)) return Uint8Array.from(groups);
  }
}

/** @returns 64 bits, signed */
export function decodeVarint64(bytes: Uint8Array): bigint {
  return decodeVarint(bytes, LONGEST_VARINT_64, 64);
}

function decodeVarint(bytes: Uint8Array, longest: number, bits: number): bigint {
  const isWhole = bytes.every((byte, index) => byte >= 0x80 === index < bytes.length - 1);
  if (!isWhole || bytes.length > longest) {
    throw new YomoError('frame', `A variable-length number of ${String(bits)} bits is cut off or too long.`);
  }
  if (bytes.length === 0) return 0n;
  let value = 0n;
  for (const byte of bytes) value = (value << 7n) | BigInt(byte & 0x7f);
  const signed = BigInt.asIntN(7 * bytes.length, value);
  if (BigInt.asIntN(bits, signed) !== signed) {
    throw new YomoError('frame', `A variable-length number does not fit into ${String(bits)} bits.`);
  }
  return signed;
}

/** NVar: the shortest big-endian two's complement of the same 32 bits with a sign. @param value 32 bits, unsigned */
export function encodeUint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  let start = 0;
  const sign = value >= 2 ** 31 ? 0xff : 0x00;
  // A leading byte says nothing where the next one has the same sign.
  while (start < 3 && bytes[start] === sign && ((bytes[start + 1] ?? 0) ^ sign) < 0x80) start += 1;
  return bytes.subarray(start);
}

/** @returns 32 bits, unsigned; 0 of no bytes */
export function decodeUint32(bytes: Uint8Array): number {
  if (bytes.length > 4) throw new YomoError('frame', 'A number of 32 bits has more than four bytes.');
  let value = (bytes[0] ?? 0) >= 0x80 ? -1 : 0;
  for (const byte of bytes) value = (value << 8) | byte;
  return value >>> 0;
}

/** Big-endian IEEE 754 without the zero bytes at its end, of which one byte remains. */
export function encodeFloat32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return withoutTrailingZeros(bytes);
}

/** Bytes that are missing are zero; so the four of a float32 read as a float64 are its upper half, another number. */
export function decodeFloat32(bytes: Uint8Array): number {
  return filledUp(bytes, 4).readFloatBE();
}

export function encodeFloat64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return withoutTrailingZeros(bytes);
}

export function decodeFloat64(bytes: Uint8Array): number {
  return filledUp(bytes, 8).readDoubleBE();
}

function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 1 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}

function filledUp(bytes: Uint8Array, length: number): Buffer {
  if (bytes.length > length) {
    throw new YomoError('frame', `A floating-point number of ${String(length)} bytes has more of them.`);
  }
  const filled = Buffer.alloc(length);
  filled.set(bytes);
  return filled;
}

/** UTF-8. */
export function encodeString(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** What is no UTF-8 becomes U+FFFD: a text from elsewhere ends up in a log or an editor, and is better read in part. */
export function decodeString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
