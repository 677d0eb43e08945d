import type { ConnectionStatus, StatusListener } from '../../mqtt/status';

/** What a source shows: how its connection stands and, while that is well, whether dead letters are refused. */
export class SourceStatus {
  readonly #show: StatusListener;
  #connection: ConnectionStatus = { kind: 'connecting' };
  #refusal: ConnectionStatus | undefined;

  constructor(show: StatusListener) {
    this.#show = show;
  }

  connection(status: ConnectionStatus): void {
    this.#connection = status;
    this.#update();
  }

  /** @param message why, as a sentence; undefined when they are taken again */
  deadLetterRefused(message: string | undefined): void {
    this.#refusal = message === undefined ? undefined : { kind: 'failed', reason: 'dead-letter', message };
    this.#update();
  }

  #update(): void {
    const isConnected = this.#connection.kind === 'connected';
    this.#show(isConnected && this.#refusal !== undefined ? this.#refusal : this.#connection);
  }
}
