/** Frames as Node-RED messages and back. */
import { decodePayload, encodePayload, type SinkFormat, type SourceFormat } from '../payload/format';
import type { Metadata, YomoFrame } from './client';
import { YomoError } from './errors';
import { TARGET_KEY } from './metadata';
import { reasonText } from './reason';
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

/** Told of an entry of `msg.metadata` that cannot be written, or of the whole where it is no object. */
export type LeaveOut = (name: string | undefined) => void;

/**
 * What a sink writes: its settings first, then the message's own properties.
 * @throws YomoError `tag`, `metadata`, PayloadError where the message cannot be written
 */
export function toFrame(
  message: Readonly<Record<string, unknown>>,
  settings: SinkSettings,
  leaveOut?: LeaveOut,
): YomoFrame {
  return frameWith(metadataOf(message.metadata, leaveOut), message, settings);
}

/**
 * The same for the output of a stream function: a frame that came for one target may have results for everybody. So its
 * target is left out, as YoMo's own functions do, unless the settings or `msg.target` name one.
 */
export function toOutput(
  message: Readonly<Record<string, unknown>>,
  settings: SinkSettings,
  leaveOut?: LeaveOut,
): YomoFrame {
  const metadata = metadataOf(message.metadata, leaveOut);
  metadata.delete(TARGET_KEY);
  return frameWith(metadata, message, settings);
}

function frameWith(
  metadata: Map<string, string>,
  message: Readonly<Record<string, unknown>>,
  settings: SinkSettings,
): YomoFrame {
  const tag = settings.tag ?? tagOf(message.tag);
  const target = settings.target === '' ? targetOf(message.target) : settings.target;
  if (target !== '') metadata.set(TARGET_KEY, target);
  return { tag, payload: encodePayload(message.payload, settings.format), metadata };
}

/** Texts as they are, numbers and booleans as their text; what else there is, is left out. */
export function metadataOf(value: unknown, leaveOut: LeaveOut = () => undefined): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined || value === null) return metadata;
  if (typeof value !== 'object' || Array.isArray(value)) {
    leaveOut(undefined);
    return metadata;
  }
  for (const [name, entry] of Object.entries(value)) {
    if (isTextual(entry)) metadata.set(name, String(entry));
    else leaveOut(name);
  }
  return metadata;
}

function isTextual(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

function frameProperties(tag: number, metadata: Metadata): { tag: number; metadata: Record<string, string> } {
  return { tag, metadata: Object.fromEntries(metadata) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @returns blank for none */
function targetOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new YomoError(
    'metadata',
    'msg.target is no text, and without it the frame would go to everybody. Make it a text, or delete it before this node.',
  );
}

function tagOf(value: unknown): number {
  if (value === undefined || value === null || value === '') {
    throw new YomoError('tag', 'No tag is given. Set one in the node, or in msg.tag.');
  }
  const tag = parseTag(value);
  if (tag !== undefined) return tag;
  throw new YomoError(
    'tag',
    `msg.tag is ${shown(value)}, which cannot be written: expected a whole number from 0 to 4294967295, such as 51 or "0x33", without 0xF000 to 0xFFFF. Set another one.`,
  );
}

/** For a sentence: short, and on one line. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `"${reasonText(value.slice(0, 40))}"`;
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
