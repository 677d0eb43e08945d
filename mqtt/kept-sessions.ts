import type { Client } from 'aedes';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { inMebibytes } from './kept-messages';

const MIB = 1024 * 1024;

/** What an embedded broker keeps of subscriptions and handshakes at most. */
export const MOST_OF_SESSIONS = {
  /** Bytes of the filters of a client: some thousands. */
  filters: 4 * MIB,
  /** Bytes of the filters of all sessions that are kept: some thirty thousand of one short filter each. */
  allFilters: 32 * MIB,
  /** Messages of QoS 2 of all clients that were received and not released. */
  unreleased: 100_000,
};

/** Bytes of heap a filter takes besides its text, in the broker's tree and lists. */
const FILTER_OVERHEAD = 1000;

interface Subscription {
  readonly topic: string;
}

interface ClientName {
  readonly id: string;
}

/** The part of the broker's store in memory that is bounded here, as aedes calls it. */
interface Persistence {
  addSubscriptions(client: ClientName, subscriptions: readonly Subscription[]): Promise<void>;
  removeSubscriptions(client: ClientName, topics: readonly string[]): Promise<void>;
  cleanSubscriptions(client: ClientName): Promise<void>;
  createRetainedStream(filter: string): AsyncIterable<unknown>;
}

interface Received {
  readonly messageId: number;
}

/** Filters and their bytes. */
class Filters {
  readonly #topics = new Set<string>();
  bytes = 0;

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  add(topic: string): number {
    if (this.#topics.has(topic)) return 0;
    this.#topics.add(topic);
    return this.#count(sizeOf(topic));
  }

  remove(topic: string): number {
    return this.#topics.delete(topic) ? this.#count(-sizeOf(topic)) : 0;
  }

  #count(bytes: number): number {
    this.bytes += bytes;
    return bytes;
  }
}

/** What clients have subscribed to, and which of their messages of QoS 2 are not released: both bounded. */
export class KeptSessions {
  /** Of sessions that are kept, by client. */
  readonly #kept = new Map<string, Filters>();
  /** Of clients that are there. */
  readonly #present = new WeakMap<Client, Filters>();
  readonly #refused = new WeakSet<Subscription>();
  readonly #storing = new WeakMap<readonly Subscription[], Promise<void>>();
  /** Identifiers by client, the one that came first first. */
  readonly #unreleased = new Map<string, Set<number>>();
  #keptBytes = 0;
  #unreleasedCount = 0;
  #isFull = false;

  constructor(private readonly limits: Readonly<typeof MOST_OF_SESSIONS> = MOST_OF_SESSIONS) {}

  /** Told when subscriptions are refused; a redeploy brings another. */
  warn: (text: string) => void = () => undefined;

  /** @returns `persistence` with its subscriptions counted and its unreleased messages kept here */
  bound<T extends Persistence>(persistence: T): T {
    return Object.assign(Object.create(persistence) as T, {
      addSubscriptions: (client: ClientName, subscriptions: readonly Subscription[]) =>
        this.#add(persistence, client, subscriptions),
      removeSubscriptions: (client: ClientName, topics: readonly string[]) => {
        const filters = this.#kept.get(client.id);
        for (const topic of topics) this.#keptBytes += filters?.remove(topic) ?? 0;
        if (filters?.bytes === 0) this.#kept.delete(client.id);
        return persistence.removeSubscriptions(client, topics);
      },
      cleanSubscriptions: (client: ClientName) => {
        this.#keptBytes -= this.#kept.get(client.id)?.bytes ?? 0;
        this.#kept.delete(client.id);
        return persistence.cleanSubscriptions(client);
      },
      createRetainedStreamCombi: (filters: readonly string[]) => Readable.from(retainedOf(persistence, filters)),
      incomingStorePacket: async ({ id }: ClientName, { messageId }: Received) => {
        this.#received(id, messageId);
      },
      incomingGetPacket: async ({ id }: ClientName, { messageId }: Received) => {
        if (this.#unreleased.get(id)?.has(messageId) !== true) throw new Error('no such packet');
        // the broker asks only whether it is there
        return { messageId };
      },
      incomingDelPacket: async ({ id }: ClientName, { messageId }: Received) => {
        if (!this.#released(id, messageId)) throw new Error('no such packet');
      },
      cleanIncoming: async ({ id }: ClientName) => {
        this.#forget(id);
      },
    });
  }

  /** Whether a client may subscribe to one thing more; what it may is counted. */
  accepts(client: Client, subscription: Subscription): boolean {
    const filters = this.#present.get(client) ?? new Filters();
    this.#present.set(client, filters);
    const { topic } = subscription;
    const more = filters.has(topic) ? 0 : sizeOf(topic);
    const moreKept = client.clean || this.#kept.get(client.id)?.has(topic) === true ? 0 : sizeOf(topic);
    if (filters.bytes + more <= this.limits.filters && this.#keptBytes + moreKept <= this.limits.allFilters) {
      filters.add(topic);
      if (moreKept > 0) this.#keep(client, topic);
      return true;
    }
    this.#refused.add(subscription);
    if (!this.#isFull) {
      this.#isFull = true;
      this.warn(
        `The embedded broker has refused a subscription of the client "${client.id}": it takes filters of ${inMebibytes(this.limits.filters)} a client, and of ${inMebibytes(this.limits.allFilters)} for all sessions that it keeps. Subscribe with wildcards, and end sessions that are not needed; others are refused without a word.`,
      );
    }
    return false;
  }

  /** A client has given up filters. */
  unsubscribed(client: Client, topics: readonly string[]): void {
    for (const topic of topics) this.#present.get(client)?.remove(topic);
  }

  #keep({ id }: ClientName, topic: string): void {
    const filters = this.#kept.get(id) ?? new Filters();
    this.#kept.set(id, filters);
    this.#keptBytes += filters.add(topic);
  }

  /** The broker hands over the same list once for each of its entries, and also those that it has refused. */
  #add(persistence: Persistence, client: ClientName, subscriptions: readonly Subscription[]): Promise<void> {
    let storing = this.#storing.get(subscriptions);
    if (storing === undefined) {
      // in the next turn, when all of them have been judged
      storing = turn().then(() => {
        const accepted = subscriptions.filter((each) => !this.#refused.has(each));
        return persistence.addSubscriptions(client, accepted);
      });
      this.#storing.set(subscriptions, storing);
    }
    return storing;
  }

  #received(id: string, messageId: number): void {
    const own = this.#unreleased.get(id) ?? new Set<number>();
    this.#unreleased.set(id, own);
    if (own.has(messageId)) return;
    own.add(messageId);
    this.#unreleasedCount += 1;
    while (this.#unreleasedCount > this.limits.unreleased) {
      const [oldest = id] = this.#unreleased.keys();
      this.#forget(oldest);
    }
  }

  #released(id: string, messageId: number): boolean {
    const own = this.#unreleased.get(id);
    if (own?.delete(messageId) !== true) return false;
    this.#unreleasedCount -= 1;
    if (own.size === 0) this.#unreleased.delete(id);
    return true;
  }

  /** A message that such a client sends again would be taken for another one. */
  #forget(id: string): void {
    this.#unreleasedCount -= this.#unreleased.get(id)?.size ?? 0;
    this.#unreleased.delete(id);
  }
}

/** Each filter is held against all that is retained: others have a turn in between. */
async function* retainedOf(persistence: Persistence, filters: readonly string[]): AsyncGenerator {
  for (const [index, filter] of filters.entries()) {
    if (index > 0) await turn();
    yield* persistence.createRetainedStream(filter);
  }
}

function sizeOf(topic: string): number {
  return FILTER_OVERHEAD + Buffer.byteLength(topic);
}
