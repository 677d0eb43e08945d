import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import helper from 'node-red-node-test-helper';
import type { Node, NodeMessage } from 'node-red';
import yomoSink from '#dist/nodes/yomo-sink/yomo-sink';
import yomoSource from '#dist/nodes/yomo-source/yomo-source';
import yomoZipper from '#dist/nodes/yomo-zipper/yomo-zipper';
import { makeCertificate } from '../support/certificate';
import type { FlowNode } from '../support/mqtt-flow';
import { eventually, freePort, requireNodeRed } from '../support/node-red';
import { Peer, sinkNode, sourceNode, WatchedZipper, zipperNode } from '../support/yomo-flow';

helper.init(requireNodeRed.resolve('node-red'));
const require = createRequire(requireNodeRed.resolve('node-red'));
const catchNode = require('@node-red/nodes/core/common/25-catch.js') as typeof yomoSink;
const types = [yomoZipper, yomoSource, yomoSink, catchNode];

interface Caught extends NodeMessage {
  readonly error: { readonly message: string; readonly code?: string; readonly cause?: Record<string, unknown> };
}

interface Flow {
  /** What came to the node `out`. */
  readonly out: (NodeMessage & Record<string, unknown>)[];
  readonly caught: Caught[];
}

const CONNECTED = 'node-red:common.status.connected';

/** The spy is one for all nodes. */
interface StatusSpy {
  readonly thisValues: readonly { readonly id: string }[];
  readonly args: readonly (readonly [{ readonly text: string }])[];
}

function statusesOf(id: string): string[] {
  const { status } = helper.getNode(id) as unknown as { status: StatusSpy };
  return status.args.flatMap(([{ text }], call) => (status.thisValues[call]?.id === id ? [text] : []));
}

/** Warnings and errors that nodes have logged. */
function warnings(): string[] {
  const lines = helper.log().args.map(([line]) => line);
  return lines.filter(({ level, id }) => level <= 30 && id !== undefined).map(({ msg }) => String(msg));
}

async function load(nodes: readonly FlowNode[], credentials: object = {}): Promise<Flow> {
  const place = { z: 'tab', x: 0, y: 0 };
  const flow: Flow = { out: [], caught: [] };
  await helper.load(
    types,
    [
      { id: 'tab', type: 'tab' },
      { id: 'catch', type: 'catch', ...place, wires: [['caught']] },
      { id: 'caught', type: 'helper', ...place },
      { id: 'out', type: 'helper', ...place },
      ...nodes,
    ],
    credentials,
  );
  helper.getNode('caught').on('input', (message: unknown) => flow.caught.push(message as Caught));
  helper.getNode('out').on('input', (message: unknown) => flow.out.push(message as never));
  return flow;
}

function send(id: string, message: object): void {
  (helper.getNode(id) as unknown as Node).receive(message as NodeMessage);
}

describe('the YoMo nodes', () => {
  let zipper: WatchedZipper;
  let peer: Peer;
  const peers: Peer[] = [];
  const join = async (...options: Parameters<typeof Peer.join>): Promise<Peer> => {
    const joined = await Peer.join(...options);
    peers.push(joined);
    return joined;
  };

  before(async () => {
    zipper = await WatchedZipper.start();
    peer = await Peer.join(zipper.port, { kind: 'function', observe: [0x35], name: 'peer' });
  });
  after(async () => {
    await peer.close();
    await zipper.stop();
  });
  beforeEach((_context, done) => {
    helper.startServer(done);
  });
  afterEach(async () => {
    await helper.unload();
    await Promise.all(peers.splice(0).map((each) => each.close()));
    await new Promise((resolve) => {
      helper.stopServer(resolve as () => void);
    });
  });

  test('a frame becomes a message with its tag, its metadata and the session by which a sink knows where it came from', async () => {
    const flow = await load([zipperNode(zipper), sourceNode('source', [51, '0xFFFFFFFF'], ['out'], { name: 'in' })]);
    await zipper.untilJoined('in');
    await eventually('connected', () => statusesOf('source').at(-1) === CONNECTED);
    const writer = await join(zipper.port);
    await writer.write(0x33, 'grüße', { from: 'test' });
    await writer.write(0xffffffff, Buffer.from([0xff, 0]));
    const [text, bytes] = await eventually('both arrive', () => flow.out.length === 2 && flow.out);
    assert.ok(text !== undefined && bytes !== undefined);
    const { _msgid, metadata, ...rest } = text;
    assert.equal(typeof _msgid, 'string');
    assert.deepEqual(rest, { payload: 'grüße', tag: 0x33, _session: { type: 'yomo', id: 'source' } });
    assert.equal((metadata as Record<string, string>).from, 'test');
    assert.deepEqual([bytes.payload, bytes.tag], [Buffer.from([0xff, 0]), 0xffffffff]);
  });

  for (const [format, payload, expected] of [
    ['utf8', '21.5', '21.5'],
    ['buffer', '21.5', Buffer.from('21.5')],
    ['json', '{"noise":21.5}', { noise: 21.5 }],
  ] as const) {
    test(`format ${format}`, async () => {
      const flow = await load([zipperNode(zipper), sourceNode('source', [51], ['out'], { name: 'in', format })]);
      await zipper.untilJoined('in');
      await (await join(zipper.port)).write(51, payload);
      assert.deepEqual((await eventually('arrives', () => flow.out[0])).payload, expected);
    });
  }

  test('a payload that is not JSON goes to Catch, with its bytes and where it came from', async () => {
    const flow = await load([zipperNode(zipper), sourceNode('source', [51], ['out'], { name: 'in', format: 'json' })]);
    await zipper.untilJoined('in');
    await (await join(zipper.port)).write(51, '{');
    const { error, ...message } = await eventually('the error', () => flow.caught[0]);
    assert.equal(error.code, 'payload');
    assert.match(error.message, /^The payload is not JSON/);
    assert.deepEqual(error.cause, { zipper: `127.0.0.1:${String(zipper.port)}`, tag: 51 });
    assert.deepEqual(message.payload, Buffer.from('{'));
    assert.equal(flow.out.length, 0);
  });

  test('a sink writes what a message says, over a connection of its own', async () => {
    await load([zipperNode(zipper), sinkNode('sink', '', { appName: 'out' })]);
    await zipper.untilJoined('out');
    peer.frames.length = 0;
    send('sink', { payload: { a: 1 }, tag: '0x35', metadata: { note: 'kept' } });
    send('sink', { payload: 21.5, tag: 0x35, target: 'nobody' });
    send('sink', { payload: Buffer.from([0xff]), tag: 0x35 });
    const frames = await eventually('what has no other target', () => peer.frames.length === 2 && peer.frames);
    assert.deepEqual(
      frames.map(({ payload }) => Buffer.from(payload)),
      [Buffer.from('{"a":1}'), Buffer.from([0xff])],
    );
    assert.equal(frames[0]?.metadata.get('note'), 'kept');
    assert.equal(zipper.written.filter(({ from }) => zipper.idsOf('out').includes(from)).length, 3);
  });

  test('what a flow makes of a frame for one target is for everybody', async () => {
    await load([
      zipperNode(zipper),
      sourceNode('source', [51], ['sink'], { name: 'in', target: 'here' }),
      sinkNode('sink', 0x35),
    ]);
    await zipper.untilJoined('in');
    peer.frames.length = 0;
    await (await join(zipper.port)).write(51, 'x', { 'yomo-target': 'here', 'yomo-tid': 'trace' });
    const frame = await eventually('it comes', () => peer.frames[0]);
    assert.equal(frame.metadata.get('yomo-tid'), 'trace');
  });

  test("the sink's own tag and target come before the message's", async () => {
    await load([zipperNode(zipper), sinkNode('sink', 0x35, { target: 'nobody', name: 'out' })]);
    await zipper.untilJoined('out');
    const written = zipper.written.length;
    send('sink', { payload: 'x', tag: 1, target: 'peer' });
    await eventually('written', () => zipper.written.length === written + 1);
    assert.equal(zipper.written.at(-1)?.tag, 0x35);
  });

  test('metadata that is left out is told of by its name, each once, and of ten names at most', async () => {
    await load([zipperNode(zipper), sinkNode('sink', 0x35, { name: 'out' })]);
    await zipper.untilJoined('out');
    peer.frames.length = 0;
    const metadatas = [{ kept: 'yes', number: 1, [`in\nside`]: {} }, { [`in\nside`]: [] }, 'text', null];
    const many = Array.from({ length: 20 }, (_, index) => ({ [`name ${String(index)}`]: null }));
    for (const metadata of [...metadatas, ...many]) send('sink', { payload: 'x', metadata });
    await eventually('all have come', () => peer.frames.length === metadatas.length + many.length);
    const [first] = peer.frames;
    assert.deepEqual(
      ['kept', 'number', 'in\nside'].map((name) => first?.metadata.get(name)),
      ['yes', '1', undefined],
    );
    const [entry, whole, ...rest] = warnings();
    assert.match(
      entry ?? '',
      /^The entry "in side" of msg\.metadata is no text, number or boolean, so it is left out\./,
    );
    assert.match(whole ?? '', /^msg\.metadata is no object/);
    assert.equal(rest.length, 8 + 1);
    assert.match(rest.at(-1) ?? '', /^10 entries of msg\.metadata have been told of/);
  });

  test('what cannot be written reaches Catch with its code and the zipper', async () => {
    const flow = await load([
      zipperNode(zipper),
      sourceNode('source', [0x40], ['out'], { name: 'in' }),
      sinkNode('sink', ''),
      sinkNode('json', 1, { format: 'json' }),
    ]);
    await zipper.untilJoined('in');
    const expect = async (code: string, remedy: RegExp, tag?: number): Promise<void> => {
      const { error } = await eventually(code, () => flow.caught.shift());
      assert.equal(error.code, code, error.message);
      assert.match(error.message, remedy);
      const where = { zipper: `127.0.0.1:${String(zipper.port)}` };
      assert.deepEqual(error.cause, tag === undefined ? where : { ...where, tag });
    };
    send('sink', { payload: 'x' });
    await expect('tag', /^No tag is given\. Set one/);
    for (const tag of [0xf000, 1.5, 'loud', -1, {}]) {
      send('sink', { payload: 'x', tag });
      await expect('tag', /msg\.tag is .+, which cannot be written/);
    }
    send('sink', { payload: 'x', tag: 1, target: 5 });
    await expect('metadata', /^msg\.target is no text/);
    send('sink', { tag: 1 });
    await expect('payload', /^msg\.payload is undefined/);
    send('json', { payload: 1n });
    await expect('payload', /cannot be written as JSON/, 1);
    send('sink', { payload: 'x', tag: 0x40, _session: { type: 'yomo', id: 'source' } });
    await expect('tag', /would get it back for ever/, 0x40);
  });

  test('while the zipper is away frames wait up to the buffer, the status counts them, and what is left ends as closed', async () => {
    const port = await freePort();
    const flow = await load([zipperNode({ port }, { buffer: 3 }), sinkNode('sink', 1)]);
    for (let index = 0; index < 4; index++) send('sink', { payload: index });
    const { error } = await eventually('the buffer is full', () => flow.caught.shift());
    assert.deepEqual([error.code, error.cause], ['buffer', { zipper: `127.0.0.1:${String(port)}`, tag: 1 }]);
    await eventually('the status counts', () => statusesOf('sink').at(-1) === '⏳ 3');
    await (helper.getNode('sink') as unknown as { close(removed: boolean): Promise<void> }).close(false);
    await eventually('each is told', () => flow.caught.length === 3);
    assert.deepEqual([...new Set(flow.caught.map(({ error: { code } }) => code))], ['closed']);
  });
});

describe('a zipper that does not take a client, or that is not trusted', () => {
  const zippers: WatchedZipper[] = [];
  let folder: string;
  const start = async (...options: Parameters<typeof WatchedZipper.start>): Promise<WatchedZipper> => {
    const zipper = await WatchedZipper.start(...options);
    zippers.push(zipper);
    return zipper;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'yomo-ca-'));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach((_context, done) => {
    helper.startServer(done);
  });
  afterEach(async () => {
    await helper.unload();
    await Promise.all(zippers.splice(0).map((zipper) => zipper.stop()));
    await new Promise((resolve) => {
      helper.stopServer(resolve as () => void);
    });
  });

  test('a wrong credential shows, the log has the words of the zipper once, and nothing is tried again', async () => {
    const zipper = await start({ token: 's3cret' });
    const nodes = [zipperNode(zipper), sourceNode('source', [51], ['out']), sinkNode('sink', 1)];
    const flow = await load(nodes, { zipper: { credential: 'token:wrong' } });
    await eventually('rejected', () => statusesOf('source').at(-1) === 'yomo-source.status.rejected');
    await eventually('rejected', () => statusesOf('sink').at(-1) === 'yomo-sink.status.rejected');
    const [line, ...more] = warnings();
    assert.match(line ?? '', /authentication failed/);
    assert.deepEqual(more, []);
    send('sink', { payload: 'x' });
    const { error } = await eventually('the message is told', () => flow.caught[0]);
    assert.deepEqual(
      [error.code, error.cause],
      ['rejected', { zipper: `127.0.0.1:${String(zipper.port)}`, tag: 1, reason: 'authentication failed' }],
    );
    assert.equal(zipper.zipper.handshakes.length, 2);
  });

  test('the right credential is taken', async () => {
    const zipper = await start({ token: 's3:cret' });
    await load([zipperNode(zipper), sinkNode('sink', 1)], { zipper: { credential: 'token:s3:cret' } });
    await eventually('connected', () => statusesOf('sink').at(-1) === CONNECTED);
  });

  test('a zipper with a certificate of an own authority is taken with it, and not without', async () => {
    const certificate = makeCertificate(['localhost']);
    const zipper = await start({ certificate });
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, certificate.certificate);
    const host = 'localhost';
    await load([
      zipperNode(zipper, { host, verify: true, ca }),
      sinkNode('trusting', 1, { name: 'trusting' }),
      zipperNode(zipper, { id: 'other', host, verify: 'true' }),
      sinkNode('strict', 1, { name: 'strict', zipper: 'other' }),
    ]);
    await eventually('connected', () => statusesOf('trusting').at(-1) === CONNECTED);
    await eventually('the reason', () => statusesOf('strict').at(-1) === 'yomo-sink.status.certificate');
    assert.deepEqual(zipper.idsOf('strict'), []);
  });

  test('the status says why there is no connection where that can be told', async () => {
    const zipper = await start();
    await load([
      zipperNode(zipper),
      zipperNode(zipper, { id: 'other', protocol: 'v2' }),
      zipperNode({ port: 9 }, { id: 'nowhere', host: 'zipper.invalid' }),
      sinkNode('other-protocol', 1, { zipper: 'other' }),
      sourceNode('unknown-host', [51], [], { zipper: 'nowhere' }),
    ]);
    await eventually('the host', () => statusesOf('unknown-host').at(-1) === 'yomo-source.status.address');
    await eventually('the protocol', () => statusesOf('other-protocol').at(-1) === 'yomo-sink.status.protocol');
  });

  test('a CA file counts only where a certificate is verified', async () => {
    const zipper = await start();
    await load([zipperNode(zipper, { ca: 'none.pem' }), sinkNode('sink', 1)]);
    await eventually('connected', () => statusesOf('sink').at(-1) === CONNECTED);
    assert.deepEqual(warnings(), []);
  });
});

describe('YoMo nodes that are not set up so that they can work', () => {
  beforeEach((_context, done) => {
    helper.startServer(done);
  });
  afterEach(async () => {
    await helper.unload();
    await new Promise((resolve) => {
      helper.stopServer(resolve as () => void);
    });
  });

  const port = 9;
  for (const [what, zipper, line] of [
    ['no such protocol', zipperNode({ port }, { protocol: 'v3' }), /"protocol" is "v3": expected one of v1, v2/],
    ['a port out of range', zipperNode({ port: 70_000 }), /"port" is 70000: expected a whole number from 1 to 65535/],
    [
      'a file that is not there',
      zipperNode({ port }, { verify: true, ca: 'none.pem' }),
      /"none\.pem" cannot be read \(ENOENT/,
    ],
    [
      'a folder as a file',
      zipperNode({ port }, { verify: true, ca: tmpdir() }),
      /cannot be read \((?:it is no file|EISDIR)/,
    ],
  ] as const) {
    test(`${what}: one line in the log, a red status on all, and each message gets the reason`, async () => {
      const flow = await load([zipper, sourceNode('source', [51], ['out']), sinkNode('sink', 1)]);
      assert.deepEqual(statusesOf('source'), ['yomo-source.status.configuration']);
      assert.deepEqual(statusesOf('sink'), ['yomo-sink.status.configuration']);
      const lines = warnings();
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', line);
      send('sink', { payload: 'x' });
      const { error } = await eventually('the error', () => flow.caught[0]);
      assert.deepEqual([error.code, error.message], ['configuration', lines[0]]);
    });
  }

  test('a credential of a variable that is not set: the zipper says which, and nothing is tried', async () => {
    const nodes = [zipperNode({ port }), sinkNode('sink', 1)];
    await load(nodes, { zipper: { credential: '${CREDENTIAL_THAT_IS_NOT_SET}' } });
    assert.deepEqual(statusesOf('sink'), ['yomo-sink.status.configuration']);
    assert.match(warnings().join('\n'), /environment variable CREDENTIAL_THAT_IS_NOT_SET, which is not set/);
  });

  for (const [what, node, line] of [
    ['a source without tags', sourceNode('node', [], []), /^No tag to observe is given\. Add one/],
    [
      'a reserved tag',
      sourceNode('node', [0xf000], []),
      /"tags" is 61440: expected whole numbers from 0, .* without 0xF000 to 0xFFFF/,
    ],
    ['a sink whose tag is none', sinkNode('node', 'loud'), /"tag" is "loud": expected a whole number from 0/],
    ['no zipper', sinkNode('node', 1, { zipper: '' }), /^No YoMo zipper is chosen\. Choose or add one/],
    [
      'a tool without a name',
      sourceNode('node', [], [], { zipper: 'tools' }),
      /^No app name is given, by which others/,
    ],
  ] as const) {
    test(`${what}: the node says so itself`, async () => {
      await load([zipperNode({ port }), zipperNode({ port }, { id: 'tools', protocol: 'v2' }), node]);
      const [said, ...more] = warnings();
      assert.match(said ?? '', line);
      assert.deepEqual(more, []);
      assert.match(statusesOf('node').at(-1) ?? '', /status\.configuration$/);
    });
  }

  test('two nodes of one name at a zipper of protocol v2: the second says which the first is, the first goes on', async () => {
    const taken =
      /^The (yomo-source|yomo-sink) "(.+)" has the name "triple" at this zipper already, .* another app name/;
    const flow = await load([
      zipperNode({ port }, { protocol: 'v2' }),
      sourceNode('first', [], [], { appName: 'triple', name: 'the first' }),
      sourceNode('second', [], [], { name: 'triple' }),
      sinkNode('sink', '', { appName: 'triple' }),
      sinkNode('other', '', { name: 'triple' }),
    ]);
    for (const id of ['second', 'sink']) assert.match(statusesOf(id).at(-1) ?? '', /status\.configuration$/, id);
    for (const id of ['first', 'other']) assert.doesNotMatch(statusesOf(id).at(-1) ?? '', /configuration/, id);
    const named = warnings().map((line) => taken.exec(line)?.slice(1, 3));
    assert.deepEqual(named, [
      ['yomo-source', 'the first'],
      ['yomo-source', 'the first'],
    ]);
    send('sink', { payload: 'x', target: 'y' });
    const { error } = await eventually('the error', () => flow.caught[0]);
    assert.equal(error.code, 'configuration');
    assert.match(error.message, taken);
  });
});
