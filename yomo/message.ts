/** Frames as Node-RED messages and back. */
import { decodePayload, encodePayload, type SinkFormat, type SourceFormat } from '../payload/format';
import type { Metadata, YomoFrame } from './client';
import { YomoError } from './errors';
import { TARGET_KEY } from './metadata';
import { parseTag } from './tag';

/** What a sink adds to a message. */
export interface SinkSettings {
  /** Undefined: `msg.tag`. */
  readonly tag: number | undefined;
  /** Blank: `msg.target`, if any. */
  readonly target: string;
  readonly format: SinkFormat;
}

/** The properties of a flow's message; each call gives values of its own. */
export function toFlowMessage({ tag, payload, metadata }: YomoFrame, format: SourceFormat): Record<string, unknown> {
  return { ...frameProperties(tag, metadata), payload: decodePayload(asBuffer(payload), format) };
}

/** The same with the payload as it came, for a frame that is not what the format says. */
export function toRawMessage({ tag, payload, metadata }: YomoFrame): Record<string, unknown> {
  return { ...frameProperties(tag, metadata), payload: Buffer.from(payload) };
}

/**
 * What a sink writes: its settings first, then the message's own properties. Metadata that is no object of texts is
 * left out; `metadataOf` tells.
 * @throws YomoError `tag`, PayloadError where the message cannot be written
 */
export function toFrame(message: Readonly<Record<string, unknown>>, settings: SinkSettings): YomoFrame {
  return frameWith(new Map(metadataOf(message.metadata)), message, settings);
}

/**
 * The same for the output of a stream function: a frame that came for one target may have results for everybody. So its
 * target is left out, as YoMo's own functions do, unless the settings or `msg.target` name one.
 */
export function toOutput(message: Readonly<Record<string, unknown>>, settings: SinkSettings): YomoFrame {
  const metadata = new Map(metadataOf(message.metadata));
  metadata.delete(TARGET_KEY);
  return frameWith(metadata, message, settings);
}

function frameWith(
  metadata: Map<string, string>,
  message: Readonly<Record<string, unknown>>,
  settings: SinkSettings,
): YomoFrame {
  const tag = settings.tag ?? tagOf(message.tag);
  const target = settings.target === '' ? message.target : settings.target;
  if (typeof target === 'string' && target !== '') metadata.set(TARGET_KEY, target);
  return { tag, payload: encodePayload(message.payload, settings.format), metadata };
}

/** @returns undefined where it is there and no object of texts */
export function metadataOf(value: unknown): Metadata | undefined {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? new Map(entries)
    : undefined;
}

function frameProperties(tag: number, metadata: Metadata): { tag: number; metadata: Record<string, string> } {
  return { tag, metadata: Object.fromEntries(metadata) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tagOf(value: unknown): number {
  if (value === undefined || value === null || value === '') {
    throw new YomoError('tag', 'No tag is given. Set one in the node, or in msg.tag.');
  }
  const tag = parseTag(value);
  if (tag !== undefined) return tag;
  throw new YomoError(
    'tag',
    'msg.tag is no tag that can be written: expected a whole number from 0, such as 51 or "0x33", without 0xF000 to 0xFFFF. Set another one.',
  );
}
