import { setTimeout as sleep } from 'node:timers/promises';
import { YomoClient } from '../../yomo/client';
import { endpointText } from '../../yomo/endpoint';
import type { ClientOptions, Log } from '../../yomo/settings';
import type { Transport } from '../../yomo/transport';
import type { ZipperSettings } from './configuration';
import { once } from './once';

/** `_session` of a message, by which a sink knows the stream function that the message came from. */
export interface Session {
  readonly type: 'yomo';
  /** Of the yomo-source. */
  readonly id: string;
}

/** Milliseconds a sink that is connected waits for the stream functions beside it, and between two looks. */
const JOIN_PATIENCE = 3000;
const JOIN_LOOK = 20;

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
  readonly #clients = new Set<YomoClient>();

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
    return this.#client({ name, kind: 'source', buffer: this.buffer, ready: () => this.#functionsJoined() });
  }

  /** The stream function that a message came from; undefined where it came from elsewhere, or that one is gone. */
  functionOf(session: unknown): YomoClient | undefined {
    const { type, id } = (session ?? {}) as Partial<Record<keyof Session, unknown>>;
    return type === 'yomo' && typeof id === 'string' ? this.#functions.get(id) : undefined;
  }

  #client(options: ClientOptions): YomoClient {
    const client = new YomoClient(this.#settings.address, options, this.#transport, this.#log);
    this.#clients.add(client);
    client.onState(({ kind }) => {
      if (kind === 'closed') this.#clients.delete(client);
      // where one gets through, the others need not wait for their turn
      if (kind === 'connected') for (const other of this.#clients) other.hurry();
    });
    return client;
  }

  /**
   * Resolves when the stream functions of this Node-RED are back, or JOIN_PATIENCE is over: YoMo drops what nobody
   * observes, and a sink that is back first would write to nobody.
   */
  async #functionsJoined(): Promise<void> {
    const end = performance.now() + JOIN_PATIENCE;
    const isAway = ({ state: { kind } }: YomoClient): boolean => kind === 'connecting' || kind === 'waiting';
    while ([...this.#functions.values()].some(isAway) && performance.now() < end) {
      await sleep(JOIN_LOOK, undefined, { ref: false });
    }
  }
}
