import type { ConnectionStatus } from '../../mqtt/status';
import { WatchedStatus, type ShownStatus } from '../mqtt-connection/watched-status';

/** What a sink shows: how its connection stands, and how many messages wait for it; why it failed says more. */
export class SinkStatus {
  readonly #waiting: () => number;
  readonly #watched: WatchedStatus;
  #connection: ConnectionStatus = { kind: 'connecting' };

  /** @param waiting messages that wait for the broker, over all sinks of the connection */
  constructor(show: (status: ShownStatus) => void, waiting: () => number) {
    this.#waiting = waiting;
    this.#watched = new WatchedStatus(() => this.#look(), show);
  }

  connection(status: ConnectionStatus): void {
    this.#connection = status;
    this.#watched.update();
  }

  close(): void {
    this.#watched.close();
  }

  #look(): ShownStatus {
    const number = this.#waiting();
    const { kind } = this.#connection;
    if (number === 0 || kind === 'failed') return this.#connection;
    return { kind: 'busy', what: 'waiting', number, isConnected: kind === 'connected' };
  }
}
