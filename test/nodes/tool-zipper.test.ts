/** What the nodes of one zipper of protocol v2 do together, over connections whose other end is the test. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ToolZipper } from '#dist/nodes/yomo-zipper/tool-zipper';
import type { ToolClient } from '#dist/yomo/v2/client';
import { encodeMessage } from '#dist/yomo/v2/exchange';
import { encodeReplyHead } from '#dist/yomo/v2/heads';
import { breakStreams, FedConnection } from '../support/fed-stream';
import { eventually } from '../support/node-red';

const taken = encodeMessage(encodeReplyHead({ status: 200, error: '', bodyFormat: 'null', extension: '' }));
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const leaving: (() => Promise<void>)[] = [];

/** A tool and a caller beside it, and the connections that they have had, by their names. */
function nodes() {
  const connections: FedConnection[] = [];
  const dial = (): Promise<FedConnection> => {
    const connection = new FedConnection();
    connections.push(connection);
    return Promise.resolve(connection);
  };
  const address = { host: '127.0.0.1', port: 9000, verify: false };
  const zipper = new ToolZipper({ protocol: 'v2', address, buffer: 10 }, silent, { dial });
  const tool = zipper.tool({ id: 'tool', type: 'yomo-source' }, 'tool');
  const caller = zipper.caller({ id: 'caller', type: 'yomo-sink' }, 'caller');
  leaving.push(tool.leave, caller.leave);
  const of = (name: string): FedConnection | undefined =>
    connections.findLast(({ streams }) => streams[0]?.text.includes(`"name":"${name}"`));
  /** The zipper takes a client, on another connection than the last one. */
  const take = async (client: ToolClient, name: string, last?: FedConnection): Promise<FedConnection> => {
    const connection = await eventually(`${name} registers`, () => (of(name) === last ? undefined : of(name)), 10);
    connection.streams[0]?.feed(taken);
    await eventually(`${name} is connected`, () => client.state.kind === 'connected');
    return connection;
  };
  return { zipper, tool: tool.client, caller: caller.client, of, take };
}

/** From when on a client waits, and for how many milliseconds. */
function untilWaiting(client: ToolClient): Promise<{ readonly since: number; readonly retryIn: number }> {
  return new Promise((resolve) => {
    client.onState((state) => {
      if (state.kind === 'waiting') resolve({ since: performance.now(), retryIn: state.retryIn });
    });
  });
}

describe('the nodes of a zipper of protocol v2 that was away', () => {
  afterEach(async () => {
    await Promise.all(leaving.splice(0).map((leave) => leave()));
    breakStreams();
  });

  for (const first of ['both', 'the caller alone'] as const) {
    test(`a call that waited goes out when the tool beside it is back, where ${first} had noticed the loss`, async () => {
      const { tool, caller, take, of } = nodes();
      tool.open();
      caller.open();
      const oldTool = await take(tool, 'tool');
      const oldCaller = await take(caller, 'caller');
      oldCaller.lose();
      if (first === 'both') oldTool.lose();
      await eventually('noticed', () => caller.state.kind !== 'connected');
      const call = caller.call({ target: 'tool', body: Buffer.from('waited') });
      call.catch(() => undefined);
      const back = await take(caller, 'caller', oldCaller);
      for (let index = 0; index < 10; index += 1) await turn();
      assert.equal(back.streams.length, 1, 'only its registration');
      if (first === 'the caller alone') oldTool.lose();
      await take(tool, 'tool', oldTool);
      const stream = await eventually('the call goes out', () => of('caller')?.streams[1]);
      assert.match(stream.text, /waited$/);
      stream.feed(
        encodeMessage(
          encodeReplyHead({ status: 200, error: '', bodyFormat: 'bytes', extension: '' }),
          Buffer.from('answer'),
        ),
      );
      assert.equal((await call).body.toString(), 'answer');
    });
  }

  test('where one is back, the others try at once', async () => {
    const { tool, caller, take } = nodes();
    tool.open();
    caller.open();
    const old = [await take(tool, 'tool'), await take(caller, 'caller')] as const;
    // Each loss in a row is followed by a longer wait.
    let last = old[1];
    let waiting = untilWaiting(caller);
    for (let losses = 0; losses < 3; losses += 1) {
      if (losses === 2) waiting = untilWaiting(caller);
      last.lose();
      if (losses < 2) last = await take(caller, 'caller', last);
    }
    const { retryIn, since } = await waiting;
    old[0].lose();
    await take(tool, 'tool', old[0]);
    await eventually('the caller tries', () => caller.state.kind !== 'waiting');
    assert.ok(performance.now() - since < retryIn, `before its turn in ${String(retryIn)} ms`);
  });

  test('a caller that closes sends what waited for a tool that does not come back', async () => {
    const { tool, caller, take, of } = nodes();
    caller.open();
    void tool;
    const connection = await take(caller, 'caller');
    const call = caller.call({ target: 'elsewhere', body: Buffer.from('waited') });
    call.catch(() => undefined);
    await turn();
    assert.equal(connection.streams.length, 1);
    const closed = caller.close();
    await eventually('it is sent', () => of('caller')?.streams.length === 2);
    connection.streams[1]?.feed(taken);
    await Promise.all([call, closed]);
  });

  test('a name is free again when its node has left, and the same node may come again before that', async () => {
    const { zipper } = nodes();
    const names = [
      { id: 'a', type: 'yomo-source' },
      { id: 'b', type: 'yomo-sink' },
    ] as const;
    const first = zipper.tool(names[0], 'name');
    assert.throws(() => zipper.caller(names[1], 'name'), { code: 'configuration' });
    const again = zipper.tool({ ...names[0] }, 'name');
    await first.leave();
    assert.throws(() => zipper.caller(names[1], 'name'), { code: 'configuration' });
    await again.leave();
    await zipper.caller(names[1], 'name').leave();
  });
});
