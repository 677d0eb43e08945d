/** What goes before a body in protocol v2, as JSON: a registration and its reply, a request and its reply. */
import { messageOf, YomoError } from '../errors';

/** `null`: no body follows; `bytes`: one frame; `chunk`: frames until the stream ends. */
export const BODY_FORMATS = ['null', 'bytes', 'chunk'] as const;
export type BodyFormat = (typeof BODY_FORMATS)[number];

export interface RequestHead {
  /** Of the tool. */
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly bodyFormat: BodyFormat;
  /** Whatever caller and tool agree on. */
  readonly extension: string;
}

export interface ReplyHead {
  /** As in HTTP; 200 where all is well. */
  readonly status: number;
  /** Blank where all is well. */
  readonly error: string;
  readonly bodyFormat: BodyFormat;
  readonly extension: string;
}

export function encodeRegistration(name: string, credential: string): Buffer {
  return toJson({ name, credential, json_schema: null });
}

export function encodeRequestHead({ name, traceId, spanId, bodyFormat, extension }: RequestHead): Buffer {
  return toJson({ name, trace_id: traceId, span_id: spanId, body_format: bodyFormat, extension });
}

export function encodeReplyHead({ status, error, bodyFormat, extension }: ReplyHead): Buffer {
  return toJson({ status_code: status, error_msg: error, body_format: bodyFormat, extension });
}

/** @throws YomoError `frame` where it is none */
export function parseRequestHead(bytes: Buffer): RequestHead {
  const fields = parseObject(bytes);
  return {
    name: textOf(fields, 'name'),
    traceId: textOf(fields, 'trace_id'),
    spanId: textOf(fields, 'span_id'),
    bodyFormat: formatOf(fields),
    extension: textOf(fields, 'extension'),
  };
}

/** The reply to a request or, without a body, to a registration. @throws YomoError `frame` where it is none */
export function parseReplyHead(bytes: Buffer): ReplyHead {
  const fields = parseObject(bytes);
  const { status_code: status } = fields;
  if (typeof status !== 'number' || !Number.isInteger(status)) throw notHead('status_code is no whole number');
  return {
    status,
    error: textOf(fields, 'error_msg'),
    bodyFormat: formatOf(fields),
    extension: textOf(fields, 'extension'),
  };
}

function toJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw notHead(messageOf(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notHead('it is no object');
  return value as Record<string, unknown>;
}

/** What is missing is blank. */
function textOf(fields: Readonly<Record<string, unknown>>, key: string): string {
  const value = Object.hasOwn(fields, key) ? fields[key] : '';
  if (typeof value !== 'string') throw notHead(`${key} is no text`);
  return value;
}

function formatOf(fields: Readonly<Record<string, unknown>>): BodyFormat {
  const format = textOf(fields, 'body_format');
  if (format === '') return 'null';
  const known = BODY_FORMATS.find((each) => each === format);
  if (known === undefined) throw notHead(`body_format is none of ${BODY_FORMATS.join(', ')}`);
  return known;
}

function notHead(why: string): YomoError {
  return new YomoError('frame', `What came is not YoMo's protocol v2: ${why}. Check that a zipper of YoMo 2 is there.`);
}
