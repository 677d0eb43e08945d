import { YomoClient } from '../../yomo/client';
import { endpointText } from '../../yomo/endpoint';
import type { ClientOptions, Log } from '../../yomo/settings';
import type { Transport } from '../../yomo/transport';
import type { ZipperSettings } from './configuration';
import { once } from './once';
import { Presence } from './presence';

/** `_session` of a message, by which a sink knows the stream function that the message came from. */
export interface Session {
  readonly type: 'yomo';
  /** Of the yomo-source. */
  readonly id: string;
}

export type FunctionOptions = Pick<ClientOptions, 'name' | 'target'> & { readonly observe: readonly number[] };

/** A stream function and who may write as it. */
export interface StreamFunction {
  readonly client: YomoClient;
  /** Nobody writes as it any more. What waits is handed over, shortly; resolves when nothing of it is left. */
  leave(): Promise<void>;
}

/** A zipper of protocol v1 as a flow sees it: the stream functions of its sources, and clients for its sinks. */
export class Zipper {
  readonly protocol = 'v1';
  readonly #settings: ZipperSettings;
  readonly #log: Log;
  readonly #transport: Transport | undefined;
  readonly #functions = new Map<string, YomoClient>();
  readonly #presence = new Presence<YomoClient>();

  /** @param transport QUIC, unless told */
  constructor(settings: ZipperSettings, log: Log, transport?: Transport) {
    this.#settings = settings;
    this.#log = once(log);
    this.#transport = transport;
  }

  /** As `localhost:9000`. */
  get endpoint(): string {
    return endpointText(this.#settings.address);
  }

  /** Frames that may wait. */
  get buffer(): number {
    return this.#settings.buffer;
  }

  /** @param id of the yomo-source. Whoever calls it opens the client, and leaves */
  streamFunction(id: string, options: FunctionOptions): StreamFunction {
    const client = this.#client({ ...options, kind: 'function', buffer: this.buffer });
    this.#functions.set(id, client);
    return {
      client,
      leave: () => {
        // A source that is deployed anew may have taken its place.
        if (this.#functions.get(id) === client) this.#functions.delete(id);
        return client.close();
      },
    };
  }

  /** Whoever calls it opens and closes the client. */
  source(name: string): YomoClient {
    return this.#client({ name, kind: 'source', buffer: this.buffer });
  }

  /** The stream function that a message came from; undefined where it came from elsewhere, or that one is gone. */
  functionOf(session: unknown): YomoClient | undefined {
    const { type, id } = (session ?? {}) as Partial<Record<keyof Session, unknown>>;
    return type === 'yomo' && typeof id === 'string' ? this.#functions.get(id) : undefined;
  }

  #client(options: ClientOptions): YomoClient {
    // YoMo drops what nobody observes.
    const ready = (): Promise<void> => this.#presence.joined(client, () => this.#functions.values());
    const client = new YomoClient(this.#settings.address, { ...options, ready }, this.#transport, this.#log);
    this.#presence.add(client);
    return client;
  }
}
