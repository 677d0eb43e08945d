/** The client of protocol v2 over a connection whose other end is the test: what a real zipper does not do when asked to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FIRST_RETRY } from '#dist/yomo/limits';
import type { YomoState } from '#dist/yomo/state';
import { ToolClient } from '#dist/yomo/v2/client';
import { encodeMessage } from '#dist/yomo/v2/exchange';
import { encodeReplyHead, encodeRequestHead } from '#dist/yomo/v2/heads';
import type { ToolRequest } from '#dist/yomo/v2/request';
import { FedConnection } from '../../support/fed-stream';
import { eventually } from '../../support/node-red';

const answerOf = (status: number, error: string): Buffer =>
  encodeMessage(encodeReplyHead({ status, error, bodyFormat: 'null', extension: '' }));
const taken = answerOf(200, '');
const request = encodeMessage(
  encodeRequestHead({ name: 'tool', traceId: '', spanId: '', bodyFormat: 'bytes', extension: '' }),
  Buffer.from('x'),
);

/** @param connections one for each attempt; no other is made than there are */
function clientOver(...connections: readonly FedConnection[]) {
  const states: YomoState[] = [];
  const attempts = connections.values();
  const client = new ToolClient(
    { host: '127.0.0.1', port: 9000, verify: false },
    { name: 'tool', buffer: 10 },
    { dial: () => Promise.resolve(attempts.next().value ?? assert.fail('another attempt')) },
  );
  client.onState((state) => states.push(state));
  client.open();
  return { client, states };
}

const kindsOf = (states: readonly YomoState[]): string[] => states.map(({ kind }) => kind);

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
    assert.deepEqual(kindsOf(states), ['connecting', 'closed']);
  });

  for (const status of [301, 408, 429, 500, 503]) {
    test(`a registration that is answered with ${String(status)} is tried again, and the status is told`, async () => {
      const connections = [new FedConnection(), new FedConnection()];
      const { client, states } = clientOver(...connections);
      for (const [round, connection] of connections.entries()) {
        await untilRegistering(connection);
        connection.streams[0]?.feed(round === 0 ? answerOf(status, 'busy') : taken);
      }
      await eventually('connected', () => client.state.kind === 'connected');
      const waiting = states.find(({ kind }) => kind === 'waiting');
      assert.ok(waiting?.kind === 'waiting' && waiting.retryIn <= FIRST_RETRY);
      assert.equal(
        waiting.reason,
        `The zipper does not take this client now (status ${String(status)}): busy. It is tried again; where that goes on, look at the log of the zipper.`,
      );
      await client.close();
    });
  }

  for (const status of [400, 401, 403, 499]) {
    test(`a registration that is answered with ${String(status)} is not tried again`, async () => {
      const connection = new FedConnection();
      const { client, states } = clientOver(connection);
      await untilRegistering(connection);
      connection.streams[0]?.feed(answerOf(status, 'no'));
      await eventually('rejected', () => client.state.kind === 'rejected');
      await assert.rejects(client.call({ target: 'x', body: Buffer.alloc(0) }), {
        code: 'rejected',
        message: /^The zipper does not take this client: no\. Check the credential/,
      });
      assert.deepEqual(kindsOf(states), ['connecting', 'rejected']);
      await client.close();
    });
  }

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
