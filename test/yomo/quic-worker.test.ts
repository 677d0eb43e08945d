/** The thread of QUIC as the main thread sees it, where the main thread does not keep up. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { CLIENT_TYPES, encodeFrame } from '#dist/yomo/frames';
import { READ_AHEAD, READ_SIZE } from '#dist/yomo/limits';
import type { FromQuic, ToQuic } from '#dist/yomo/quic-messages';
import { eventually, repository } from '../support/node-red';
import type { Zipper, ZipperClient } from '../support/zipper';
import { closeAll, zipperOf } from '../support/zipper-clients';

/** Bytes that the zipper writes on the stream that is not taken, and on the other one. */
const MUCH = READ_AHEAD + 4 * READ_SIZE;
const SOME = 2 * READ_SIZE;

/** The thread, and how much of each connection's stream has come from it. */
class Thread {
  readonly #worker = new Worker(join(repository, 'dist', 'yomo', 'quic-worker.js'));
  readonly #open = new Set<number>();
  readonly #takers = new Set<number>();
  readonly #came = new Map<number, number>();

  constructor() {
    this.#worker.on('message', (message: FromQuic) => {
      const { connection } = message;
      if (message.type === 'open') this.#open.add(connection);
      if (message.type !== 'data') return;
      this.#came.set(connection, this.came(connection) + message.bytes.length);
      if (this.#takers.has(connection)) this.#taken(connection, message.bytes.length);
    });
  }

  came(connection: number): number {
    return this.#came.get(connection) ?? 0;
  }

  /** What has come, and whatever comes from now on, is worked off. */
  take(connection: number): void {
    this.#takers.add(connection);
    this.#taken(connection, this.came(connection));
  }

  /** Connects, and opens its stream. @returns what the zipper knows of it */
  async connect(connection: number, zipper: Zipper): Promise<ZipperClient> {
    const options = { alpn: 'yomo', verify: false, idleTimeout: 5000 };
    this.#post({ type: 'dial', connection, host: '127.0.0.1', port: zipper.port, options });
    await eventually('connected', () => this.#open.has(connection));
    const count = zipper.clients.length;
    this.#post({ type: 'open-stream', connection, stream: 1 });
    this.#post({ type: 'write', connection, stream: 1, bytes: handshake(String(connection)) });
    return eventually('taken by the zipper', () => zipper.clients[count]);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #taken(connection: number, bytes: number): void {
    this.#post({ type: 'taken', connection, stream: 1, bytes });
  }

  #post(message: ToQuic): void {
    this.#worker.postMessage(message);
  }
}

function handshake(clientId: string): Uint8Array {
  return encodeFrame({
    type: 'handshake',
    name: 'test',
    clientId,
    clientType: CLIENT_TYPES.function,
    observed: [1],
    authName: '',
    authPayload: '',
    version: '2024-01-03',
    target: '',
  });
}

describe('the thread of QUIC', () => {
  afterEach(closeAll);

  test('reads about 1 MiB of a stream ahead of the main thread, then waits for it, while other streams go on', async () => {
    const zipper = await zipperOf();
    const thread = new Thread();
    try {
      (await thread.connect(1, zipper)).write(new Uint8Array(MUCH));
      await eventually('as much as is read ahead', () => thread.came(1) >= READ_AHEAD);
      // Whoever went on with the first stream would have read more of it, too, when all of another has come.
      const other = await thread.connect(2, zipper);
      thread.take(2);
      other.write(new Uint8Array(SOME));
      await eventually('all of the other stream', () => thread.came(2) >= SOME);
      assert.ok(thread.came(1) < READ_AHEAD + READ_SIZE, `${String(thread.came(1))} bytes are read ahead`);
      thread.take(1);
      await eventually('the rest', () => thread.came(1) >= MUCH);
    } finally {
      await thread.end();
    }
  });
});
