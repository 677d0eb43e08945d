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
    const { certificate, key } = makeCertificate(['127.0.0.1']);
    server = new QUICServer({
      crypto: { key: toArrayBuffer(randomBytes(32)), ops: tokenOps },
      config: { cert: certificate, key, applicationProtos: [ALPN], maxIdleTimeout: 5000, readableChunkSize: 65_536 },
      logger: silent as never,
    });
    server.addEventListener(events.EventQUICServerConnection.name, (event) => {
      const { detail } = event as unknown as { detail: QUICConnection };
      detail.addEventListener(events.EventQUICConnectionStream.name, (opened) => {
        void read((opened as unknown as { detail: QUICStream }).detail).catch(() => ended.push(-1));
      });
    });
    await server.start({ host: '127.0.0.1', port: 0 });
    const options = { alpn: ALPN, verify: false, idleTimeout: 5000 };
    connection = await quicTransport.dial('127.0.0.1', Number(server.port), options, new AbortController().signal);
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
