import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of bytes: they pass, are kept until they may, or are lost as in a network that is gone. */
type Fate = 'pass' | 'keep' | 'lose';

/** One direction of all connections of a relay. */
class Direction {
  #fate: Fate = 'pass';
  #kept: (() => void)[] = [];
  /** Pieces that were lost. */
  lost = 0;

  get fate(): Fate {
    return this.#fate;
  }

  set fate(fate: Fate) {
    this.#fate = fate;
    if (fate === 'keep') return;
    for (const pass of this.#kept.splice(0)) if (fate === 'pass') pass();
  }

  /** Pieces that wait until they may pass. */
  get kept(): number {
    return this.#kept.length;
  }

  connect(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      const pass = (): void => void (to.destroyed || to.write(bytes));
      if (this.#fate === 'pass') pass();
      else if (this.#fate === 'keep') this.#kept.push(pass);
      else this.lost++;
    });
    from.on('end', () => {
      if (this.#fate === 'keep') this.#kept.push(() => to.end());
      else to.end();
    });
  }
}

/** Stands between clients and a broker on loopback: what a network does to them can be done here. */
export class Relay {
  /** From the clients to the broker. */
  readonly requests = new Direction();
  /** From the broker to the clients. */
  readonly answers = new Direction();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(brokerPort: number) {
    this.#server = createServer((near) => {
      const far = connectTcp(brokerPort, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => this.#sockets.delete(socket));
      }
      this.requests.connect(near, far);
      this.answers.connect(far, near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    }).listen(0, '127.0.0.1');
    this.#server.unref();
  }

  static async to(brokerPort: number): Promise<Relay> {
    const relay = new Relay(brokerPort);
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Ends all connections; new ones pass whole. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.requests.fate = 'pass';
    this.answers.fate = 'pass';
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
