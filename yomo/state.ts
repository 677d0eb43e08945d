/** How a client stands with its zipper, and why. */
import type { Obstacle } from './dial-error';
import type { YomoErrorCode } from './errors';

export type YomoState =
  | { readonly kind: 'connecting' }
  /** `endpoint` as `127.0.0.1:9000`: another one than in the settings where the zipper sent the client on. */
  | { readonly kind: 'connected'; readonly endpoint: string }
  /** The next attempt is made `retryIn` milliseconds after this was told. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly obstacle?: Obstacle; readonly retryIn: number }
  /** No other attempt is made until the settings change; `code` is that of what is sent meanwhile. */
  | { readonly kind: 'rejected'; readonly code: YomoErrorCode; readonly reason: string }
  | { readonly kind: 'closed' };

export type StateListener = (state: YomoState) => void;
