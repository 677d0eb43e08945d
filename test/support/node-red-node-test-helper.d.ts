declare module 'node-red-node-test-helper' {
  import type { EventEmitter } from 'node:events';
  import type { NodeInitializer } from 'node-red';

  /** The part of the test helper that is used; the package has no types of its own. */
  interface TestHelper {
    init(runtimePath: string): void;
    load(types: readonly NodeInitializer[], flow: readonly object[], credentials?: object): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): EventEmitter;
    startServer(done: () => void): void;
    stopServer(done: () => void): void;
    /** The spy that all lines of the log go through. */
    log(): { readonly args: readonly [{ readonly level: number; readonly id?: string; readonly msg: unknown }][] };
  }

  const helper: TestHelper;
  export default helper;
}
