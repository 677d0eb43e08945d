/** The client of protocol v2 against a real zipper. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { ToolZipper } from '#dist/nodes/yomo-zipper/tool-zipper';
import { YomoClient } from '#dist/yomo/client';
import type { YomoState } from '#dist/yomo/state';
import { ToolClient, type ToolOptions } from '#dist/yomo/v2/client';
import type { ToolRequest } from '#dist/yomo/v2/request';
import type { ZipperAddress } from '#dist/yomo/settings';
import { eventually } from '../../support/node-red';
import { RealZipper, stopZippers, zipperMissing } from '../../support/yomo-v2';

const LONG = process.env.TEST_LONG !== undefined;
const MiB = 1024 * 1024;
const ignore = (): void => undefined;

describe('a client of protocol v2 and a zipper of YoMo 2', { skip: zipperMissing }, () => {
  let zipper: RealZipper;
  const clients: ToolClient[] = [];

  function clientOf(options: Partial<ToolOptions> & { name: string }, address: Partial<ZipperAddress> = {}) {
    const states: YomoState[] = [];
    const client = new ToolClient(
      { host: '127.0.0.1', port: zipper.port, verify: false, ...address },
      { buffer: 100, ...options },
    );
    client.onState((state) => states.push(state));
    clients.push(client);
    client.open();
    return { client, states };
  }

  async function join(options: Partial<ToolOptions> & { name: string }, answer?: (request: ToolRequest) => void) {
    const { client, states } = clientOf(options);
    if (answer !== undefined) client.onRequest(answer);
    const before = registrations(options.name);
    // A zipper answers before it passes calls on, and says so in between.
    await eventually('connected', () => client.state.kind === 'connected' && registrations(options.name) > before, 30);
    return { client, states };
  }

  function registrations(name: string): number {
    return zipper.output.split(`client_name=${name}\n`).length - 1;
  }

  const echo = (request: ToolRequest): void => {
    void request.answer(request.body);
  };

  before(async () => {
    zipper = await RealZipper.start();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  after(stopZippers);

  test('a tool is called by HTTP, and gets trace, span and extension', async () => {
    const seen: ToolRequest[] = [];
    await join({ name: 'shout' }, (request) => {
      seen.push(request);
      void request.answer(Buffer.from(request.body.toString().toUpperCase()));
    });
    const headers = { 'x-trace-id': 'trace', 'x-span-id': 'span', 'x-extension': '{"a":1}' };
    const { status, body } = await zipper.call('shout', 'hello', headers);
    assert.deepEqual([status, body.toString()], [200, 'HELLO']);
    assert.deepEqual(seen[0]?.head, {
      name: 'shout',
      traceId: 'trace',
      spanId: 'span',
      bodyFormat: 'bytes',
      extension: '{"a":1}',
    });
  });

  test('one client calls another; 3 MiB arrive as they were sent, and more than 4 MiB are refused before they are sent', async () => {
    await join({ name: 'hash' }, (request) => {
      void request.answer(createHash('sha256').update(request.body).digest());
    });
    const { client } = await join({ name: 'caller' });
    for (const length of [0, 1, (LONG ? 4 : 3) * MiB]) {
      const body = randomBytes(length);
      const reply = await client.call({ target: 'hash', body });
      assert.deepEqual(reply.body, createHash('sha256').update(body).digest(), `${String(length)} bytes`);
    }
    await assert.rejects(client.call({ target: 'hash', body: Buffer.alloc(4 * MiB + 1) }), {
      code: 'payload',
      message: /4194305 bytes; YoMo v2 carries at most 4194304/,
    });
  });

  test('300 calls, many at once, get each its own answer', async () => {
    await join({ name: 'echo' }, echo);
    const callers = await Promise.all([join({ name: 'one' }), join({ name: 'two' })]);
    const wanted = Array.from({ length: 150 }, (_, index) => String(index));
    const answers = await Promise.all(
      callers.map(({ client }) =>
        Promise.all(wanted.map((text) => client.call({ target: 'echo', body: Buffer.from(text) }))),
      ),
    );
    for (const answer of answers)
      assert.deepEqual(
        answer.map(({ body }) => body.toString()),
        wanted,
      );
  });

  test('a target that nobody is, is told to either kind of caller', async () => {
    const { client } = await join({ name: 'caller' });
    await assert.rejects(client.call({ target: 'nobody', body: Buffer.from('x') }), {
      code: 'tool',
      message: /^No tool of this name/,
      cause: {
        zipper: `127.0.0.1:${String(zipper.port)}`,
        target: 'nobody',
        status: 404,
        reason: 'downstream not found',
      },
    });
    assert.equal((await zipper.call('nobody', 'x')).status, 404);
    const { status, body } = await zipper.call('caller', 'x');
    assert.deepEqual([status, body.toString()], [404, 'This client calls tools and is none itself.']);
  });

  test('a request that is not answered in time gets 504, and an answer after that is refused', async () => {
    let late: ToolRequest | undefined;
    await join({ name: 'slow', answerTimeout: 200 }, (request) => (late = request));
    const { status, body } = await zipper.call('slow', 'x');
    assert.deepEqual([status, body.toString()], [504, 'The flow did not answer within 0.2 s.']);
    await assert.rejects(Promise.resolve(late?.answer(Buffer.from('y'))), {
      code: 'closed',
      message: /not open any more/,
    });
  });

  test('a request is answered once', async () => {
    let second: Promise<void> | undefined;
    await join({ name: 'twice' }, (request) => {
      void request.answer(Buffer.from('first'));
      second = request.answer(Buffer.from('second'));
      second.catch(() => undefined);
    });
    assert.equal((await zipper.call('twice', 'x')).body.toString(), 'first');
    await assert.rejects(second ?? Promise.resolve(), { code: 'closed' });
  });

  test('a client that closes tells who waits for it, and waits itself for its own calls', async () => {
    const asked: ToolRequest[] = [];
    const { client: deaf } = await join({ name: 'deaf' }, (request) => asked.push(request));
    const { client } = await join({ name: 'caller' });
    const call = client.call({ target: 'deaf', body: Buffer.from('x') });
    const refused = assert.rejects(call, { code: 'tool', message: /status 503: The flow was stopped or deployed/ });
    const http = zipper.call('deaf', 'x');
    await eventually('both have come', () => asked.length === 2);
    await Promise.all([client.close(), deaf.close()]);
    await refused;
    assert.equal((await http).status, 503);
  });

  test('a name that another client takes is lost for good', async () => {
    const first = await join({ name: 'taken' }, echo);
    await join({ name: 'taken' }, (request) => void request.answer(Buffer.from('second')));
    await eventually('the first is told', () => first.client.state.kind === 'rejected', 20);
    const { state } = first.client;
    assert.match(state.kind === 'rejected' ? state.reason : '', /^Another client has registered .* app name/);
    assert.equal((await zipper.call('taken', 'x')).body.toString(), 'second');
  });

  test('a blank name is rejected with the words of the zipper', async () => {
    const { client } = clientOf({ name: '' });
    await eventually('rejected', () => client.state.kind === 'rejected', 20);
    const { state } = client;
    assert.match(state.kind === 'rejected' ? state.reason : '', /name cannot be empty/);
    await assert.rejects(client.call({ target: 'x', body: Buffer.alloc(0) }), { code: 'rejected' });
  });

  test('a zipper that goes: what is on its way ends in an error, what waits is sent to the next one', async () => {
    const own = await RealZipper.start();
    const address = { host: '127.0.0.1', port: own.port, verify: false };
    const nodes = new ToolZipper(
      { protocol: 'v2', address, buffer: 100 },
      { info: ignore, warn: ignore, error: ignore },
    );
    const { client: tool } = nodes.tool({ id: 'tool', type: 'yomo-source' }, 'echo');
    const { client } = nodes.caller({ id: 'caller', type: 'yomo-sink' }, 'caller');
    clients.push(tool, client);
    let isDeaf = true;
    tool.onRequest((request) => {
      if (!isDeaf) echo(request);
    });
    tool.open();
    client.open();
    await eventually('connected', () => [tool, client].every(({ state }) => state.kind === 'connected'), 30);
    const lost = client.call({ target: 'echo', body: Buffer.from('lost') });
    const isLost = assert.rejects(lost, { code: 'tool', message: /^The connection was lost before the tool answered/ });
    await own.kill();
    await isLost;
    await eventually('the loss is seen', () => [tool, client].every(({ state }) => state.kind !== 'connected'), 30);
    isDeaf = false;
    const waits = client.call({ target: 'echo', body: Buffer.from('waits') });
    await own.run();
    assert.equal((await waits).body.toString(), 'waits');
  });

  test('a client of protocol v1 is told that another protocol is spoken', async () => {
    const address = { host: '127.0.0.1', port: zipper.port, verify: false };
    const client = new YomoClient(address, { name: 'old', kind: 'source', buffer: 1 });
    try {
      client.open();
      await eventually('refused', () => client.state.kind === 'waiting', 20);
      assert.match(client.state.kind === 'waiting' ? client.state.reason : '', /^Another protocol than YoMo v1/);
    } finally {
      await client.close();
    }
  });

  test('a token is compared as it is', async () => {
    const own = await RealZipper.start({ token: 's3cret' });
    const { client: wrong } = clientOf({ name: 'wrong' }, { port: own.port, credential: 'token:s3cret' });
    const { client: right } = clientOf({ name: 'right' }, { port: own.port, credential: 's3cret' });
    await eventually('connected', () => right.state.kind === 'connected', 30);
    await eventually('rejected', () => wrong.state.kind === 'rejected', 30);
    assert.match(wrong.state.kind === 'rejected' ? wrong.state.reason : '', /invalid credential/);
  });
});
