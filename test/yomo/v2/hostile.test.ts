/** What strangers may try on a tool, and a tool on who calls it: through a real zipper, by streams made by hand. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { ALPN_V2, CLOSE_CODE, IDLE_TIMEOUT_V2 } from '#dist/yomo/limits';
import { quicTransport } from '#dist/yomo/quic-transport';
import type { ByteStream, Connection } from '#dist/yomo/transport';
import { ToolClient, type ToolOptions } from '#dist/yomo/v2/client';
import { encodeMessage, readMessage } from '#dist/yomo/v2/exchange';
import { encodeFrames } from '#dist/yomo/v2/frames';
import { encodeRegistration, encodeRequestHead, parseReplyHead, type ReplyHead } from '#dist/yomo/v2/heads';
import { eventually } from '../../support/node-red';
import { RealZipper, stopZippers, zipperMissing } from '../../support/yomo-v2';

const LONG = process.env.TEST_LONG !== undefined;
const MiB = 1024 * 1024;
/** More than the streams that QUIC allows by default. */
const MANY = 120;

const head = (bodyFormat: 'bytes' | 'chunk' = 'bytes'): Buffer =>
  encodeRequestHead({ name: 'tool', traceId: '', spanId: '', bodyFormat, extension: '' });

/** A stream with a request on it, which its caller never ends. */
function request(connection: Connection, bytes: Uint8Array) {
  const stream = connection.open();
  const asked: { reply?: ReplyHead; readonly stream: ByteStream } = { stream };
  readMessage(stream, parseReplyHead).then(
    ({ head: reply }) => (asked.reply = reply),
    () => undefined,
  );
  stream.write(bytes).catch(() => undefined);
  return asked;
}

describe('strangers and a tool of YoMo 2', { skip: zipperMissing }, () => {
  let zipper: RealZipper;
  const connections: Connection[] = [];
  const clients: ToolClient[] = [];

  const registrations = (name: string): number => zipper.output.split(`client_name=${name}\n`).length - 1;

  /** A client that does by hand what it likes. */
  async function stranger(name: string): Promise<Connection> {
    const options = { alpn: ALPN_V2, verify: false, idleTimeout: IDLE_TIMEOUT_V2 };
    const connection = await quicTransport.dial('127.0.0.1', zipper.port, options, new AbortController().signal);
    connections.push(connection);
    const earlier = registrations(name);
    const stream = connection.open();
    const answer = readMessage(stream, parseReplyHead);
    await stream.write(encodeMessage(encodeRegistration(name, '')));
    await stream.end();
    assert.equal((await answer).head.status, 200);
    await eventually('it may call', () => registrations(name) > earlier);
    return connection;
  }

  async function join(name: string, options: Partial<ToolOptions> = {}): Promise<ToolClient> {
    const earlier = registrations(name);
    const client = new ToolClient(
      { host: '127.0.0.1', port: zipper.port, verify: false },
      { name, buffer: 10, ...options },
    );
    clients.push(client);
    client.onRequest((asked) => void asked.answer(asked.body));
    client.open();
    await eventually('connected', () => client.state.kind === 'connected' && registrations(name) > earlier, 30);
    return client;
  }

  const callsWork = async (): Promise<void> => {
    const { status, body } = await zipper.call('tool', 'hello');
    assert.deepEqual([status, body.toString()], [200, 'hello']);
  };

  before(async () => {
    zipper = await RealZipper.start();
  });
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close(CLOSE_CODE, '')));
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  after(stopZippers);

  test('requests that never end keep nobody out, and are told in time that they took too long', async () => {
    await join('tool', { incoming: { requestTimeout: 2000 } });
    const connection = await stranger('stranger');
    const asked = Array.from({ length: MANY }, () => request(connection, encodeFrames(head())));
    await callsWork();
    await eventually('all are refused', () => asked.every(({ reply }) => reply?.status === 408), 20);
    await callsWork();
  });

  test('where there is room for no more of them, the oldest are told at once', async () => {
    const room = 20;
    await join('tool', { incoming: { maxRequests: room } });
    const connection = await stranger('stranger');
    const asked = Array.from({ length: MANY }, () => request(connection, encodeFrames(head())));
    const refused = (): number => asked.filter(({ reply }) => reply?.status === 503).length;
    await eventually('the rest is refused', () => refused() === MANY - room, 20);
    await callsWork();
    await eventually('one more has made room', () => refused() === MANY - room + 1, 20);
  });

  test('callers that never end their side get their answer, and use up no streams', async () => {
    await join('tool');
    const connection = await stranger('stranger');
    for (let round = 0; round < (LONG ? 8 : 2); round += 1) {
      const asked = Array.from({ length: MANY }, () => request(connection, encodeMessage(head(), Buffer.from('x'))));
      await eventually('all are answered', () => asked.every(({ reply }) => reply?.status === 200), 20);
    }
    await callsWork();
  });

  test('bodies that dribble have a limit together: the oldest is told, and the memory is let go', async () => {
    await join('tool', { incoming: { maxBytes: 2.5 * MiB } });
    const connection = await stranger('stranger');
    const half = encodeMessage(head(), Buffer.alloc(MiB)).subarray(0, -1);
    const first = request(connection, half);
    const second = request(connection, half);
    const third = request(connection, half);
    await eventually('one is refused', () => [first, second, third].some(({ reply }) => reply?.status === 503), 20);
    await callsWork();
    const answered = [first, second, third].filter(({ reply }) => reply === undefined);
    for (const { stream } of answered) await stream.write(Uint8Array.of(0));
    await eventually('the others are answered', () => answered.every(({ reply }) => reply?.status === 200), 20);
  });

  test('a frame longer than allowed: the caller is told what is wrong, and not only cut off', async () => {
    await join('tool');
    const connection = await stranger('stranger');
    const asked = request(connection, Buffer.concat([encodeFrames(head()), Buffer.alloc(4, 0xff)]));
    await eventually('told', () => asked.reply !== undefined, 20);
    assert.equal(asked.reply?.status, 400);
    assert.match(asked.reply?.error ?? '', /4294967295 bytes; YoMo v2 carries at most 4194304/);
    await callsWork();
  });
});
