/** Payloads between the bytes of MQTT and YoMo and JavaScript's values. */
import { isUtf8 } from 'node:buffer';
import { types } from 'node:util';

export const SOURCE_FORMATS = ['auto', 'utf8', 'buffer', 'json'] as const;
export const SINK_FORMATS = ['auto', 'utf8', 'json'] as const;

export type SourceFormat = (typeof SOURCE_FORMATS)[number];
export type SinkFormat = (typeof SINK_FORMATS)[number];

/** A payload that cannot be sent, or is not what was announced. Its code is part of the public contract. */
export class PayloadError extends Error {
  readonly code = 'payload';

  /**
   * @param message one sentence or two: what was wrong, what was expected, what to do
   */
  constructor(message: string) {
    super(message);
    this.name = 'PayloadError';
  }
}

/**
 * `auto` is text when the bytes are valid UTF-8, otherwise a Buffer; it never parses.
 * @throws PayloadError where `json` was asked for and the bytes are none
 */
export function decodePayload(bytes: Buffer, format: SourceFormat): unknown {
  switch (format) {
    case 'auto':
      return isUtf8(bytes) ? bytes.toString('utf8') : Buffer.from(bytes);
    case 'utf8':
      return bytes.toString('utf8');
    case 'buffer':
      return Buffer.from(bytes);
    case 'json':
      return parseJson(bytes);
  }
}

/**
 * `auto` sends bytes as they are, text, numbers, booleans and BigInt as text, objects as JSON; null is empty.
 * `utf8` is the same, except that bytes must be text; `json` makes JSON of everything.
 * @throws PayloadError where `value` cannot be sent
 */
export function encodePayload(value: unknown, format: SinkFormat): Buffer {
  if (value === undefined) {
    throw new PayloadError('msg.payload is undefined. Give it a value, or null for an empty message.');
  }
  if (format === 'json') return toJson(value);
  if (value === null) return Buffer.alloc(0);
  const bytes = asBytes(value);
  if (bytes !== undefined) {
    if (format === 'utf8' && !isUtf8(bytes)) {
      throw new PayloadError(
        'msg.payload holds bytes that are not UTF-8 text. Choose the format "auto" to send them as they are.',
      );
    }
    return bytes;
  }
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return Buffer.from(String(value), 'utf8');
    default:
      return toJson(value);
  }
}

function asBytes(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // those of a function node come from another realm, whose ArrayBuffer is another class
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  return undefined;
}

function toJson(value: unknown): Buffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    throw new PayloadError(`msg.payload cannot be written as JSON (${messageOf(error)}). Send what JSON can say.`);
  }
  if (text !== undefined) return Buffer.from(text, 'utf8');
  throw new PayloadError(`msg.payload is a ${typeof value}, which JSON cannot say. Send what JSON can say.`);
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw notJson('its bytes are not UTF-8 text');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw notJson(messageOf(error));
  }
}

function notJson(why: string): PayloadError {
  return new PayloadError(
    `The payload is not JSON (${why}). Have the sender correct it, or choose another format in the source.`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
