/** How an endpoint takes a request and answers it. */
import type { Request, RequestHandler, Response } from 'express';
import { WasmFunctionError, type ErrorCode } from '../../host/errors';
import { MIB } from '../../host/limits';
import { SavedValueError } from '../saved-value';

/** @param signal aborts where the connection ends before the answer is sent */
export type Handler = (request: Request, signal: AbortSignal) => Promise<unknown>;

/**
 * What a request was refused for, where its sender may want to know: another file has the name (`taken`), one is being
 * stored under it (`storing`), a folder has it (`folder`), or there is no user directory to store it in (`no-folder`).
 */
export type RequestCode = 'request' | 'taken' | 'storing' | 'folder' | 'no-folder';

/** An answer in place of a result, with the HTTP status that says so. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: RequestCode = 'request',
  ) {
    super(message);
  }
}

/** After a refusal, what is still coming is thrown away for a while: a client reads the answer when it has sent all. */
const DISCARDED = { bytes: 64 * MIB, milliseconds: 2000 };

/**
 * Answers with what the handler gives, as JSON. Refusals are `{error: {code, message}}`.
 * @param log gets what should not have happened
 */
export function endpoint(handler: Handler, log: (text: string) => void): RequestHandler {
  return (request, response) => {
    const ended = new AbortController();
    // the connection may have ended while the permission was looked up
    if (response.destroyed) ended.abort();
    response.once('close', () => ended.abort());
    handler(request, ended.signal)
      .then((result) => {
        if (!response.destroyed) response.json(result);
      })
      // also where the result is no JSON
      .catch((error: unknown) => {
        if (!isExpected(error) && !ended.signal.aborted)
          log(`A request of the editor failed by a fault of this package (${request.path}): ${describeFault(error)}`);
        refuse(request, response, error);
      })
      .catch((error: unknown) => {
        log(`A request of the editor could not be refused (${request.path}): ${describeFault(error)}`);
        response.destroy();
      });
  };
}

/**
 * Refuses what comes while so many requests are being answered, so that memory and threads stay bounded.
 * @param what as in `Modules are being sent`
 */
export function atMost(most: number, what: string): (handler: Handler) => Handler {
  let running = 0;
  return (handler) => async (request, signal) => {
    if (running >= most) {
      throw new RequestError(429, `${what} already, ${String(most)} at once at most. Try again in a moment.`);
    }
    running += 1;
    try {
      return await handler(request, signal);
    } finally {
      running -= 1;
    }
  };
}

/**
 * The members of a JSON body, which Node-RED has parsed. A form of another page cannot send this content type.
 * @throws RequestError
 */
export function readMembers(request: Request): Readonly<Record<string, unknown>> {
  const body: unknown = request.body;
  if (request.is('application/json') !== 'application/json') {
    throw new RequestError(415, 'The content type is not application/json. Send the question as JSON, with that type.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RequestError(400, 'The question is no JSON object. Send its members in braces.');
  }
  return body as Record<string, unknown>;
}

/** A text of the query; undefined where it is missing, or given several times. */
export function readQuery(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  return typeof value === 'string' ? value : undefined;
}

function isExpected(error: unknown): boolean {
  return error instanceof RequestError || error instanceof WasmFunctionError || error instanceof SavedValueError;
}

function refuse(request: Request, response: Response, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const { status, code, message } = toRefusal(error);
  if (status === 429) response.set('Retry-After', '1');
  if (!request.complete) endAfterAnswer(request, response);
  response.status(status).json({ error: { code, message } });
}

/** The connection is of no use any more: a body without an end may be coming. */
function endAfterAnswer(request: Request, response: Response): void {
  response.set('Connection', 'close');
  let discarded = 0;
  const timer = setTimeout(() => request.destroy(), DISCARDED.milliseconds).unref();
  request.on('close', () => clearTimeout(timer));
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARDED.bytes) request.destroy();
  });
  request.resume();
}

function toRefusal(error: unknown): { status: number; code: ErrorCode | RequestCode; message: string } {
  if (error instanceof RequestError) return { status: error.status, code: error.code, message: error.message };
  if (error instanceof SavedValueError) return { status: 400, code: 'request', message: error.message };
  if (error instanceof WasmFunctionError) return { status: 422, code: error.code, message: error.message };
  return {
    status: 500,
    code: 'request',
    message: 'The request could not be answered. Look at the log of Node-RED, and try again.',
  };
}

/** For the log: where a fault of our own was. */
function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
