/** What a client may send to an embedded broker: so much before it is accepted, so much in one packet. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { generate } from 'mqtt-packet';
import { WebSocket } from 'ws';
import { startEmbeddedBroker, type EmbeddedBroker } from '#dist/mqtt/embedded-broker';
import { MOST_BEFORE_ACCEPTED, MOST_OF_PACKET, PacketLengths } from '#dist/mqtt/incoming-bound';
import { endClients, Probe } from '../support/mqtt';
import { eventually, freePort } from '../support/node-red';

after(endClients);

/** PUBLISH, or CONNECT, that is to have so many bytes of content. */
function header(first: number, length: number): Buffer {
  const bytes = [first];
  do {
    const rest = Math.floor(length / 0x80);
    bytes.push((length % 0x80) + (rest > 0 ? 0x80 : 0));
    length = rest;
  } while (length > 0);
  return Buffer.from(bytes);
}

const PUBLISH = 0x30;
const CONNECT = 0x10;
const MIB = 1024 * 1024;

/** Resolves when the connection has ended, by an error or not. */
function closed(socket: Socket | WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
}

/** Sends pieces of 64 KiB until the other side has had enough, or all are sent. @returns bytes that were sent */
async function flood(socket: Socket, total: number): Promise<number> {
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (sent < total && !socket.destroyed) {
    sent += piece.length;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), closed(socket)]).catch(() => undefined);
  }
  return sent;
}

for (const transport of ['tcp', 'websocket'] as const) {
  describe(`an embedded broker over ${transport}`, () => {
    let broker: EmbeddedBroker;
    let port: number;
    let warnings: string[];

    beforeEach(async () => {
      port = await freePort();
      warnings = [];
      broker = await startEmbeddedBroker({
        bind: '127.0.0.1',
        port,
        transport,
        credentials: { user: 'user', password: 'right' },
        warn: (text) => warnings.push(text),
      });
    });
    afterEach(async () => {
      await endClients();
      await broker.release();
    });

    const url = (): string => `${transport === 'tcp' ? 'mqtt' : 'ws'}://user:right@127.0.0.1:${String(port)}`;

    test('cuts off a stranger that sends more than a CONNECT can have', async () => {
      if (transport === 'tcp') {
        for (let round = 0; round < 3; round++) {
          const socket = connect(port, '127.0.0.1').on('error', () => undefined);
          await once(socket, 'connect');
          socket.write(header(CONNECT, 60 * MIB));
          const end = closed(socket);
          await flood(socket, 60 * MIB);
          await end;
          assert.ok(socket.bytesWritten < 40 * MIB, `${String(socket.bytesWritten)} bytes were taken`);
        }
      } else {
        const socket = new WebSocket(`ws://127.0.0.1:${String(port)}`, 'mqtt').on('error', () => undefined);
        await once(socket, 'open');
        const end = closed(socket);
        socket.send(Buffer.concat([header(CONNECT, 60 * MIB), Buffer.alloc(2 * MOST_BEFORE_ACCEPTED)]));
        await end;
      }
      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(warnings[0] ?? '', /sent more than 1 MiB before it was accepted/);
    });

    test('takes a large packet of a client that it has accepted', async () => {
      const probe = await Probe.connect(url(), {}, 'large');
      await probe.client.publishAsync('large', Buffer.alloc(3 * MIB), { qos: 1 });
      await eventually('it came', () => probe.received[0]?.payload.length === 3 * MIB);
      assert.deepEqual(warnings, []);
    });

    test('cuts off a client that announces too large a packet, and serves the others', async () => {
      const other = await Probe.connect(url(), {}, 'other');
      const login = generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: 'much',
        keepalive: 0,
        username: 'user',
        password: Buffer.from('right'),
      });
      const announced = header(PUBLISH, MOST_OF_PACKET + 1);
      if (transport === 'tcp') {
        const socket = connect(port, '127.0.0.1').on('error', () => undefined);
        socket.write(login);
        await once(socket, 'data');
        const end = closed(socket);
        socket.write(announced);
        await end;
      } else {
        const socket = new WebSocket(`ws://127.0.0.1:${String(port)}`, 'mqtt').on('error', () => undefined);
        await once(socket, 'open');
        socket.send(login);
        await once(socket, 'message');
        const end = closed(socket);
        socket.send(announced);
        await end;
      }
      assert.match(
        warnings.join('\n'),
        /^The embedded broker has cut off a client that sent a packet of more than 64 MiB\..*$/,
      );
      await other.client.publishAsync('other', 'x', { qos: 1 });
      await eventually('it came', () => other.payloads.includes('x'));
    });
  });
}

test('the lengths of packets are found however their bytes are cut', () => {
  const sizes = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152];
  const bytes = Buffer.concat(sizes.flatMap((size) => [header(PUBLISH, size), Buffer.alloc(size, 0xff)]));
  for (const piece of [1, 2, 3, 1000, 65_536, bytes.length]) {
    const lengths = new PacketLengths();
    const found: number[] = [];
    for (let at = 0; at < bytes.length; at += piece) {
      const longest = lengths.longestIn(bytes.subarray(at, at + piece));
      if (longest > 0) found.push(longest);
    }
    assert.equal(Math.max(...found), 2_097_152);
    if (piece === 1) assert.deepEqual(found, sizes.slice(1));
  }
  assert.equal(new PacketLengths().longestIn(header(PUBLISH, 268_435_455)), 268_435_455, 'the longest there can be');
});
