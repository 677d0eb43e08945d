/** What a client needs of a network: connections with streams of bytes each way. QUIC is one (`quic-transport.ts`). */
export interface Transport {
  /**
   * @param signal ends the attempt; the promise is then rejected once nothing of it is left
   * @throws YomoError with a sentence that says why there is no connection: `transport` and `configuration` where another
   *   attempt would end the same, `zipper` otherwise
   */
  dial(host: string, port: number, options: DialOptions, signal: AbortSignal): Promise<Connection>;
}

export interface DialOptions {
  /** The application protocol that both ends must name in the TLS handshake. */
  readonly alpn: string;
  /** Whether the other end has to prove its name by a certificate. */
  readonly verify: boolean;
  /** PEM text of the authorities to trust; the system's without it. */
  readonly ca?: string;
  /** The name the certificate is to be for, where it is not the host. */
  readonly serverName?: string;
  /** Milliseconds without a packet after which the other end counts as gone. */
  readonly idleTimeout: number;
}

/** Why a connection has ended. */
export interface Closing {
  /** The code the other end gave; undefined where the network or this end ended it. */
  readonly code: number | undefined;
  /** A few words, as the other end or the network has them; may be empty. */
  readonly reason: string;
}

export interface Connection {
  /** Opens a stream; the other end learns of it with the first bytes. */
  open(): ByteStream;
  /** Streams that the other end opens. To be called once, before anything is awaited; they are given up without it. */
  onStream(listener: (stream: ByteStream) => void): void;
  /** Resolves once, when the connection has ended for whatever reason; never rejected. */
  readonly closed: Promise<Closing>;
  /** Tells the other end the code and the reason. Resolves when nothing of the connection is left. */
  close(code: number, reason: string): Promise<void>;
}

export interface ByteStream {
  /**
   * Resolves when the transport has taken the bytes, which is when more may be written; rejected when the stream or its
   * connection ends before. The bytes must not be changed afterwards.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more is written; what was is still sent. Never rejected. */
  end(): Promise<void>;
  /** What comes in, in order; each chunk belongs to the listener. To be called once, before anything is awaited. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /**
   * Resolves once, when nothing more comes: `whole` where the other end has said all it wanted to, `broken` where the
   * stream was given up by either end or its connection has ended. Never rejected.
   */
  readonly ended: Promise<'whole' | 'broken'>;
  /** Nothing more is wanted of what comes in, and the other end is told; what goes out still does. */
  stopReading(): void;
  /** Gives up both ways. */
  cancel(): void;
}
