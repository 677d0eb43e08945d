/** What a source does with frames while the flows are deployed, and while it closes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Receiver } from '#dist/nodes/yomo-source/receiver';

/** A receiver in flows whose deploy is going on until `run`. */
function receiverDuringDeploy(limit: number) {
  const sent: string[] = [];
  const warnings: string[] = [];
  const closing = new AbortController();
  let end = (): void => undefined;
  const flows: { deploy: Promise<void> | undefined } = { deploy: undefined };
  const deploy = (): void => {
    flows.deploy = new Promise<void>((resolve) => {
      end = resolve;
    });
  };
  deploy();
  const receiver = new Receiver({
    format: 'auto',
    session: { type: 'yomo', id: 'source' },
    flows,
    limit,
    signal: closing.signal,
    warn: (text) => warnings.push(text),
    newMessageId: () => 'id',
    send: ({ payload }) => sent.push(String(payload)),
    fail: (error) => assert.fail(String(error)),
  });
  const receive = (payload: string): void => {
    receiver.receive({ tag: 1, payload: Buffer.from(payload), metadata: new Map() });
  };
  const run = async (): Promise<void> => {
    flows.deploy = undefined;
    end();
    await nextTurn();
  };
  const close = (): void => {
    closing.abort();
    receiver.close();
  };
  return { sent, warnings, closing, receiver, receive, deploy, run, close };
}

describe('frames that come while the flows are deployed', () => {
  test('wait for the end of it, in order, before those that come later', async () => {
    const { sent, warnings, receive, run } = receiverDuringDeploy(10);
    for (const payload of ['1', '2']) receive(payload);
    assert.deepEqual(sent, []);
    await run();
    receive('3');
    assert.deepEqual(sent, ['1', '2', '3']);
    assert.deepEqual(warnings, []);
  });

  test('are counted in the log beyond the limit', async () => {
    const { sent, warnings, receive, run } = receiverDuringDeploy(2);
    for (const payload of ['1', '2', '3']) receive(payload);
    await run();
    assert.deepEqual(sent, ['1', '2']);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^1 frame came during a deploy .* went into no flow\. Raise the buffer/);
  });

  test('are counted in the log as soon as the flows run, also where none may wait', async () => {
    const { sent, warnings, receive, run } = receiverDuringDeploy(0);
    for (const payload of ['1', '2']) receive(payload);
    await run();
    assert.deepEqual(sent, []);
    assert.match(warnings[0] ?? '', /^2 frames came during a deploy/);
    receive('3');
    assert.deepEqual(sent, ['3']);
  });

  test('wait up to 64 MiB, however many there may be', async () => {
    const { sent, warnings, receive, deploy, run } = receiverDuringDeploy(1000);
    const large = 'x'.repeat(16 * 1024 * 1024 - 1000);
    for (let count = 1; count <= 6; count += 1) receive(large);
    await run();
    assert.equal(sent.length, 4);
    assert.match(warnings[0] ?? '', /^2 frames came during a deploy .* at most 64 MiB wait\.$/);
    // The next one has all the room again.
    deploy();
    receive(large);
    await run();
    assert.equal(sent.length, 5);
  });

  test('are counted in the log where the source itself closes', async () => {
    const { sent, warnings, closing, receiver, receive, run } = receiverDuringDeploy(10);
    receive('1');
    closing.abort();
    receive('2');
    receiver.close();
    await run();
    assert.deepEqual(sent, []);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^2 frames came while the node was closing and went into no flow\. YoMo does not/);
  });

  test('a source that closes without any says nothing', async () => {
    const { warnings, close, run } = receiverDuringDeploy(10);
    close();
    await run();
    assert.deepEqual(warnings, []);
  });
});
