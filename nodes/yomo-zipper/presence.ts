/** The clients of one zipper beside each other: who is back after a loss, and who waits for whom. */
import { setTimeout as sleep } from 'node:timers/promises';
import { JOIN_LOOK, JOIN_PATIENCE, NOTICE_SPREAD } from '../../yomo/limits';
import type { StateListener, YomoState } from '../../yomo/state';

/** Of either protocol. */
export interface ZipperClient {
  readonly state: YomoState;
  onState(listener: StateListener): () => void;
  /** An attempt that is waited for is made now. */
  hurry(): void;
}

/** When a client was taken by the zipper, and when it lost the connection, for the last time. */
interface Times {
  joined: number;
  lost: number;
}

export class Presence<Client extends ZipperClient> {
  readonly #clients = new Map<Client, Times>();

  /** From its first attempt until it is closed. */
  add(client: Client): void {
    const times = { joined: -Infinity, lost: -Infinity };
    this.#clients.set(client, times);
    client.onState(({ kind }) => {
      if (kind === 'closed') this.#clients.delete(client);
      if (kind === 'waiting' && times.lost < times.joined) times.lost = performance.now();
      if (kind !== 'connected') return;
      times.joined = performance.now();
      // Where one gets through, the others need not wait for their turn.
      for (const other of this.#clients.keys()) other.hurry();
    });
  }

  /**
   * Resolves when the others are there, or JOIN_PATIENCE is over: a zipper keeps nothing for who is away, and who is back
   * first would send to nobody.
   * @param others asked at each look, since they come and go
   */
  async joined(client: Client, others: () => Iterable<Client>): Promise<void> {
    const end = performance.now() + JOIN_PATIENCE;
    const lost = this.#clients.get(client)?.lost ?? -Infinity;
    const isAway = (other: Client): boolean => other !== client && this.#isAway(other, lost);
    while ([...others()].some(isAway) && performance.now() < end) await sleep(JOIN_LOOK, undefined, { ref: false });
  }

  /** A client that has not joined since another one lost its connection may be about to notice the same loss. */
  #isAway(client: Client, lost: number): boolean {
    switch (client.state.kind) {
      case 'connecting':
      case 'waiting':
        return true;
      case 'connected': {
        const { joined } = this.#clients.get(client) ?? { joined: Infinity };
        return joined < lost && performance.now() < lost + NOTICE_SPREAD;
      }
      case 'rejected':
      case 'closed':
        return false;
    }
  }
}
