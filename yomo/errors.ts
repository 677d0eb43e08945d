/**
 * The error family of the YoMo nodes. The codes are part of the public contract (`msg.error.code`): QUIC that cannot be
 * had, settings that cannot be used, a zipper that is not reached, a client that it does not take, too many frames that
 * wait, a tag, payload or metadata that cannot be sent, bytes that are no frame, a tool that does not answer as it should, a
 * node that closes.
 */
export type YomoErrorCode =
  | 'transport'
  | 'configuration'
  | 'zipper'
  | 'rejected'
  | 'buffer'
  | 'tag'
  | 'payload'
  | 'metadata'
  | 'frame'
  | 'tool'
  | 'closed';

/** What an error was about; plain data, for `msg.error.cause`. */
export interface YomoErrorContext {
  /** The zipper's address, as `127.0.0.1:9000`. */
  readonly zipper?: string;
  readonly tag?: number;
  /** The name of the tool that was called. */
  readonly target?: string;
  /** What the tool answered with, as in HTTP. */
  readonly status?: number;
  /** The zipper's or the network's own words. */
  readonly reason?: string;
}

export class YomoError extends Error {
  readonly code: YomoErrorCode;
  override readonly cause: YomoErrorContext;

  /**
   * @param message one sentence or two: what was wrong, what was expected, what to do
   */
  constructor(code: YomoErrorCode, message: string, context: YomoErrorContext = {}) {
    super(message);
    this.name = 'YomoError';
    this.code = code;
    this.cause = context;
  }

  /** The same error with more context; what is already known stays. */
  in(context: YomoErrorContext): YomoError {
    const error = new YomoError(this.code, this.message, { ...context, ...this.cause });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }
}

/** The words of whatever was thrown, without the name of its class before them. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
