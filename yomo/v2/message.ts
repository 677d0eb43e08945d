/** Requests as Node-RED messages, and messages as calls. */
import { decodePayload, encodePayload, type SinkFormat, type SourceFormat } from '../../payload/format';
import { YomoError } from '../errors';
import { metadataOf, type LeaveOut } from '../message';
import type { ToolCall } from './client';
import type { RequestHead } from './heads';
import type { ToolRequest } from './request';

/** What a sink adds to a message. */
export interface CallSettings {
  /** Blank: `msg.target`. */
  readonly target: string;
  readonly format: SinkFormat;
}

/**
 * The properties of a flow's message; each call gives values of its own.
 * @throws PayloadError where the body is not what the format says
 */
export function toFlowMessage({ head, body }: ToolRequest, format: SourceFormat): Record<string, unknown> {
  return { payload: decodePayload(body, format), metadata: metadataFrom(head) };
}

/** The same with the body as it came. */
export function toRawMessage({ head, body }: ToolRequest): Record<string, unknown> {
  return { payload: Buffer.from(body), metadata: metadataFrom(head) };
}

/** What a call takes of `msg.metadata`; all else there is no concern of it. */
const CALL_METADATA: ReadonlySet<string | undefined> = new Set(['trace_id', 'span_id', 'extension', undefined]);

/** @throws YomoError `tool` where no target is given, PayloadError where the payload cannot be written */
export function toCall(
  message: Readonly<Record<string, unknown>>,
  settings: CallSettings,
  leaveOut?: LeaveOut,
): ToolCall {
  const target = settings.target === '' ? message.target : settings.target;
  if (typeof target !== 'string' || target === '') {
    throw new YomoError(
      'tool',
      'No target is given. Set the name of the tool to call in the node, or as a text in msg.target.',
    );
  }
  const metadata = metadataOf(message.metadata, (name) => {
    if (CALL_METADATA.has(name)) leaveOut?.(name);
  });
  return {
    target,
    body: encodePayload(message.payload, settings.format),
    traceId: metadata.get('trace_id') ?? '',
    spanId: metadata.get('span_id') ?? '',
    extension: metadata.get('extension') ?? '',
  };
}

function metadataFrom({ name, traceId, spanId, extension }: RequestHead): Record<string, string> {
  return { name, trace_id: traceId, span_id: spanId, extension };
}
