import { decodeMulti, Encoder } from '@msgpack/msgpack';
import { messageOf, YomoError } from './errors';
import { MAX_METADATA_ENTRIES } from './limits';

/** What goes along with a frame, such as `yomo-source-id`: names and values are texts. */
export type Metadata = ReadonlyMap<string, string>;

/** The client that a frame came from first. */
export const SOURCE_ID_KEY = 'yomo-source-id';

/** The trace: what a stream function makes of a frame has that of the frame, and a zipper's log names it. */
export const TRACE_ID_KEY = 'yomo-tid';

/** A zipper gives the frame only to stream functions of that wanted target. */
export const TARGET_KEY = 'yomo-target';

const NONE: Metadata = new Map();
const NOTHING = new Uint8Array(0);

/** The first byte of a map: up to 15 entries in the byte itself, or 16 or 32 bits of them behind it. */
const FIXED_MAP = 0x80;
const MAP_16 = 0xde;
const MAP_32 = 0xdf;

/** Nothing but text is expected, so that nothing else is made room for. */
const TEXT_ONLY = { maxArrayLength: 0, maxMapLength: 0, maxBinLength: 0, maxExtLength: 0 };

const encoder = new Encoder();

/**
 * The metadata of a data frame, a msgpack map of text to text. Of a name that comes twice the last value counts.
 *
 * Behind the head of such a map its names and values follow in turn. They are read one by one: as an object, a name like
 * `__proto__` would be more than a name.
 * @param bytes empty for none, as in a frame without the field
 * @throws YomoError `metadata` where it is anything else
 */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  if (bytes.length === 0) return NONE;
  const { count, start } = readMapHead(bytes);
  if (count > MAX_METADATA_ENTRIES) throw notMetadata(`it has more than ${String(MAX_METADATA_ENTRIES)} entries`);
  const texts = readTexts(bytes.subarray(start), 2 * count);
  const metadata = new Map<string, string>();
  for (let at = 0; at < texts.length; at += 2) metadata.set(texts[at] ?? '', texts[at + 1] ?? '');
  return metadata;
}

function readMapHead(bytes: Uint8Array): { readonly count: number; readonly start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  if ((first & 0xf0) === FIXED_MAP) return { count: first & 0x0f, start: 1 };
  if (first === MAP_16 && bytes.length >= 3) return { count: view.getUint16(1), start: 3 };
  if (first === MAP_32 && bytes.length >= 5) return { count: view.getUint32(1), start: 5 };
  throw notMetadata('it is no map');
}

function readTexts(bytes: Uint8Array, wanted: number): string[] {
  const texts: string[] = [];
  try {
    for (const value of decodeMulti(bytes, TEXT_ONLY)) {
      if (typeof value !== 'string') throw notMetadata('it holds something else than text');
      if (texts.push(value) > wanted) throw notMetadata('more follows behind its end');
    }
  } catch (error) {
    throw error instanceof YomoError ? error : notMetadata(messageOf(error));
  }
  if (texts.length < wanted) throw notMetadata('it is cut off');
  return texts;
}

function notMetadata(why: string): YomoError {
  return new YomoError('metadata', `The metadata of a frame is no msgpack map of text to text (${why}).`);
}

/**
 * In the map's order; nothing at all for an empty map, as YoMo's own clients write it.
 * @throws YomoError `metadata` where a name or a value is no text
 */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  if (metadata.size === 0) return NOTHING;
  if (metadata.size > MAX_METADATA_ENTRIES) {
    throw new YomoError('metadata', `Metadata has at most ${String(MAX_METADATA_ENTRIES)} entries. Send fewer.`);
  }
  const parts: Uint8Array[] = [mapHead(metadata.size)];
  for (const [name, value] of metadata as ReadonlyMap<unknown, unknown>) {
    if (typeof name !== 'string' || typeof value !== 'string') {
      throw new YomoError('metadata', 'The names and values of metadata are texts. Turn other values into text first.');
    }
    parts.push(encoder.encode(name), encoder.encode(value));
  }
  return Buffer.concat(parts);
}

function mapHead(count: number): Uint8Array {
  return count < 16 ? Uint8Array.of(FIXED_MAP | count) : Uint8Array.of(MAP_16, count >> 8, count & 0xff);
}
