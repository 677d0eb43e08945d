/** What flows cannot show: calls that never end, and guests that emit messages. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { Activity } from '#dist/nodes/wasm-function/activity';
import { MessageHandler } from '#dist/nodes/wasm-function/message-handler';
import type { FunctionSource } from '#dist/nodes/wasm-function/function-source';
import { WasmFunctionError } from '#dist/host/errors';
import type { CallResult, WasmFunction } from '#dist/host/wasm-function';
import { requireNodeRed } from '../support/node-red';

const RED = requireNodeRed('node-red') as NodeAPI;
const quietNode = { metric: () => false, error: () => undefined } as unknown as Node;

interface Ending {
  readonly id: string;
  readonly code?: string;
}

/** Messages through a handler whose function answers as told. */
class Run {
  readonly sent: unknown[] = [];
  readonly endings: Ending[] = [];
  readonly handler: MessageHandler;

  constructor(call: (input: unknown) => Promise<CallResult>, refuse: () => void = () => undefined) {
    const open = { call, reset: () => undefined } as unknown as WasmFunction;
    const functions: FunctionSource = {
      acquire: () => open,
      release: () => undefined,
      close: () => Promise.resolve(refuse()),
    };
    this.handler = new MessageHandler(RED, quietNode, {
      functions,
      readFile: undefined,
      readInput: (message, callback) => this.readInput(message, callback),
      writeOutput: (message, value, callback) => this.writeOutput(message, value, callback),
      fullInput: false,
      queue: 2,
      activity: new Activity(() => undefined),
    });
  }

  readInput(message: NodeMessage, callback: (error: undefined, value: unknown) => void): void {
    callback(undefined, message.payload);
  }

  writeOutput(message: NodeMessage, value: unknown, callback: (error: undefined) => void): void {
    message.payload = value;
    callback(undefined);
  }

  handle(id: string, message: object = {}): void {
    this.handler.handle(
      { payload: id, ...message, _msgid: id },
      (sent) => this.sent.push(sent),
      (error) => {
        const { code } = (error ?? {}) as { code?: string };
        this.endings.push({ id, ...(code === undefined ? {} : { code }) });
      },
    );
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('messages of a wasm-function', () => {
  test('a reset that cannot be read costs its message only', async () => {
    const run = new Run(() => Promise.resolve({ kind: 'value', value: 1 }));
    const unreadable = Object.defineProperty({ _msgid: 'bad', payload: 0 }, 'reset', {
      get: () => {
        throw new Error('not for you');
      },
    });
    const errors: unknown[] = [];
    run.handler.handle(
      unreadable,
      () => undefined,
      (error) => errors.push(error),
    );
    run.handle('good');
    await settled();
    assert.match(String(errors), /^The reset could not be read \(not for you\)/);
    assert.deepEqual(run.endings, [{ id: 'good' }]);
    await run.handler.close(0);
  });

  test('a guest that emits several messages sends them with parts, inside those there were', async () => {
    const run = new Run(() => Promise.resolve({ kind: 'messages', values: ['a', 'b', 'c'] }));
    const outer = { id: 'outer', index: 4 };
    run.handle('m', { topic: 't', parts: outer });
    await settled();
    const [[messages]] = run.sent as [[(NodeMessage & { parts: { id: string } })[]]];
    const id = messages[0]?.parts.id;
    assert.deepEqual(
      messages,
      ['a', 'b', 'c'].map((payload, index) => {
        return { payload, topic: 't', _msgid: 'm', parts: { id, index, count: 3, parts: outer } };
      }),
    );
    assert.deepEqual(run.endings, [{ id: 'm' }]);
  });

  test('one emitted message has parts too; none emitted sends none', async () => {
    let values = ['only'];
    const run = new Run(() => Promise.resolve({ kind: 'messages', values }));
    run.handle('one');
    await settled();
    assert.deepEqual((run.sent[0] as { parts: object }).parts, {
      ...(run.sent[0] as { parts: object }).parts,
      count: 1,
    });
    values = [];
    run.handle('none');
    await settled();
    assert.equal(run.sent.length, 1);
    assert.deepEqual(run.endings, [{ id: 'one' }, { id: 'none' }]);
  });

  test('results leave in the order of arrival', async () => {
    const answers: ((value: string) => void)[] = [];
    const run = new Run(() => {
      return new Promise((resolve) => answers.push((value) => resolve({ kind: 'value', value })));
    });
    for (const id of ['1', '2', '3']) run.handle(id);
    answers[2]?.('third');
    answers[1]?.('second');
    await settled();
    assert.deepEqual(run.sent, []);
    answers[0]?.('first');
    await settled();
    assert.deepEqual(
      run.sent.map((message) => (message as NodeMessage).payload),
      ['first', 'second', 'third'],
    );
  });

  test('calls that do not end are refused at close, once each', async () => {
    const refusals: ((error: Error) => void)[] = [];
    const run = new Run(
      () => new Promise((_resolve, reject) => refusals.push(reject)),
      () => refusals.forEach((reject) => reject(new WasmFunctionError('closed', 'closed'))),
    );
    run.handle('1');
    run.handle('2');
    await run.handler.close(10);
    run.handle('3');
    assert.deepEqual(
      run.endings,
      ['1', '2', '3'].map((id) => ({ id, code: 'closed' })),
    );
    assert.deepEqual(run.sent, []);
  });

  test('messages wait for an input that takes its time, up to the queue, and are called in order', async () => {
    const called: unknown[] = [];
    const run = new Run((input) => {
      called.push(input);
      return Promise.resolve({ kind: 'value', value: input });
    });
    const inputs: (() => void)[] = [];
    run.readInput = (message, callback) => inputs.push(() => callback(undefined, message.payload));
    for (const id of ['1', '2', '3', '4']) run.handle(id);
    while (inputs.length > 0) {
      inputs.shift()?.();
      await settled();
    }
    assert.deepEqual(called, ['1', '2', '3']);
    assert.deepEqual(run.endings, [{ id: '4', code: 'queue' }, { id: '1' }, { id: '2' }, { id: '3' }]);
  });

  test('what is refused for want of room hears of it at once, and is kept no longer', async () => {
    const answers: (() => void)[] = [];
    const run = new Run((input) => {
      if (answers.length === 2) return Promise.reject(new WasmFunctionError('queue', 'full'));
      return new Promise((resolve) => answers.push(() => resolve({ kind: 'value', value: input })));
    });
    for (const id of ['1', '2', '3', '4']) run.handle(id);
    await settled();
    assert.deepEqual(run.endings, [
      { id: '3', code: 'queue' },
      { id: '4', code: 'queue' },
    ]);
    answers[1]?.();
    answers[0]?.();
    await settled();
    assert.deepEqual(run.endings.slice(2), [{ id: '1' }, { id: '2' }]);
    await run.handler.close(0);
  });

  test('an input that is never read does not keep the node from closing', async () => {
    const run = new Run(() => Promise.reject(new Error('not called')));
    let answer: (() => void) | undefined;
    run.readInput = (_message, callback) => (answer = () => callback(undefined, 1));
    run.handle('1');
    run.handle('2');
    await run.handler.close(10);
    answer?.();
    await settled();
    assert.deepEqual(
      run.endings,
      ['1', '2'].map((id) => ({ id, code: 'closed' })),
    );
  });

  test('a context store that never answers keeps no message open beyond the close', async () => {
    const run = new Run((input) => Promise.resolve({ kind: 'value', value: input }));
    const answers: (() => void)[] = [];
    run.writeOutput = (_message, _value, callback) => answers.push(() => callback(undefined));
    for (const id of ['1', '2', '3']) run.handle(id);
    await settled();
    answers[0]?.();
    await settled();
    assert.deepEqual(run.endings, [{ id: '1' }]);
    await run.handler.close(10);
    const ended = [{ id: '1' }, { id: '2', code: 'closed' }, { id: '3', code: 'closed' }];
    assert.deepEqual(run.endings, ended);
    for (const answer of answers) answer();
    await settled();
    assert.deepEqual(run.endings, ended);
    assert.equal(run.sent.length, 1);
  });

  test('thousands of messages leave without a deep stack', async () => {
    let first: ((result: CallResult) => void) | undefined;
    const run = new Run((input) => {
      if (input === '0') return new Promise((resolve) => (first = resolve));
      return Promise.resolve({ kind: 'nothing' });
    });
    const count = 20_000;
    for (let index = 0; index < count; index += 1) run.handle(String(index));
    await settled();
    assert.equal(run.endings.length, 0);
    first?.({ kind: 'nothing' });
    await settled();
    assert.equal(run.endings.length, count);
    assert.equal(run.endings.at(-1)?.id, String(count - 1));
  });
});
