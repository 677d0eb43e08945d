/** What the main thread and the thread that speaks QUIC say to each other; a connection has a number. */
import type { Closing, DialOptions } from './transport';

export type ToQuic =
  | {
      readonly type: 'dial';
      readonly connection: number;
      readonly host: string;
      readonly port: number;
      readonly options: DialOptions;
    }
  /** Ends an attempt, or the connection that came of it meanwhile. */
  | { readonly type: 'abort'; readonly connection: number }
  | { readonly type: 'write'; readonly connection: number; readonly bytes: Uint8Array }
  /** So many bytes of what came in have been worked off. */
  | { readonly type: 'taken'; readonly connection: number; readonly bytes: number }
  | { readonly type: 'close'; readonly connection: number; readonly code: number; readonly reason: string };

export type FromQuic =
  | { readonly type: 'open'; readonly connection: number }
  /** There is no connection, and nothing is left of the attempt. */
  | { readonly type: 'failed'; readonly connection: number; readonly failure: DialFailure }
  | { readonly type: 'data'; readonly connection: number; readonly bytes: Uint8Array }
  /** Answers one `write`, in order. */
  | { readonly type: 'written'; readonly connection: number }
  | { readonly type: 'closed'; readonly connection: number; readonly closing: Closing }
  /** Nothing of the connection is left. */
  | { readonly type: 'gone'; readonly connection: number };

/** Why there is no connection; `reason` has the words of the system or the library. */
export interface DialFailure {
  readonly kind: 'library' | 'address' | 'time-out' | 'authority' | 'certificate' | 'protocol' | 'aborted' | 'other';
  readonly reason: string;
}
