import type { ConnectionStatus } from '../../mqtt/status';
import { LOOK_INTERVAL, WatchedStatus } from '../bridge/watched-status';
import type { Busy, ShownStatus } from '../mqtt-connection/connection-node';

/** Messages of a source, by what becomes of them. */
export interface SourceLoad {
  /** In the flow just now. */
  readonly inFlight: number;
  /** Of those in the flow, the ones that have failed and are delivered again. */
  readonly retrying: number;
  /** Written as dead letters since the source started. */
  readonly deadLetters: number;
  /** Acknowledged since the source started though they failed, for want of a topic for dead letters. */
  readonly givenUp: number;
}

export interface SourceStatusOptions {
  readonly show: (status: ShownStatus) => void;
  readonly load: () => SourceLoad;
  /** Messages in the flow at most. */
  readonly maxInFlight: number;
}

/**
 * What a source shows: how its connection stands and, while that is well, what needs a look: dead letters that are
 * refused, messages that are tried again, a flow that has been full for a while, messages that were lost to the flow.
 */
export class SourceStatus {
  readonly #options: SourceStatusOptions;
  readonly #watched: WatchedStatus<ShownStatus>;
  #connection: ConnectionStatus = { kind: 'connecting' };
  #refusal: ConnectionStatus | undefined;
  #fullSince: number | undefined;

  constructor(options: SourceStatusOptions) {
    this.#options = options;
    this.#watched = new WatchedStatus(() => this.#look(), options.show);
  }

  connection(status: ConnectionStatus): void {
    this.#connection = status;
    this.#watched.update();
  }

  /** @param message why, as a sentence; undefined when they are taken again */
  deadLetterRefused(message: string | undefined): void {
    this.#refusal = message === undefined ? undefined : { kind: 'failed', reason: 'dead-letter', message };
    this.#watched.update();
  }

  close(): void {
    this.#watched.close();
  }

  #look(): ShownStatus {
    if (this.#connection.kind !== 'connected') {
      this.#fullSince = undefined;
      return this.#connection;
    }
    return this.#refusal ?? this.#busy(this.#options.load()) ?? this.#connection;
  }

  #busy({ inFlight, retrying, deadLetters, givenUp }: SourceLoad): Busy | undefined {
    this.#fullSince = inFlight < this.#options.maxInFlight ? undefined : (this.#fullSince ?? Date.now());
    const staysFull = this.#fullSince !== undefined && Date.now() - this.#fullSince >= LOOK_INTERVAL;
    if (retrying > 0) return busy('retrying', retrying);
    if (staysFull) return busy('in-flight', inFlight);
    if (deadLetters > 0) return busy('dead-letters', deadLetters);
    return givenUp > 0 ? busy('given-up', givenUp) : undefined;
  }
}

function busy(what: Busy['what'], number: number): Busy {
  return { kind: 'busy', what, number };
}
