/** Flows as tools of a real zipper of YoMo 2, in a real Node-RED: called by HTTP and by other flows. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { guestFile } from '../support/guests';
import type { FlowNode } from '../support/mqtt-flow';
import { eventually, httpFlow, NodeRed } from '../support/node-red';
import { zipperNode } from '../support/yomo-flow';
import { RealZipper, stopZippers, zipperMissing } from '../support/yomo-v2';

const place = { z: 'tab', x: 100, y: 100 };
const tab = { id: 'tab', type: 'tab', label: 'YoMo 2' };

const tool = (id: string, to: readonly string[], changes = {}): FlowNode => ({
  ...place,
  id,
  type: 'yomo-source',
  zipper: 'zipper',
  appName: id,
  wires: [to],
  ...changes,
});
const sink = (id: string, changes = {}): FlowNode => ({
  ...place,
  id,
  type: 'yomo-sink',
  zipper: 'zipper',
  wires: [],
  ...changes,
});
const code = (id: string, func: string, to: readonly string[]): FlowNode => ({
  ...place,
  id,
  type: 'function',
  func,
  outputs: 1,
  wires: [to],
});

/** `POST /call` sends the body to the tool that `?target=` names, and answers when the sink is done or has failed. */
const caller = [
  ...httpFlow('call', [
    { id: 'ask', type: 'change', rules: [{ t: 'move', p: 'req.query.target', pt: 'msg', to: 'target', tot: 'msg' }] },
  ]).map((node) => ('id' in node && node.id === 'ask' ? { ...node, wires: [['calls']] } : node)),
  sink('calls', { name: 'caller' }),
  { ...place, id: 'done', type: 'complete', scope: ['calls'], wires: [['say-done']] },
  code('say-done', 'msg.payload = "done"; msg.statusCode = 200; return msg;', ['call-out']),
  { ...place, id: 'failed', type: 'catch', scope: ['calls'], wires: [['say-failed']] },
  code(
    'say-failed',
    'msg.payload = { code: msg.error.code, message: msg.error.message, cause: msg.error.cause }; msg.statusCode = 500; return msg;',
    ['call-out'],
  ),
];

const flows = (zipper: RealZipper, changes: object = {}): object[] => [
  tab,
  zipperNode(zipper, { protocol: 'v2', ...changes }),
  tool('triple', ['function']),
  {
    ...place,
    id: 'function',
    type: 'wasm-function',
    file: guestFile('wat/triple'),
    export: 'triple',
    wires: [['out']],
  },
  sink('out', { name: 'answers' }),
  tool('mirror', ['mirrored'], { format: 'buffer' }),
  code('mirrored', 'msg.payload = Buffer.from(msg.payload).reverse(); return msg;', ['out']),
  tool('told', ['tell']),
  code('tell', 'msg.payload = msg.metadata; return msg;', ['out']),
  tool('unsayable', ['unsaid']),
  code('unsaid', 'msg.payload = undefined; return msg;', ['out']),
  tool('missing', ['no-file']),
  { ...place, id: 'no-file', type: 'wasm-function', file: '/nowhere/missing.wasm', export: 'f', wires: [['out']] },
  tool('throws', ['throw']),
  code('throw', 'throw new Error("secret");', ['out']),
  tool('length', ['measure'], { format: 'buffer' }),
  code('measure', 'node.warn(`length ${msg.payload.length}`); msg.payload = "ok"; return msg;', ['out']),
  tool('twice', ['out', 'out'], {}),
  tool('silent', []),
  tool('json', ['out'], { format: 'json' }),
  ...caller,
];

describe('a flow as a tool of YoMo 2', { skip: zipperMissing }, () => {
  let zipper: RealZipper;
  let nodeRed: NodeRed;

  const untilRegistered = (...names: readonly string[]): Promise<unknown> =>
    eventually(
      'registered',
      () => names.every((name) => zipper.output.includes(`new client connected: client_name=${name}`)),
      40,
    );
  const call = async (target: string, body: string | Uint8Array<ArrayBuffer>) => {
    const response = await nodeRed.fetch(`/call?target=${target}`, {
      method: 'POST',
      headers: { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/octet-stream' },
      body,
    });
    return response.text();
  };

  before(async () => {
    zipper = await RealZipper.start();
    nodeRed = await NodeRed.start({ flows: flows(zipper), settings: { apiMaxLength: '8mb' } });
    await untilRegistered(
      'triple',
      'mirror',
      'told',
      'unsayable',
      'missing',
      'throws',
      'length',
      'twice',
      'silent',
      'json',
      'caller-',
    );
  });
  after(async () => {
    await nodeRed.stop();
    await stopZippers();
  });

  test('a call goes through source, wasm-function and sink, and the answer comes back: the triple of 14 is 42', async () => {
    const { status, body } = await zipper.call('triple', '14');
    assert.deepEqual([status, body.toString()], [200, '42']);
  });

  test('bytes go in and out as they are', async () => {
    const { status, body } = await zipper.call('mirror', Uint8Array.of(1, 0, 0xff));
    assert.deepEqual([status, [...body]], [200, [0xff, 0, 1]]);
  });

  test('the flow sees what goes along with a request', async () => {
    const { body } = await zipper.call('told', '', { 'x-trace-id': 't', 'x-span-id': 's', 'x-extension': 'e' });
    assert.deepEqual(JSON.parse(body.toString()), { name: 'told', trace_id: 't', span_id: 's', extension: 'e' });
  });

  test('callers at once get each the answer to its own request', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => zipper.call('triple', String(number))));
    assert.deepEqual(
      answers.map(({ body }) => Number(body.toString())),
      numbers.map((number) => 3 * number),
    );
  });

  test('an error that nobody catches in the flow is told to the caller at once by its code, and in full to the log only', async () => {
    const { status, body } = await zipper.call('triple', 'fourteen');
    assert.deepEqual(
      [status, body.toString()],
      [500, 'The flow failed on this request (arguments). See the log of Node-RED.'],
    );
    await eventually('logged', () => /fourteen/.test(nodeRed.output));
    const missing = await zipper.call('missing', '1');
    assert.deepEqual(
      [missing.status, missing.body.toString()],
      [500, 'The flow failed on this request (file). See the log of Node-RED.'],
    );
    await eventually('its path is logged', () => nodeRed.output.includes('/nowhere/missing.wasm'));
    const thrown = await zipper.call('throws', '1');
    assert.equal(thrown.body.toString(), 'The flow failed on this request. See the log of Node-RED.');
  });

  test('so is an answer that the sink cannot send, and a request that is not what the format says', async () => {
    const unsayable = await zipper.call('unsayable', '');
    assert.deepEqual(
      [unsayable.status, unsayable.body.toString()],
      [500, 'The flow failed on this request (payload). See the log of Node-RED.'],
    );
    await eventually('logged', () => nodeRed.output.includes('msg.payload is undefined. Give it a value'));
    const json = await zipper.call('json', '{');
    assert.equal(json.status, 400);
    assert.match(json.body.toString(), /^The payload is not JSON/);
  });

  test('a second answer is an error, and the first one counts', async () => {
    const { status, body } = await zipper.call('twice', 'x');
    assert.deepEqual([status, body.toString()], [200, 'x']);
    await eventually('the second is told', () =>
      /The request is not open any more: it has been answered/.test(nodeRed.output),
    );
  });

  test('another flow calls the tool: it is done when 200 has come, also with 3 MiB', async () => {
    assert.equal(await call('length', Buffer.alloc(3 * 1024 * 1024)), 'done');
    assert.match(nodeRed.output, /length 3145728/);
    const { code: tooLarge } = JSON.parse(await call('length', Buffer.alloc(4 * 1024 * 1024 + 1))) as { code: string };
    assert.equal(tooLarge, 'payload');
  });

  test('a target that nobody is, a tool that fails and no target at all reach Catch, with the status', async () => {
    const where = { zipper: `127.0.0.1:${String(zipper.port)}` };
    const of = async (target: string) =>
      JSON.parse(await call(target, 'x')) as { code: string; message: string; cause: { status?: number } };
    const nobody = await of('nobody');
    assert.equal(nobody.code, 'tool');
    assert.deepEqual(nobody.cause, { ...where, target: 'nobody', status: 404, reason: 'downstream not found' });
    const failing = await of('triple');
    assert.deepEqual([failing.code, failing.cause.status], ['tool', 500]);
    assert.match((await of('')).message, /^No target is given\. Set the name of the tool/);
  });

  test('a deploy answers those who wait for a flow that is stopped', async () => {
    const waiting = zipper.call('silent', 'x');
    // Requests of one connection come in the order in which they were made.
    await eventually('it has come', async () => (await zipper.call('triple', '1')).status === 200);
    await nodeRed.deploy(flows(zipper, { name: 'renamed' }));
    const { status, body } = await waiting;
    assert.deepEqual([status, body.toString()], [503, 'The flow was stopped or deployed before it answered.']);
    await eventually('it is back', async () => (await zipper.call('triple', '14')).body.toString() === '42', 30);
  });

  test('a zipper that is killed and comes back has its tools again', async () => {
    await zipper.kill();
    await zipper.run();
    await untilRegistered('triple');
    assert.equal((await zipper.call('triple', '14')).body.toString(), '42');
  });

  test('a flow that takes the name of a tool is called in its place, and the first one says so', async () => {
    // each notices the loss of the zipper by itself: one that came back now would take the name from the other flow
    await untilRegistered('mirror');
    const other = await NodeRed.start({
      flows: [tab, zipperNode(zipper, { protocol: 'v2' }), tool('mirror', ['reply']), sink('reply')],
    });
    try {
      await eventually(
        'the first is told',
        () => /Another client has registered .* same name/.test(nodeRed.output),
        40,
      );
      const { body } = await zipper.call('mirror', 'abc');
      assert.equal(body.toString(), 'abc');
    } finally {
      await other.stop();
    }
  });
});
