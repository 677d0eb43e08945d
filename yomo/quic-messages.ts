/** What the main thread and the thread that speaks QUIC say to each other; connections and their streams have numbers. */
import type { Closing, DialOptions } from './transport';

interface OfConnection {
  readonly connection: number;
}

/** Streams that this end opens have numbers from 1, those of the other end from -1 downwards. */
interface OfStream extends OfConnection {
  readonly stream: number;
}

export type ToQuic = ToConnection | ToStream;

export type ToConnection =
  | (OfConnection & {
      readonly type: 'dial';
      readonly host: string;
      readonly port: number;
      readonly options: DialOptions;
    })
  /** Ends an attempt, or the connection that came of it meanwhile. */
  | (OfConnection & { readonly type: 'abort' })
  | (OfConnection & { readonly type: 'close'; readonly code: number; readonly reason: string })
  | (OfStream & { readonly type: 'open-stream' });

export type ToStream =
  | (OfStream & { readonly type: 'write'; readonly bytes: Uint8Array })
  | (OfStream & { readonly type: 'end' })
  | (OfStream & { readonly type: 'stop-reading' })
  | (OfStream & { readonly type: 'cancel' })
  /** So many bytes of what came in have been worked off. */
  | (OfStream & { readonly type: 'taken'; readonly bytes: number });

export type FromQuic = FromConnection | FromStream;

export type FromConnection =
  | (OfConnection & { readonly type: 'open' })
  /** There is no connection, and nothing is left of the attempt. */
  | (OfConnection & { readonly type: 'failed'; readonly failure: DialFailure })
  | (OfConnection & { readonly type: 'closed'; readonly closing: Closing })
  /** Nothing of the connection is left. */
  | (OfConnection & { readonly type: 'gone' })
  /** The other end has opened one. */
  | (OfStream & { readonly type: 'stream' });

export type FromStream =
  | (OfStream & { readonly type: 'data'; readonly bytes: Uint8Array })
  /** Answers one `write` or `end`, in order. */
  | (OfStream & { readonly type: 'written'; readonly ok: boolean })
  /** Nothing more comes in. */
  | (OfStream & { readonly type: 'ended'; readonly how: 'whole' | 'broken' })
  /** Nothing more comes in or goes out. */
  | (OfStream & { readonly type: 'stream-gone' });

/** Why there is no connection; `reason` has the words of the system or the library. */
export interface DialFailure {
  readonly kind: 'library' | 'address' | 'time-out' | 'authority' | 'certificate' | 'protocol' | 'aborted' | 'other';
  readonly reason: string;
}
