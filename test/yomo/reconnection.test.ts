/** What a client does about everything that may happen to its connection. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { encodeFrame } from '#dist/yomo/frames';
import { FIRST_RETRY } from '#dist/yomo/limits';
import { eventually } from '../support/node-red';
import {
  clientOf,
  closeAll,
  connected,
  frameOf,
  numbered,
  reasonOf,
  relayOf,
  textsOf,
  zipperOf,
} from '../support/zipper-clients';

const LONG = process.env.TEST_LONG !== undefined;

describe('a connection that goes', () => {
  afterEach(closeAll);

  test('frames wait in order and are sent when the zipper is back on its port', async () => {
    const first = await zipperOf();
    const { port } = first;
    const { client, ...observed } = clientOf(port);
    await connected({ client, ...observed });
    const [early, late] = [numbered('early', 20), numbered('late', 20)];
    await Promise.all(early.map((text) => client.send(frameOf(1, text))));
    await eventually('the early ones', () => first.received.length === early.length);
    await first.stop('updated');
    assert.match(await reasonOf({ client, ...observed }, 'waiting'), /closed the connection: updated\./);
    const sent = Promise.all(late.map((text) => client.send(frameOf(1, text))));
    assert.equal(client.waiting, late.length);
    const second = await zipperOf({ port });
    await sent;
    await eventually('the late ones', () => second.received.length === late.length);
    assert.deepEqual(textsOf(second.received), late);
    assert.equal(client.waiting, 0);
  });

  test('a zipper that closes in the middle of a stream loses nothing that was not handed over', async () => {
    const first = await zipperOf();
    const { port } = first;
    const observed = clientOf(port, { buffer: 10_000 });
    await connected(observed);
    // Far more than what is written at once.
    const texts = numbered('frame', 1000).map((text) => text.padEnd(1000, '.'));
    let handedOver = 0;
    const send = async (text: string): Promise<void> => {
      await observed.client.send(frameOf(1, text));
      handedOver += 1;
    };
    const ends = texts.map(send);
    await eventually('some', () => first.received.length > 100);
    await first.stop();
    await reasonOf(observed, 'waiting');
    // However fast the first ones went, these have not.
    const late = numbered('late', 20);
    ends.push(...late.map(send));
    texts.push(...late);
    const before = handedOver;
    const second = await zipperOf({ port });
    await Promise.all(ends);
    await eventually('the last', () => textsOf(second.received.slice(-1))[0] === texts.at(-1));
    // In one piece up to the end: what is missing before it was handed over, what is there twice was being handed over.
    const rest = textsOf(second.received);
    assert.ok(rest.length < texts.length && rest.length >= texts.length - before);
    assert.deepEqual(rest, texts.slice(-rest.length));
  });

  test('a network that falls silent is noticed by the idle time-out, and the client comes back through it', async () => {
    const zipper = await zipperOf();
    const relay = await relayOf(zipper);
    const client = clientOf(relay.port);
    await connected(client);
    relay.cut();
    const sent = client.client.send(frameOf(1, 'meanwhile'));
    assert.match(await reasonOf(client, 'waiting'), /gone: nothing came from it for 5 s\./);
    relay.mend();
    await connected(client);
    await sent;
    const last = client.client.send(frameOf(1, 'after'));
    await last;
    await eventually('after', () => textsOf(zipper.received).includes('after'));
  });

  test(`${LONG ? '8' : '3'} s of silence do not end a connection, since the client keeps it alive`, async () => {
    const silence = LONG ? 8000 : 3000;
    const zipper = await zipperOf({ idleTimeout: LONG ? 5000 : 2000 });
    const client = clientOf(zipper.port);
    await connected(client);
    const start = performance.now();
    await eventually('the time is over', () => performance.now() - start > silence);
    await client.client.send(frameOf(1, 'still there'));
    await eventually('a frame', () => zipper.received.length === 1);
    assert.equal(zipper.handshakes.length, 1);
    assert.equal(client.states.filter(({ kind }) => kind === 'waiting').length, 0);
  });

  test('what is no frame ends the connection with a reason on both sides, and the client comes back', async () => {
    const zipper = await zipperOf();
    const client = clientOf(zipper.port, { kind: 'function', observe: [1] });
    await connected(client);
    for (const [bytes, reason] of [
      [Buffer.from('HTTP/1.1 400 Bad Request\r\n'), /not YoMo's protocol v1: .+/],
      [encodeFrame({ type: 'data', tag: 1, metadata: Buffer.from('x'), payload: Buffer.from('y') }), /no map/],
    ] as const) {
      const count = zipper.closings.length;
      zipper.clients[0]?.write(bytes);
      await eventually('closed', () => zipper.closings.length > count);
      assert.equal(zipper.closings.at(-1)?.code, 0x13);
      assert.match(zipper.closings.at(-1)?.reason ?? '', reason);
      await eventually('back', () => zipper.clients.length === 1);
    }
    const reasons = client.states.flatMap((state) => (state.kind === 'waiting' ? [state.reason] : []));
    assert.equal(reasons.length, 2);
    assert.deepEqual(client.frames, []);
  });

  test('a frame over 16 MiB is told as one, not as another protocol, and each ends the connection for longer', async () => {
    const zipper = await zipperOf();
    const client = clientOf(zipper.port, { kind: 'function', observe: [1] });
    const waits = () => client.states.flatMap((state) => (state.kind === 'waiting' ? [state] : []));
    for (const round of [1, 2, 3]) {
      await eventually('connected', () => zipper.clients.length === 1, 30);
      // The head of a frame of 16 MiB, its own bytes beyond that.
      zipper.clients[0]?.write(Buffer.from('bf88808000', 'hex'));
      await eventually('closed', () => zipper.closings.length === round && waits().length === round);
    }
    const reason =
      'A frame has 16777221 bytes; at most 16777216 are taken, so the connection is ended. Have whoever writes it send smaller payloads.';
    assert.deepEqual(
      waits().map((state) => state.reason),
      [reason, reason, reason],
    );
    assert.equal(zipper.closings[0]?.reason, reason);
    for (const [round, { retryIn }] of waits().entries()) {
      assert.ok(retryIn >= (FIRST_RETRY * 2 ** round) / 2, `${String(round)}: ${String(retryIn)}`);
    }
  });

  test('frames before a fault count', async () => {
    const zipper = await zipperOf();
    const client = clientOf(zipper.port, { kind: 'function', observe: [1] });
    await connected(client);
    const good = encodeFrame({ type: 'data', tag: 1, metadata: new Uint8Array(0), payload: Buffer.from('good') });
    zipper.clients[0]?.write(Buffer.concat([good, Buffer.from('bf7f', 'hex')]));
    await reasonOf(client, 'waiting');
    assert.deepEqual(textsOf(client.frames), ['good']);
  });
});

describe('a client without a zipper', () => {
  afterEach(closeAll);

  test('frames wait up to the buffer, each beyond it is an error, and what waits ends with the client', async () => {
    const zipper = await zipperOf({ isSilent: true });
    const { client } = clientOf(zipper.port, { buffer: 3 });
    const waiting = [1, 2, 3].map((tag) => assert.rejects(client.send(frameOf(tag, 'x')), { code: 'closed' }));
    await assert.rejects(client.send(frameOf(4, 'x')), { code: 'buffer', message: /3 messages wait/ });
    assert.equal(client.waiting, 3);
    await client.close();
    await Promise.all(waiting);
    assert.equal(client.waiting, 0);
    await assert.rejects(client.send(frameOf(5, 'x')), { code: 'closed' });
    assert.equal(client.state.kind, 'closed');
  });

  test('a name without an address is told', async () => {
    const client = clientOf(9, {}, { host: 'zipper.invalid' });
    assert.match(await reasonOf(client, 'waiting'), /has no address \(.+\)/);
  });

  test('a server of another protocol is told', async () => {
    const { port } = await zipperOf({ alpn: 'yomo-v2' });
    assert.match(await reasonOf(clientOf(port), 'waiting'), /Another protocol than YoMo v1/);
  });
});
