/** Many streams of one QUIC connection, with a server that reads them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { events, QUICServer, type QUICConnection, type QUICStream } from '@infisical/quic';
import { quicTransport } from '#dist/yomo/quic-transport';
import type { Connection } from '#dist/yomo/transport';
import { makeCertificate } from '../support/certificate';
import { eventually } from '../support/node-red';
import { silent, tokenOps, toArrayBuffer } from '../support/zipper';

const ALPN = 'streams';

/** @param onStream given each stream that a client opens */
async function serve(config: object, onStream: (stream: QUICStream) => void): Promise<QUICServer> {
  const { certificate, key } = makeCertificate(['127.0.0.1']);
  const own = { cert: certificate, key, applicationProtos: [ALPN], maxIdleTimeout: 5000, readableChunkSize: 65_536 };
  const server = new QUICServer({
    crypto: { key: toArrayBuffer(randomBytes(32)), ops: tokenOps },
    config: { ...own, ...config },
    logger: silent as never,
  });
  server.addEventListener(events.EventQUICServerConnection.name, (event) => {
    const { detail } = event as unknown as { detail: QUICConnection };
    detail.addEventListener(events.EventQUICConnectionStream.name, (opened) => {
      onStream((opened as unknown as { detail: QUICStream }).detail);
    });
  });
  await server.start({ host: '127.0.0.1', port: 0 });
  return server;
}

function dial(server: QUICServer): Promise<Connection> {
  const options = { alpn: ALPN, verify: false, idleTimeout: 5000 };
  return quicTransport.dial('127.0.0.1', Number(server.port), options, new AbortController().signal);
}

describe('streams of a QUIC connection', () => {
  let server: QUICServer;
  let connection: Connection;
  /** Lengths of what came on streams that have ended, in the order in which they did; -1 of one that was given up. */
  let ended: number[] = [];
  const accepted: QUICStream[] = [];

  async function read(stream: QUICStream): Promise<void> {
    accepted.push(stream);
    let length = 0;
    for await (const chunk of stream.readable) length += (chunk as Uint8Array).length;
    ended.push(length);
  }

  before(async () => {
    server = await serve({}, (stream) => void read(stream).catch(() => ended.push(-1)));
    connection = await dial(server);
  });
  after(async () => {
    await connection.close(0, '');
    await server.stop();
  });

  test('a small one does not wait for large ones that were there before it', async () => {
    ended = [];
    // Less than the other end takes of a stream unread, so that none is held up by that.
    const large = 256 * 1024;
    for (const size of [large, large, large, large, large, large, 5]) {
      const stream = connection.open();
      stream.write(new Uint8Array(size)).catch(() => undefined);
      void stream.end();
    }
    await eventually('all have come', () => ended.length === 7, 30);
    assert.ok(ended.indexOf(5) < 3, ended.join(', '));
  });

  test('one that the other end gives up says so to who writes, and others go on', async () => {
    ended = [];
    const given = connection.open();
    const before = accepted.length;
    await given.write(Buffer.from('x'));
    await eventually('it has come', () => accepted.length > before);
    accepted.at(-1)?.cancel('enough');
    assert.equal(await given.ended, 'broken');
    await assert.rejects(given.write(new Uint8Array(1000)), /ended/);
    await given.end();
    const other = connection.open();
    await other.write(Buffer.from('yomo'));
    await other.end();
    await eventually('the other has come', () => ended.includes(4));
  });

  test('one that is given up here ends at both ends, also before anything was written', async () => {
    const never = connection.open();
    never.cancel();
    assert.equal(await never.ended, 'broken');
    await assert.rejects(never.write(Buffer.from('x')), /ended/);
    ended = [];
    const begun = connection.open();
    const before = accepted.length;
    await begun.write(Buffer.from('x'));
    await eventually('it has come', () => accepted.length > before);
    begun.cancel();
    assert.equal(await begun.ended, 'broken');
    await eventually('the other end knows', () => ended.includes(-1));
  });
});

describe('streams of a connection whose other end allows one at once', () => {
  let server: QUICServer;
  const accepted: QUICStream[] = [];

  before(async () => {
    server = await serve({ initialMaxStreamsBidi: 1 }, (stream) => accepted.push(stream));
  });
  after(() => server.stop());

  test('one more waits until the first has ended at both ends, and one that was given up before takes no place', async () => {
    const connection = await dial(server);
    try {
      const first = connection.open();
      await first.write(Buffer.from('first'));
      await eventually('the first has come', () => accepted.length === 1);
      const never = connection.open();
      never.write(Buffer.from('never')).catch(() => undefined);
      const second = connection.open();
      const written = second.write(Buffer.from('second'));
      never.cancel();
      assert.equal(await never.ended, 'broken');
      assert.equal(accepted.length, 1);
      await first.end();
      await accepted[0]?.writable.close();
      for await (const chunk of accepted[0]?.readable ?? [])
        assert.equal(String(Buffer.from(chunk as Uint8Array)), 'first');
      await written;
      await eventually('the second has come', () => accepted.length === 2);
    } finally {
      await connection.close(0, '');
    }
  });
});
