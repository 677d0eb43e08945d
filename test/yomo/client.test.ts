/** What goes through a zipper, and who is taken by it. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { decodeMetadata } from '#dist/yomo/metadata';
import { quicTransport } from '#dist/yomo/quic-transport';
import type { Transport } from '#dist/yomo/transport';
import { makeCertificate } from '../support/certificate';
import { eventually } from '../support/node-red';
import {
  clientOf,
  closeAll,
  connected,
  frameOf,
  numbered,
  reasonOf,
  textsOf,
  zipperOf,
} from '../support/zipper-clients';

const LONG = process.env.TEST_LONG !== undefined;
const FRAMES = LONG ? 100_000 : 2000;

describe('frames through a zipper', () => {
  afterEach(closeAll);

  test('a stream function gets what a source writes, with its metadata', async () => {
    const zipper = await zipperOf();
    const source = clientOf(zipper.port);
    const receiver = clientOf(zipper.port, { kind: 'function', observe: [0x33] });
    await connected(source, receiver);
    const metadata = new Map([
      ['a', '1'],
      ['b', '2'],
    ]);
    await source.client.send(frameOf(0x34, 'for nobody'));
    await source.client.send(frameOf(0x33, 'hello', metadata));
    await eventually('a frame', () => receiver.frames.length > 0);
    const [frame] = receiver.frames;
    assert.deepEqual([frame?.tag, String(frame?.payload), frame?.metadata.get('b')], [0x33, 'hello', '2']);
  });

  test("a frame names its source and a trace, as those of YoMo's own clients, unless its metadata does", async () => {
    const zipper = await zipperOf();
    const source = clientOf(zipper.port);
    await connected(source);
    const [id, trace] = ['yomo-source-id', 'yomo-tid'];
    const given = new Map([
      [id, 'elsewhere'],
      [trace, 'given'],
    ]);
    for (const metadata of [undefined, new Map([['a', '1']]), given])
      await source.client.send(frameOf(1, '', metadata));
    await eventually('the frames', () => zipper.received.length === 3);
    const [bare, other, whole] = zipper.received.map(({ metadata }) => decodeMetadata(metadata));
    assert.match(zipper.handshakes[0]?.clientId ?? '', new RegExp(`^${bare?.get(id) ?? 'none'}-0$`));
    assert.equal(other?.get(id), bare?.get(id));
    assert.deepEqual([...(other?.keys() ?? [])].sort(), ['a', id, trace]);
    assert.notEqual(other?.get(trace), bare?.get(trace));
    assert.deepEqual(whole, given);
  });

  test('every stream function that observes a tag gets each frame, one of two targets its own only', async () => {
    const zipper = await zipperOf();
    const source = clientOf(zipper.port);
    const receivers = ['', 't1', 't2'].map((target) =>
      clientOf(zipper.port, { kind: 'function', observe: [1, 2], target }),
    );
    await connected(source, ...receivers);
    await source.client.send(frameOf(1, 'all'));
    await source.client.send(frameOf(1, 'one', new Map([['yomo-target', 't1']])));
    await source.client.send(frameOf(2, 'end'));
    await eventually('the end', () => receivers.every(({ frames }) => frames.some(({ tag }) => tag === 2)));
    assert.deepEqual(
      receivers.map(({ frames }) => textsOf(frames)),
      [
        ['all', 'end'],
        ['all', 'one', 'end'],
        ['all', 'end'],
      ],
    );
  });

  test(`${String(FRAMES)} frames come each way, in order`, async (context) => {
    const zipper = await zipperOf();
    const near = clientOf(zipper.port, { kind: 'function', observe: [2] });
    const far = clientOf(zipper.port, { kind: 'function', observe: [1] });
    await connected(near, far);
    const start = performance.now();
    await Promise.all([
      ...numbered('near', FRAMES).map((text) => near.client.send(frameOf(1, text))),
      ...numbered('far', FRAMES).map((text) => far.client.send(frameOf(2, text))),
    ]);
    await eventually('all', () => near.frames.length >= FRAMES && far.frames.length >= FRAMES, 100);
    context.diagnostic(`${String(2 * FRAMES)} frames in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    assert.deepEqual(textsOf(far.frames), numbered('near', FRAMES));
    assert.deepEqual(textsOf(near.frames), numbered('far', FRAMES));
  });

  test('a payload of 3 MiB comes whole', async () => {
    const zipper = await zipperOf();
    const source = clientOf(zipper.port);
    const receiver = clientOf(zipper.port, { kind: 'function', observe: [1] });
    await connected(source, receiver);
    const payload = Buffer.from(Array.from({ length: 3 * 1024 }, (_, index) => index % 251)).toString('latin1');
    const bytes = Buffer.alloc(3 * 1024 * 1024, payload, 'latin1');
    await source.client.send(frameOf(1, bytes));
    await eventually('a frame', () => receiver.frames.length > 0, 60);
    assert.ok(bytes.equals(receiver.frames[0]?.payload ?? new Uint8Array(0)));
  });

  test('what cannot be sent is an error that says why', async () => {
    const zipper = await zipperOf();
    const { client } = clientOf(zipper.port, { kind: 'function', observe: [7] });
    for (const tag of [0xf000, 0xffff, -1, 1.5, 2 ** 32, NaN]) {
      await assert.rejects(client.send(frameOf(tag, 'x')), { name: 'YomoError', code: 'tag' });
    }
    await assert.rejects(client.send(frameOf(7, 'x')), { code: 'tag', message: /for ever/ });
    const large = frameOf(1, new Uint8Array(16 * 1024 * 1024));
    await assert.rejects(client.send(large), { code: 'payload', message: /at most 16777216/ });
  });
});

describe('a client that is not taken', () => {
  afterEach(closeAll);

  test('a token opens the zipper', async () => {
    const zipper = await zipperOf({ token: 'a:b' });
    const known = clientOf(zipper.port, {}, { credential: 'token:a:b' });
    await connected(known);
  });

  for (const token of ['s3cret-9b1', `eyJ${'x'.repeat(400)}`]) {
    test(`a token of ${String(token.length)} letters that the zipper repeats in its rejection is told to nobody`, async () => {
      const zipper = await zipperOf({ reject: `invalid token: ${token}` });
      const stranger = clientOf(zipper.port, {}, { credential: `token:${token}` });
      assert.match(await reasonOf(stranger, 'rejected'), /does not take this client: invalid token: …\./);
      await assert.rejects(stranger.client.send(frameOf(1, 'x')), (error) => {
        assert.ok(
          !JSON.stringify([String(error), (error as Error).stack, (error as Error).cause]).includes(token.slice(0, 8)),
        );
        return true;
      });
    });
  }

  test('one that is rejected says why, does not try again, and takes nothing more', async () => {
    const zipper = await zipperOf({ token: 'right' });
    const stranger = clientOf(zipper.port, {}, { credential: 'token:wrong' });
    const waiting = assert.rejects(stranger.client.send(frameOf(1, 'x')), { code: 'rejected' });
    assert.match(await reasonOf(stranger, 'rejected'), /does not take this client: authentication failed\./);
    await waiting;
    await assert.rejects(stranger.client.send(frameOf(1, 'x')), { code: 'rejected', message: /authentication/ });
    // Another client is lost and comes back meanwhile: time enough for a second attempt.
    const other = clientOf(zipper.port, {}, { credential: 'token:right' });
    await connected(other);
    for (const round of [1, 2]) {
      zipper.goaway('round');
      await eventually('back', () => zipper.handshakes.length === 2 + round && zipper.clients.length === 1);
    }
    assert.deepEqual(
      stranger.states.map(({ kind }) => kind),
      ['connecting', 'rejected'],
    );
    assert.equal(stranger.log.length, 1);
  });

  test('a zipper that closes right behind its rejection has said why: by the one, or by the other where it took over', async () => {
    const zipper = await zipperOf({ reject: 'not here', closes: 'no more' });
    const clients = Array.from({ length: 10 }, () => clientOf(zipper.port));
    for (const { states } of clients) {
      const first = await eventually('an answer', () => states.find(({ kind }) => kind !== 'connecting'));
      assert.match('reason' in first ? first.reason : '', /this client: not here\.|closed the connection: no more\./);
    }
  });

  test('one that closes without an answer is told by the reason of the close, and tried again', async () => {
    const zipper = await zipperOf({ closes: 'too many' });
    const client = clientOf(zipper.port);
    assert.match(await reasonOf(client, 'waiting'), /closed the connection: too many\./);
    await eventually('another attempt', () => zipper.handshakes.length === 2);
  });

  test('an unknown version is rejected by the double as by a zipper', async () => {
    const zipper = await zipperOf({ reject: 'version 2099-01-01 is not 2024-01-03\u0007\nreally' });
    const client = clientOf(zipper.port);
    assert.match(await reasonOf(client, 'rejected'), /2099-01-01 is not 2024-01-03 really\./);
  });
});

describe('a zipper that sends a client elsewhere', () => {
  afterEach(closeAll);

  test('connect_to is followed, and the endpoint is told', async () => {
    const second = await zipperOf();
    const first = await zipperOf({ connectTo: second.endpoint });
    const client = clientOf(first.port);
    await connected(client);
    assert.deepEqual(client.client.state, { kind: 'connected', endpoint: second.endpoint });
    assert.equal(first.handshakes.length, 1);
    assert.notEqual(first.handshakes[0]?.clientId, second.handshakes[0]?.clientId);
  });

  test('a circle ends with a reason, and is tried again later', async () => {
    const { port } = await zipperOf();
    await closeAll();
    const circle = await zipperOf({ port, connectTo: `127.0.0.1:${String(port)}` });
    const client = clientOf(port);
    assert.match(await reasonOf(client, 'waiting'), /more than 5 times/);
    assert.equal(circle.handshakes.length, 6);
  });

  test('what is no endpoint is told', async () => {
    const zipper = await zipperOf({ connectTo: 'somewhere' });
    assert.match(await reasonOf(clientOf(zipper.port), 'waiting'), /no host and port/);
  });

  test('goaway is told with its reason, and the client comes back as another one', async () => {
    const zipper = await zipperOf();
    const client = clientOf(zipper.port);
    await connected(client);
    zipper.goaway('maintenance');
    assert.match(await reasonOf(client, 'waiting'), /sent the client away: maintenance\./);
    await connected(client);
    const [first, second] = zipper.handshakes;
    assert.notEqual(first?.clientId, second?.clientId);
    assert.equal(zipper.closings[0]?.code, 0x13);
    const waiting = client.states.find((state) => state.kind === 'waiting');
    assert.ok(waiting?.kind === 'waiting' && waiting.retryIn >= 250 && waiting.retryIn <= 500);
  });
});

describe('the certificate of a zipper', () => {
  afterEach(closeAll);

  const authority = { ...makeCertificate(['Test authority']), name: 'Test authority' };
  const certificate = makeCertificate(['localhost'], authority);

  test('is not looked at unless asked', async () => {
    const { port } = await zipperOf({ certificate: makeCertificate(['elsewhere']) });
    await connected(clientOf(port));
  });

  test('is verified against the authorities of the CA file, by the name of the host', async () => {
    const { port } = await zipperOf({ certificate });
    await connected(clientOf(port, {}, { host: 'localhost', verify: true, ca: authority.certificate }));
  });

  /** A network where every name is that of this machine. */
  const loopback: Transport = {
    dial: (host, port, options, signal) =>
      quicTransport.dial('127.0.0.1', port, { ...options, serverName: options.serverName ?? host }, signal),
  };

  /** A client of `one.test`, which sends it on; where it is sent, a zipper has a certificate for `name`. */
  async function sentOn(name: string, to: (port: number) => string) {
    const second = await zipperOf({ certificate: makeCertificate([name], authority) });
    const first = await zipperOf({
      certificate: makeCertificate(['one.test'], authority),
      connectTo: to(second.port),
    });
    const address = { host: 'one.test', verify: true, ca: authority.certificate };
    return { first, second, client: clientOf(first.port, {}, address, loopback) };
  }

  test('is that of the zipper which a client is sent on to, for its own name', async () => {
    const { second, client } = await sentOn('two.test', (port) => `two.test:${String(port)}`);
    await connected(client);
    assert.equal(second.clients.length, 1);
  });

  test('is refused where a client is sent on to a name that it is not for, even though it is for the first one', async () => {
    const { first, second, client } = await sentOn('one.test', (port) => `two.test:${String(port)}`);
    assert.match(await reasonOf(client, 'waiting'), /certificate of the zipper is not trusted/);
    assert.deepEqual([first.handshakes.length, second.handshakes.length], [1, 0]);
  });

  test('is for the name from the settings where a client is sent on to an address', async () => {
    const { second, client } = await sentOn('one.test', (port) => `127.0.0.1:${String(port)}`);
    await connected(client);
    assert.equal(second.clients.length, 1);
  });

  test('is refused where a client is sent on to an address, and it is for another name', async () => {
    const { second, client } = await sentOn('two.test', (port) => `127.0.0.1:${String(port)}`);
    assert.match(await reasonOf(client, 'waiting'), /certificate of the zipper is not trusted/);
    assert.equal(second.handshakes.length, 0);
  });

  for (const [title, names, ca] of [
    ['of another authority', ['localhost'], makeCertificate(['Other authority']).certificate],
    ['for another name', ['elsewhere'], authority.certificate],
  ] as const) {
    test(`is refused when it is ${title}`, async () => {
      const { port } = await zipperOf({ certificate: makeCertificate(names, authority) });
      const client = clientOf(port, {}, { host: 'localhost', verify: true, ca });
      assert.match(await reasonOf(client, 'waiting'), /certificate of the zipper is not trusted/);
    });
  }

  for (const [title, address, reason] of [
    ['a CA file that is none', { host: 'localhost', ca: 'nothing' }, /no certificate that can be read/],
    ['an address instead of a name', { host: '127.0.0.1' }, /Name the zipper, or do not verify/],
  ] as const) {
    test(`${title} is told at once, and not tried again`, async () => {
      const client = clientOf(9, {}, { verify: true, ...address });
      assert.match(await reasonOf(client, 'rejected'), reason);
      await assert.rejects(client.client.send(frameOf(1, 'x')), { code: 'configuration' });
    });
  }
});
