import type { Obstacle } from './dial-error';
import type { Endpoint } from './endpoint';
import { YomoError } from './errors';
import { reasonText } from './reason';
import type { Closing } from './transport';

/** How a connection with a zipper has ended. */
export type SessionEnd =
  /** `reason` is a sentence or two; another attempt is worth while. `obstacle` where no connection came about. */
  | { readonly kind: 'lost'; readonly reason: string; readonly obstacle?: Obstacle }
  /** No other attempt is worth while. */
  | { readonly kind: 'refused'; readonly error: YomoError }
  | { readonly kind: 'redirected'; readonly endpoint: Endpoint }
  /** This end has closed it. */
  | { readonly kind: 'closed' };

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

/** Of a connection that is gone without this end having closed it. @param credential not to be repeated */
export function lost({ code, reason }: Closing, credential?: string): SessionEnd {
  return { kind: 'lost', reason: lossError(code, reasonText(reason, credential)).message };
}

/** The zipper's answer to a client that it does not take. @param credential not to be repeated */
export function rejectedError(words: string, credential?: string): YomoError {
  const reason = reasonText(words, credential);
  return new YomoError(
    'rejected',
    `The zipper does not take this client: ${reason === '' ? 'it gives no reason' : reason}. Check the credential and the version of the zipper, then deploy.`,
    { reason },
  );
}

function lossError(code: number | undefined, words: string): YomoError {
  return new YomoError(
    'zipper',
    code === undefined
      ? `The connection to the zipper is gone: ${words === '' ? 'it was ended without a word' : words}.`
      : `The zipper closed the connection: ${words === '' ? 'it gives no reason' : words}.`,
  );
}
