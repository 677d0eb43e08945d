import type { Endpoint } from './endpoint';
import { YomoError } from './errors';
import { reasonText } from './reason';
import type { Closing } from './transport';

/** How a connection with a zipper has ended. */
export type SessionEnd =
  /** `reason` is a sentence or two; another attempt is worth while. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** No other attempt is worth while. */
  | { readonly kind: 'refused'; readonly error: YomoError }
  | { readonly kind: 'redirected'; readonly endpoint: Endpoint }
  /** This end has closed it. */
  | { readonly kind: 'closed' };

/** Letters from which on a token is taken out of other words: shorter ones would be found in any. */
const SHORTEST_SECRET = 4;

/**
 * The same end, without the credential in its words: a zipper that refuses a token may repeat it, and what it says goes
 * into logs, the editor and flows.
 * @param credential `token:X`
 */
export function withoutCredential(end: SessionEnd, credential = ''): SessionEnd {
  const secret = credential.slice(credential.indexOf(':') + 1);
  if (secret.length < SHORTEST_SECRET) return end;
  const strike = (words: string): string => words.replaceAll(secret, '…');
  switch (end.kind) {
    case 'lost':
      return { kind: 'lost', reason: strike(end.reason) };
    case 'refused': {
      const { message, stack = '', cause } = end.error;
      const reason = cause.reason === undefined ? {} : { reason: strike(cause.reason) };
      const struck = { message: strike(message), stack: strike(stack), cause: { ...cause, ...reason } };
      return { kind: 'refused', error: Object.assign(end.error.in({}), struck) };
    }
    default:
      return end;
  }
}

/** What the zipper is told. */
export function closingWords(end: SessionEnd): string {
  switch (end.kind) {
    case 'lost':
      return end.reason;
    case 'refused':
      return end.error.message;
    case 'redirected':
      return 'sent on';
    case 'closed':
      return 'closed';
  }
}

/** Of a connection that is gone without this end having closed it. */
export function lost(closing: Closing): SessionEnd {
  return { kind: 'lost', reason: lossError(closing).message };
}

/** The zipper's answer to a client that it does not take. */
export function rejectedError(reason: string): YomoError {
  return new YomoError(
    'rejected',
    `The zipper does not take this client: ${reason === '' ? 'it gives no reason' : reason}. Check the credential and the version of the zipper, then deploy.`,
    { reason },
  );
}

function lossError({ code, reason }: Closing): YomoError {
  const words = reasonText(reason);
  return new YomoError(
    'zipper',
    code === undefined
      ? `The connection to the zipper is gone: ${words === '' ? 'it was ended without a word' : words}.`
      : `The zipper closed the connection: ${words === '' ? 'it gives no reason' : words}.`,
  );
}
