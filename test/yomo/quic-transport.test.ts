/** QUIC in its thread: what is left of it, and where it is not installed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { READ_AHEAD, READ_SIZE } from '#dist/yomo/limits';
import { QuicStream } from '#dist/yomo/quic-stream';
import type * as QuicTransport from '#dist/yomo/quic-transport';
import { quicTransport } from '#dist/yomo/quic-transport';
import { eventually, freePort, repository } from '../support/node-red';
import { clientOf, closeAll, connected, reasonOf, relayOf, zipperOf } from '../support/zipper-clients';

const run = promisify(execFile);
const options = { alpn: 'yomo', verify: false, idleTimeout: 5000 };

/** Runs a program against `dist/yomo/client`; it ends by itself only where nothing of the client is left. */
async function runProgram(program: string): Promise<string> {
  const file = JSON.stringify(join(repository, 'dist', 'yomo', 'client.js'));
  const { stdout } = await run(process.execPath, ['-e', `const { YomoClient } = require(${file});\n${program}`], {
    timeout: 60_000,
  });
  return stdout.trim();
}

function clientCode(port: number): string {
  return `const client = new YomoClient({ host: '127.0.0.1', port: ${String(port)}, verify: false },
    { name: 'test', kind: 'source', buffer: 10 });`;
}

describe('the thread of QUIC', () => {
  afterEach(closeAll);

  test('a client that is closed while it connects leaves nothing that keeps a process alive', async () => {
    const program = `${clientCode(await freePort())}
      client.open();
      setImmediate(() => client.close().then(() => console.log(client.state.kind)));`;
    assert.equal(await runProgram(program), 'closed');
  });

  test('neither does one that was connected, or one that is closed before it has the thread', async () => {
    const { port } = await zipperOf();
    const connected = `${clientCode(port)}
      client.onState(({ kind }) => {
        if (kind === 'connected') client.send({ tag: 1, payload: Buffer.from('x'), metadata: new Map() })
          .then(() => client.close()).then(() => console.log(client.state.kind));
      });
      client.open();`;
    assert.equal(await runProgram(connected), 'closed');
    const atOnce = `${clientCode(port)} client.open(); client.close().then(() => console.log(client.state.kind));`;
    assert.equal(await runProgram(atOnce), 'closed');
  });

  test('what was sent before a client is closed reaches the zipper', async () => {
    const zipper = await zipperOf();
    const program = `${clientCode(zipper.port)}
      client.open();
      client.send({ tag: 1, payload: Buffer.from('last words'), metadata: new Map() }).then(() => client.close());`;
    await runProgram(program);
    assert.equal(String(zipper.received[0]?.payload), 'last words');
  });

  test('what comes counts as taken when the nodes behind a source have had their turn with it', async (context) => {
    const zipper = await zipperOf();
    let turns = 0;
    const taken: number[] = [];
    const post = Worker.prototype.postMessage;
    context.mock.method(Worker.prototype, 'postMessage', function (this: Worker, message: { readonly type: string }) {
      if (message.type === 'taken') taken.push(turns);
      post.call(this, message);
    });
    const observed = clientOf(zipper.port, { kind: 'function', observe: [1] });
    observed.client.onFrame(() => setImmediate(() => (turns += 1)));
    await connected(observed);
    zipper.route({ type: 'data', tag: 1, metadata: new Uint8Array(0), payload: Buffer.from('x') }, '');
    await eventually('the frame is taken', () => taken.length > 1);
    assert.equal(taken.at(-1), 1);
  });

  test('no more is read while as much as READ_AHEAD is not taken', () => {
    // A connection on which there is always more to read.
    const endless = {
      streamReadable: () => true,
      streamRecv: (_id: number, room: Uint8Array) => [room.length, false],
      streamShutdown: () => undefined,
    };
    const where = { connection: 1, stream: 1 };
    let bytes = 0;
    const stream = new QuicStream(where, endless as never, 1, (message) => {
      if (message.type === 'data') bytes += message.bytes.length;
    });
    stream.read();
    assert.equal(bytes, READ_AHEAD);
    stream.handle({ type: 'taken', ...where, bytes: READ_SIZE });
    assert.equal(bytes, READ_AHEAD + READ_SIZE);
  });

  test('a client behind a slow network is closed without waiting for it', async () => {
    const zipper = await zipperOf();
    const [slow, silent] = [await relayOf(zipper, 400), await relayOf(await zipperOf())];
    const [observed, other] = [clientOf(slow.port), clientOf(silent.port)];
    await connected(observed, other);
    silent.cut();
    const ended: string[] = [];
    // QUIC alone keeps a closed connection for three times what an answer takes at its slowest, here longer than 5 s.
    const silence = reasonOf(other, 'waiting').then(() => ended.push('silence'));
    await Promise.race([observed.client.close().then(() => ended.push('closed')), silence]);
    assert.deepEqual(ended, ['closed']);
    await eventually('the zipper knows', () => zipper.closings.length === 1);
    assert.equal(zipper.closings[0]?.reason, 'closed');
  });

  test('what is no packet of a connection is dropped, and the connection lives on', async () => {
    const zipper = await zipperOf();
    const relay = await relayOf(zipper);
    const observed = clientOf(relay.port, { kind: 'function', observe: [1] });
    await connected(observed);
    for (let length = 0; length < 200; length += 1) {
      const packet = randomBytes(length);
      // a short header, a long one of QUIC v1, or neither
      if (length % 3 === 1) packet[0] = 0x40;
      if (length % 3 === 2) packet.set([0xc0, 0, 0, 0, 1].slice(0, length));
      relay.inject(packet);
    }
    zipper.route({ type: 'data', tag: 1, metadata: new Uint8Array(0), payload: Buffer.from('yomo') }, 'test');
    await eventually('what is sent comes', () => observed.frames.length === 1, 20);
    assert.ok(observed.states.every(({ kind }) => kind === 'connecting' || kind === 'connected'));
  });

  test('packets that come at once are acknowledged at once', async () => {
    const zipper = await zipperOf();
    const { port, packets } = await relayOf(zipper);
    const observed = clientOf(port, { kind: 'function', observe: [1] });
    await connected(observed);
    const before = { ...packets };
    zipper.route({ type: 'data', tag: 1, metadata: new Uint8Array(0), payload: Buffer.alloc(1024 * 1024) }, 'test');
    await eventually('it has come', () => observed.frames.length === 1, 30);
    const taken = packets.toClients - before.toClients;
    const sent = packets.fromClients - before.fromClients;
    assert.ok(taken > 500 && sent < taken / 2, `${String(sent)} packets in answer to ${String(taken)}`);
  });

  test('packets that the system does not send end the attempt with the reason, and nothing else', async () => {
    // Broadcast is not allowed to a socket that has not asked for it.
    const dial = quicTransport.dial('255.255.255.255', 9, options, new AbortController().signal);
    await assert.rejects(dial, { name: 'YomoError', code: 'zipper', message: /EACCES|EADDRNOTAVAIL|EINVAL/ });
  });

  test('a fault that ends the thread ends no more than its connections, which come back in another one', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker): void => {
      threads.push(thread);
    };
    process.on('worker', note);
    const zipper = await zipperOf();
    const clients = [clientOf(zipper.port), clientOf(zipper.port)];
    await connected(...clients);
    assert.equal(threads.length, 1);
    await threads[0]?.terminate();
    for (const client of clients) assert.match(await reasonOf(client, 'waiting'), /thread of QUIC has ended/);
    await connected(...clients);
    assert.equal(threads.length, 2);
    process.off('worker', note);
  });

  test('an attempt that is ended is told as such', async () => {
    const abort = new AbortController();
    const dial = quicTransport.dial('127.0.0.1', await freePort(), options, abort.signal);
    abort.abort();
    await assert.rejects(dial, { code: 'closed' });
  });
});

describe('without the package of QUIC', () => {
  test('an error names the package, how to install it, and where it runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'no-quic-'));
    try {
      cpSync(join(repository, 'dist', 'yomo'), join(folder, 'yomo'), { recursive: true });
      const { quicTransport: alone } = createRequire(__filename)(
        join(folder, 'yomo', 'quic-transport.js'),
      ) as typeof QuicTransport;
      await assert.rejects(alone.dial('127.0.0.1', 9, options, new AbortController().signal), {
        name: 'YomoError',
        code: 'transport',
        message: /"npm install @infisical\/quic".*Linux.*arm64.*glibc 2\.34.*macOS.*Windows/,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
