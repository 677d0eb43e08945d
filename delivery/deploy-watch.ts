import type { EventEmitter } from 'node:events';
import type { FlowState } from './outcome';

export interface WatchedFlows extends FlowState {
  /** Watches no longer. */
  close(): void;
}

/**
 * Whether the flows of a runtime run, told by its events. It listens while anybody watches, and takes for granted that
 * the first to do so is a node, made in the middle of a deploy: it may receive before the nodes behind it are made.
 */
export class DeployWatch {
  readonly #events: Pick<EventEmitter, 'on' | 'off'>;
  readonly #watchers = new Set<WatchedFlows>();
  #deploy: { readonly ended: Promise<void>; end(): void } | undefined;
  readonly #starts = (): void => {
    if (this.#deploy !== undefined) return;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#deploy = { ended, end };
  };
  readonly #ends = (): void => {
    this.#deploy?.end();
    this.#deploy = undefined;
  };

  constructor(events: Pick<EventEmitter, 'on' | 'off'>) {
    this.#events = events;
  }

  /** See `FlowState`. */
  get deploy(): Promise<void> | undefined {
    return this.#deploy?.ended;
  }

  open(): WatchedFlows {
    if (this.#watchers.size === 0) {
      this.#events.on('flows:stopping', this.#starts);
      this.#events.on('flows:started', this.#ends);
      this.#starts();
    }
    const currentDeploy = (): Promise<void> | undefined => this.deploy;
    const watched: WatchedFlows = {
      get deploy() {
        return currentDeploy();
      },
      close: () => {
        if (!this.#watchers.delete(watched) || this.#watchers.size > 0) return;
        this.#events.off('flows:stopping', this.#starts);
        this.#events.off('flows:started', this.#ends);
        this.#ends();
      },
    };
    this.#watchers.add(watched);
    return watched;
  }
}
