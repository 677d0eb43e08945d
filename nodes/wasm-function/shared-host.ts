import type { WasmHost } from '../../host/wasm-function';

/** A share in the host; the host ends when the last share is given back. */
export interface HostLease {
  readonly host: WasmHost;
  release(): Promise<void>;
}

/** One host for all nodes and editor requests of a runtime: made with the first, ended with the last. */
export class SharedHost {
  #host: WasmHost | undefined;
  #leases = 0;

  constructor(private readonly create: () => WasmHost) {}

  lease(): HostLease {
    const host = (this.#host ??= this.create());
    this.#leases += 1;
    let released: Promise<void> | undefined;
    return { host, release: () => (released ??= this.#release()) };
  }

  /** Runs `work` with the host, and gives the share back whatever happens. */
  async with<T>(work: (host: WasmHost) => Promise<T>): Promise<T> {
    const lease = this.lease();
    try {
      return await work(lease.host);
    } finally {
      await lease.release();
    }
  }

  async #release(): Promise<void> {
    this.#leases -= 1;
    if (this.#leases > 0) return;
    const host = this.#host;
    this.#host = undefined;
    await host?.close();
  }
}
