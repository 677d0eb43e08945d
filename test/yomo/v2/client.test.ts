/** The client of protocol v2 over a connection whose other end is the test: what a real zipper does not do when asked to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { YomoState } from '#dist/yomo/state';
import { ToolClient } from '#dist/yomo/v2/client';
import { encodeMessage } from '#dist/yomo/v2/exchange';
import { encodeReplyHead, encodeRequestHead } from '#dist/yomo/v2/heads';
import type { ToolRequest } from '#dist/yomo/v2/request';
import { FedConnection } from '../../support/fed-stream';
import { eventually } from '../../support/node-red';

const taken = encodeMessage(encodeReplyHead({ status: 200, error: '', bodyFormat: 'null', extension: '' }));
const request = encodeMessage(
  encodeRequestHead({ name: 'tool', traceId: '', spanId: '', bodyFormat: 'bytes', extension: '' }),
  Buffer.from('x'),
);

function clientOver(connection: FedConnection) {
  const states: YomoState['kind'][] = [];
  const client = new ToolClient(
    { host: '127.0.0.1', port: 9000, verify: false },
    { name: 'tool', buffer: 10 },
    { dial: () => Promise.resolve(connection) },
  );
  client.onState(({ kind }) => states.push(kind));
  client.open();
  return { client, states };
}

const untilRegistering = (connection: FedConnection): Promise<unknown> =>
  eventually('it registers', () => connection.streams.length === 1);

describe('a client of protocol v2', () => {
  test('an answer to its registration that comes while it closes does not connect it', async () => {
    let mayClose!: () => void;
    const closing = new Promise<void>((resolve) => (mayClose = resolve));
    const connection = new FedConnection(() => closing);
    const { client, states } = clientOver(connection);
    await untilRegistering(connection);
    const closed = client.close();
    await turn();
    connection.streams[0]?.feed(taken);
    await turn();
    mayClose();
    await closed;
    assert.deepEqual(states, ['connecting', 'closed']);
  });

  test('a request whose connection is lost is not open any more, and cannot be answered', async () => {
    const connection = new FedConnection();
    const { client } = clientOver(connection);
    const requests: ToolRequest[] = [];
    client.onRequest((each) => requests.push(each));
    await untilRegistering(connection);
    connection.streams[0]?.feed(taken);
    await eventually('connected', () => client.state.kind === 'connected');
    connection.ask().feed(request);
    await eventually('asked', () => requests.length === 1);
    connection.lose();
    await eventually('let go', () => requests[0]?.isOpen === false);
    await assert.rejects(Promise.resolve(requests[0]?.answer(Buffer.from('y'))), { code: 'closed' });
    await client.close();
  });
});
