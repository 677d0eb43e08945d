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
  }

  const helper: TestHelper;
  export default helper;
}
