import { setTimeout as sleep } from 'node:timers/promises';
import { YomoClient } from '../../yomo/client';
import { endpointText } from '../../yomo/endpoint';
import { JOIN_LOOK, JOIN_PATIENCE, NOTICE_SPREAD } from '../../yomo/limits';
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

export type FunctionOptions = Pick<ClientOptions, 'name' | 'target'> & { readonly observe: readonly number[] };

/** A stream function and who may write as it. */
export interface StreamFunction {
  readonly client: YomoClient;
  /** Nobody writes as it any more. What waits is handed over, shortly; resolves when nothing of it is left. */
  leave(): Promise<void>;
}

/** When a client was taken by the zipper, and when it lost the connection, for the last time. */
interface Presence {
  joined: number;
  lost: number;
}

/** A zipper of protocol v1 as a flow sees it: the stream functions of its sources, and clients for its sinks. */
export class Zipper {
  readonly protocol = 'v1';
  readonly #settings: ZipperSettings;
  readonly #log: Log;
  readonly #transport: Transport | undefined;
  readonly #functions = new Map<string, YomoClient>();
  readonly #clients = new Map<YomoClient, Presence>();

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
    const ready = (): Promise<void> => this.#functionsJoined(client);
    const client = new YomoClient(this.#settings.address, { ...options, ready }, this.#transport, this.#log);
    const presence = { joined: -Infinity, lost: -Infinity };
    this.#clients.set(client, presence);
    client.onState(({ kind }) => {
      if (kind === 'closed') this.#clients.delete(client);
      if (kind === 'waiting' && presence.lost < presence.joined) presence.lost = performance.now();
      if (kind !== 'connected') return;
      presence.joined = performance.now();
      // Where one gets through, the others need not wait for their turn.
      for (const other of this.#clients.keys()) other.hurry();
    });
    return client;
  }

  /**
   * Resolves when the stream functions of this Node-RED are there, or JOIN_PATIENCE is over: YoMo drops what nobody
   * observes, and who is back first would write to nobody.
   */
  async #functionsJoined(client: YomoClient): Promise<void> {
    const end = performance.now() + JOIN_PATIENCE;
    const isAway = this.#awayAfter(this.#clients.get(client)?.lost ?? -Infinity);
    const others = (): YomoClient[] => [...this.#functions.values()].filter((each) => each !== client);
    while (others().some(isAway) && performance.now() < end) await sleep(JOIN_LOOK, undefined, { ref: false });
  }

  /** A function that has not joined since another client lost its connection may be about to notice the same loss. */
  #awayAfter(lost: number): (streamFunction: YomoClient) => boolean {
    return (streamFunction) => {
      switch (streamFunction.state.kind) {
        case 'connecting':
        case 'waiting':
          return true;
        case 'connected': {
          const { joined } = this.#clients.get(streamFunction) ?? { joined: Infinity };
          return joined < lost && performance.now() < lost + NOTICE_SPREAD;
        }
        case 'rejected':
        case 'closed':
          return false;
      }
    };
  }
}
