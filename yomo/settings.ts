/** Which zipper, and how its certificate is looked at. */
export interface ZipperAddress {
  readonly host: string;
  /** UDP. */
  readonly port: number;
  /** Whether the zipper has to prove by its certificate that it is `host`; one it sends the client on to, its own name. */
  readonly verify: boolean;
  /** PEM text of the authorities that are trusted instead of the system's; used with `verify` only. */
  readonly ca?: string;
  /** As YoMo's own clients take it: `token:X`; blank for none. */
  readonly credential?: string;
}

export interface ClientOptions {
  /** The name under which the zipper knows it; several clients may have one name. */
  readonly name: string;
  /** A source only writes; a stream function also gets what it observes. */
  readonly kind: 'source' | 'function';
  /** Tags a stream function is given. */
  readonly observe?: readonly number[];
  /** A stream function's wanted target: frames for another target do not come to it. */
  readonly target?: string;
  /** Frames that wait at most while there is no connection. */
  readonly buffer: number;
  /** Asked on each connection before frames are sent over it: who is to observe them may not be back yet. Soon resolved, never rejected. */
  readonly ready?: () => Promise<void>;
}

/** Tells what a status cannot keep: that a connection was made, and why it went. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}
