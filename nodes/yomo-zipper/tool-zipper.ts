import { randomUUID } from 'node:crypto';
import { endpointText } from '../../yomo/endpoint';
import { YomoError } from '../../yomo/errors';
import type { Log } from '../../yomo/settings';
import type { Transport } from '../../yomo/transport';
import { ToolClient } from '../../yomo/v2/client';
import { notOpen, type ToolRequest } from '../../yomo/v2/request';
import type { ZipperSettings } from './configuration';
import { once } from './once';
import { Presence } from './presence';

/** `_session` of a message, by which a sink knows the request that the message is to answer. */
export interface RequestSession {
  readonly type: 'yomo';
  /** Of the yomo-source. */
  readonly id: string;
  readonly request: string;
}

/** A tool that others call, and who may answer for it. */
export interface Tool {
  readonly client: ToolClient;
  /** @returns by what a sink finds the request again, as long as it is open */
  keep(request: ToolRequest): RequestSession;
  /** Nobody answers for it any more; resolves when nothing of it is left. */
  leave(): Promise<void>;
}

/** A node that has a client, as its flow shows it. */
export interface ClientOwner {
  readonly id: string;
  readonly type: string;
  readonly name?: string | undefined;
}

/** A client that calls tools, and is none. */
export interface Caller {
  readonly client: ToolClient;
  /** Resolves when nothing of it is left. */
  leave(): Promise<void>;
}

interface OpenRequests {
  readonly client: ToolClient;
  readonly requests: Map<string, ToolRequest>;
}

/** A zipper of protocol v2 as a flow sees it: the tools of its sources, and clients for its sinks. */
export class ToolZipper {
  readonly protocol = 'v2';
  readonly #settings: ZipperSettings;
  readonly #log: Log;
  readonly #transport: Transport | undefined;
  readonly #tools = new Map<string, OpenRequests>();
  /** By the names under which the zipper knows them. */
  readonly #owners = new Map<string, ClientOwner>();
  readonly #presence = new Presence<ToolClient>();

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

  /**
   * @param owner the yomo-source. Whoever calls it opens the client, and leaves
   * @param name by which others call it
   * @throws YomoError `configuration` where another node has the name
   */
  tool(owner: ClientOwner, name: string): Tool {
    const { id } = owner;
    const { client, leave } = this.#join(owner, name);
    const requests = new Map<string, ToolRequest>();
    this.#tools.set(id, { client, requests });
    return {
      client,
      keep: (request) => {
        // Messages outlive a deploy, in a delay or a queue: whatever made them must never find a later caller's request.
        const key = randomUUID();
        requests.set(key, request);
        void request.settled.then(() => requests.delete(key));
        return { type: 'yomo', id, request: key };
      },
      leave: () => {
        // A source that is deployed anew may have taken its place.
        if (this.#tools.get(id)?.client === client) this.#tools.delete(id);
        return leave();
      },
    };
  }

  /**
   * @param owner the yomo-sink. Whoever calls it opens the client, and leaves
   * @throws YomoError `configuration` where another node has the name
   */
  caller(owner: ClientOwner, name: string): Caller {
    return this.#join(owner, name);
  }

  /**
   * The request that a message is to answer; undefined where it came from elsewhere, or its source is gone.
   * @throws YomoError `closed` where the request is not open any more
   */
  requestOf(session: unknown): ToolRequest | undefined {
    const { type, id, request } = (session ?? {}) as Partial<Record<keyof RequestSession, unknown>>;
    if (type !== 'yomo' || typeof id !== 'string' || typeof request !== 'string') return undefined;
    const tool = this.#tools.get(id);
    if (tool === undefined) return undefined;
    const open = tool.requests.get(request);
    if (open === undefined) throw notOpen();
    return open;
  }

  /** Of two clients with one name a zipper closes the first, so the second is not made. */
  #join(owner: ClientOwner, name: string): Caller {
    const other = this.#owners.get(name);
    if (other !== undefined && other.id !== owner.id) throw takenError(name, other);
    this.#owners.set(name, owner);
    const client = this.#client(name);
    return {
      client,
      leave: () => {
        if (this.#owners.get(name) === owner) this.#owners.delete(name);
        return client.close();
      },
    };
  }

  #client(name: string): ToolClient {
    const { address, buffer } = this.#settings;
    // A zipper knows no tool that is not back yet, and says so to who calls it.
    const ready = (): Promise<void> =>
      this.#presence.joined(client, () => [...this.#tools.values()].map((tool) => tool.client));
    const client = new ToolClient(address, { name, buffer, ready }, this.#transport, this.#log);
    this.#presence.add(client);
    return client;
  }
}

function takenError(name: string, { type, id, name: label }: ClientOwner): YomoError {
  const other = label === undefined || label === '' ? id : label;
  return new YomoError(
    'configuration',
    `The ${type} "${other}" has the name "${name}" at this zipper already, and a zipper of YoMo 2 takes each name once. Give this node another app name, then deploy.`,
  );
}
