import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { retryAfter } from '#dist/delivery/retry-policy';
import { Flow } from '../support/flow';
import { guestFile } from '../support/guests';

describe('wasm-function', () => {
  let flow: Flow;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasm-function-'));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(() => flow.unload());

  async function payloadFor(payload: unknown): Promise<unknown> {
    const { sent, error } = await flow.call({ payload });
    assert.equal(error, undefined);
    assert.equal(sent.length, 1);
    return sent[0]?.payload;
  }

  async function errorFor(message: object): Promise<{ code?: string; message: string; cause?: object }> {
    const { sent, error } = await flow.call(message);
    assert.deepEqual(sent, []);
    assert.ok(error, 'the Catch node got an error');
    return error;
  }

  test('calls the only export with the payload, numbers and decimal text alike', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple') });
    assert.equal(await payloadFor(14), 42);
    assert.equal(await payloadFor('1.5'), 4.5);
    await flow.untilStatus('(f64) → f64');
  });

  test('keeps the rest of the message and its identity', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple') });
    const { sent } = await flow.call({ payload: 2, topic: 'noise' });
    assert.deepEqual({ ...sent[0], _msgid: '' }, { payload: 6, topic: 'noise', _msgid: '' });
  });

  test('takes an array for several parameters and returns several results as one', async () => {
    flow = await Flow.load({ file: guestFile('wat/swap') });
    assert.deepEqual(await payloadFor([1, 2]), [2, 1]);
  });

  test('a function that returns nothing leaves the message as it was', async () => {
    flow = await Flow.load({ file: guestFile('wat/nothing') });
    assert.equal(await payloadFor('12'), '12');
  });

  test('a refused value reaches Catch with message, code and cause', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple'), export: 'triple' });
    const error = await errorFor({ payload: 'fourteen' });
    assert.equal(error.code, 'arguments');
    assert.match(error.message, /fourteen/);
    assert.doesNotMatch(error.message, /^WasmFunctionError/);
    assert.deepEqual(error.cause, {
      file: guestFile('wat/triple'),
      export: 'triple',
      signature: 'triple (f64) → f64',
    });
    assert.equal(await payloadFor(1), 3);
  });

  test('a call that does not end is stopped by its time-out, and the next message works', async () => {
    flow = await Flow.load({ file: guestFile('wat/busy'), timeout: '0.1' });
    assert.equal((await errorFor({ payload: 2_000_000_000 })).code, 'timeout');
    assert.equal(await payloadFor(1), 1_013_904_223);
  });

  test('a missing file does not stop the deploy, and is loaded when it appears', async () => {
    const file = join(folder, 'late.wasm');
    flow = await Flow.load({ file });
    assert.equal((await errorFor({ payload: 1 })).code, 'file');
    await flow.untilStatus('wasm-function.status.failed.file');
    await copyFile(guestFile('wat/triple'), file);
    await flow.untilStatus('(f64) → f64 ✗ 1');
    assert.equal(await payloadFor(1), 3);
  });

  test('a relative path is found in the user directory and in its wasm folder as soon as it is there', async () => {
    await mkdir(join(folder, 'wasm'));
    flow = await Flow.load({ file: 'uploaded.wasm' }, { userDir: folder });
    const error = await errorFor({ payload: 1 });
    assert.equal(error.code, 'file');
    assert.match(error.message, /uploaded\.wasm/);
    await copyFile(guestFile('wat/triple'), join(folder, 'wasm', 'uploaded.wasm'));
    assert.equal(await payloadFor(1), 3);
  });

  test('without a file every message says that none is chosen', async () => {
    flow = await Flow.load({});
    const error = await errorFor({ payload: 1 });
    assert.equal(error.code, 'file');
    assert.match(error.message, /No module is chosen/);
  });

  test('an environment variable that is not set is named', async () => {
    flow = await Flow.load({ file: 'NO_SUCH_MODULE', fileType: 'env' });
    const error = await errorFor({ payload: 1 });
    assert.equal(error.code, 'file');
    assert.match(error.message, /variable "NO_SUCH_MODULE".* is not set/);
    await flow.untilStatus('wasm-function.status.failed.file');
  });

  test('an environment variable names the module', async () => {
    process.env.CHOSEN_MODULE = guestFile('wat/triple');
    try {
      flow = await Flow.load({ file: 'CHOSEN_MODULE', fileType: 'env' });
      assert.equal(await payloadFor(1), 3);
    } finally {
      delete process.env.CHOSEN_MODULE;
    }
  });

  test('a property that makes no sense is named in each message’s error, and a source waits until it is mended', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple'), timeout: 'soon' });
    for (const id of [1, 2, 3].map((payload) => flow.send({ payload }))) {
      const { error } = await flow.outcome(id);
      assert.equal(error?.code, 'module');
      assert.match(error.message, /"timeout" is "soon"/);
      assert.equal(retryAfter(error), 'wait');
    }
    await flow.untilStatus('wasm-function.status.misconfigured');
  });

  describe('what waits and what crosses threads', () => {
    /** Returns its bytes as they are. */
    const echo = { file: guestFile('wat/bad-pointers'), export: 'pair', convention: 'pair' };

    test('a Buffer that is filled again after it was sent does not change calls that wait', async () => {
      flow = await Flow.load({ ...echo, signature: '(bytes) -> bytes' });
      await flow.untilStatus('(bytes) → bytes');
      const reading = Buffer.alloc(16);
      const ids = Array.from({ length: 200 }, (_, index) => flow.send({ payload: reading.fill(index) }));
      reading.fill(255);
      for (const id of ids) assert.equal((await flow.outcome(id)).error, undefined);
      assert.deepEqual(
        flow.sent.map(({ payload }) => (payload as Buffer)[0]),
        ids.map((_, index) => index),
      );
    });

    test('a Buffer whose memory is given away while it waits is still what was sent', async () => {
      flow = await Flow.load({ ...echo, signature: '(bytes) -> bytes' });
      await flow.untilStatus('(bytes) → bytes');
      const memories = Array.from({ length: 200 }, () => new ArrayBuffer(16));
      const ids = memories.map((memory) => flow.send({ payload: Buffer.from(memory) }));
      const gone = Buffer.from(memories[0]!);
      structuredClone(memories, { transfer: memories });
      for (const id of ids) {
        const { sent, error } = await flow.outcome(id);
        assert.equal(error, undefined);
        assert.deepEqual(sent[0]?.payload, Buffer.alloc(16));
      }
      assert.equal((await errorFor({ payload: gone })).code, 'arguments');
      assert.deepEqual(await payloadFor('next'), Buffer.from('next'));
    });

    test('JSON that is nested too deeply is refused on both ways, and the next message works', async () => {
      flow = await Flow.load({ ...echo, signature: '(json) -> json' });
      const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
      assert.equal((await errorFor({ payload: nested(3000) })).code, 'arguments');
      assert.deepEqual(await payloadFor({ a: nested(900) }), { a: nested(900) });
      await flow.unload();
      flow = await Flow.load({ ...echo, signature: '(string) -> json' });
      for (const levels of [4000, 20_000]) {
        const error = await errorFor({ payload: '['.repeat(levels) + ']'.repeat(levels) });
        assert.equal(error.code, 'result');
        assert.match(error.message, /more than 1000 deep/);
      }
      assert.deepEqual(await payloadFor('[{}]'), [{}]);
    });
  });

  describe('state', () => {
    test('shared state lives on; reset gives a new instance, alone without a call', async () => {
      flow = await Flow.load({ file: guestFile('wat/counter') });
      assert.equal(await payloadFor(undefined), 1);
      assert.equal(await payloadFor(undefined), 2);
      assert.deepEqual(await flow.call({ reset: true }), { sent: [] });
      assert.equal(await payloadFor(undefined), 1);
      const { sent } = await flow.call({ payload: 0, reset: true });
      assert.equal(sent[0]?.payload, 1);
    });

    test('a reset needs no input where the input is nested, and is one of its own with one', async () => {
      flow = await Flow.load({ file: guestFile('wat/counter'), input: 'payload.value' });
      const counted = { payload: { value: 0 } };
      assert.equal((await flow.call({ ...counted })).sent[0]?.payload, 1);
      assert.equal((await flow.call({ ...counted })).sent[0]?.payload, 2);
      assert.deepEqual(await flow.call({ reset: true }), { sent: [] });
      assert.equal((await flow.call({ ...counted })).sent[0]?.payload, 1);
      assert.equal((await flow.call({ ...counted, reset: true })).sent[0]?.payload, 1);
    });

    test('an input that cannot be read is an error with a reset, too: the payload is not lost', async () => {
      flow = await Flow.load({ file: guestFile('wat/counter'), input: '$number(payload)', inputType: 'jsonata' });
      assert.equal(await payloadFor('1'), 1);
      const error = await errorFor({ payload: 'no number', reset: true });
      assert.equal(error.code, 'arguments');
      assert.match(error.message, /input could not be read/);
      assert.deepEqual(await flow.call({ reset: true }), { sent: [] });
      assert.equal(await payloadFor('1'), 1);
    });

    test('only true resets', async () => {
      flow = await Flow.load({ file: guestFile('wat/counter') });
      assert.equal(await payloadFor(undefined), 1);
      const { sent } = await flow.call({ payload: 0, reset: 'true' });
      assert.equal(sent[0]?.payload, 2);
    });

    test('fresh instances start clean with each message', async () => {
      flow = await Flow.load({ file: guestFile('wat/counter'), instance: 'fresh' });
      assert.equal(await payloadFor(undefined), 1);
      assert.equal(await payloadFor(undefined), 1);
    });
  });

  describe('input and output', () => {
    const file = guestFile('wat/triple');

    test('from a nested property into another that is made', async () => {
      flow = await Flow.load({ file, input: 'payload.noise', output: 'payload.result.tripled' });
      assert.deepEqual(await payloadFor({ noise: 2 }), { noise: 2, result: { tripled: 6 } });
    });

    test('from an expression', async () => {
      flow = await Flow.load({ file, input: '$sum(payload)', inputType: 'jsonata' });
      assert.equal(await payloadFor([1, 2, 3]), 18);
    });

    test('from constant JSON', async () => {
      flow = await Flow.load({ file, input: '5', inputType: 'json' });
      assert.equal(await payloadFor('anything'), 15);
    });

    test('from and to flow context', async () => {
      flow = await Flow.load({ file, input: 'last', inputType: 'flow', output: 'tripled', outputType: 'flow' });
      flow.node.context().flow.set('last', 7);
      assert.equal(await payloadFor('untouched'), 'untouched');
      assert.equal(flow.node.context().flow.get('tripled'), 21);
    });

    test('the whole message is passed where input says so', async () => {
      const echo = { file: guestFile('wat/bad-pointers'), export: 'pair', convention: 'pair' };
      flow = await Flow.load({ ...echo, signature: '(json) -> json', inputType: 'full', output: 'seen' });
      const { sent } = await flow.call({ payload: 1, topic: 'noise' });
      assert.deepEqual(sent[0]?.seen, { payload: 1, topic: 'noise', _msgid: sent[0]?._msgid });
    });

    test('an output that cannot be reached is an error of the result', async () => {
      flow = await Flow.load({ file, output: 'payload.tripled' });
      assert.equal((await errorFor({ payload: 1 })).code, 'result');
    });

    test('an output that is frozen is one, too: what stood there is not sent as the result', async () => {
      flow = await Flow.load({ file, input: 'topic', output: 'payload.tripled' });
      const error = await errorFor({ topic: 2, payload: Object.freeze({ tripled: 1 }) });
      assert.equal(error.code, 'result');
      assert.match(error.message, /takes no such value/);
      assert.deepEqual((await flow.call({ topic: 2, payload: {} })).sent[0]?.payload, { tripled: 6 });
    });

    test('what a message says steers neither log nor terminal', async () => {
      flow = await Flow.load({ file: 'path', fileType: 'msg' });
      const error = await errorFor({ payload: 1, path: 'no\n1 Jan [info] all is well\u001b[2J\u202e\u009b1m.wasm' });
      assert.equal(error.code, 'file');
      assert.match(error.message, /"no 1 Jan/);
      assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]/u);
    });

    test('expressions and JSON that make no sense are said at each message', async () => {
      flow = await Flow.load({ file, input: '$sum(', inputType: 'jsonata' });
      const error = await errorFor({ payload: 1 });
      assert.match(error.message, /JSONata/);
      assert.equal(error.code, 'module');
    });

    for (const input of ['', ' ', undefined]) {
      test(`constant JSON that is ${JSON.stringify(input) ?? 'left out'} is told as empty`, async () => {
        flow = await Flow.load({ file, ...(input === undefined ? {} : { input }), inputType: 'json' });
        const error = await errorFor({ payload: 1 });
        assert.match(error.message, /constant JSON, and is empty\. Write a value/);
        assert.equal(error.code, 'module');
      });
    }
  });

  test('a relative path of a link that leads back to itself is said to be one', async () => {
    await symlink('circle.wasm', join(folder, 'circle.wasm'));
    flow = await Flow.load({ file: 'circle.wasm' }, { userDir: folder });
    const error = await errorFor({ payload: 1 });
    assert.equal(error.code, 'file');
    assert.match(error.message, /leads back to itself/);
  });

  describe('a path from the message', () => {
    const fromMessage = { file: 'module', fileType: 'msg' };

    test('chooses the module for each message', async () => {
      flow = await Flow.load(fromMessage, { userDir: folder });
      await copyFile(guestFile('wat/triple'), join(folder, 'chosen.wasm'));
      assert.equal((await flow.call({ payload: 2, module: 'chosen.wasm' })).sent[0]?.payload, 6);
    });

    test('stays inside the known folders, links resolved', async () => {
      const outside = join(tmpdir(), `outside-${String(process.pid)}.wasm`);
      await copyFile(guestFile('wat/triple'), outside);
      await symlink(outside, join(folder, 'link.wasm'));
      try {
        flow = await Flow.load(fromMessage, { userDir: folder });
        for (const module of [outside, 'link.wasm', `../../${basename(outside)}`]) {
          assert.equal((await errorFor({ payload: 1, module })).code, 'permission', module);
        }
        assert.equal((await errorFor({ payload: 1, module: 'none.wasm' })).code, 'file');
        assert.equal((await errorFor({ payload: 1 })).code, 'file');
      } finally {
        await rm(outside);
      }
    });

    test('may point into a folder that the settings name', async () => {
      const roots = await mkdtemp(join(tmpdir(), 'roots-'));
      try {
        const module = join(roots, 'triple.wasm');
        await copyFile(guestFile('wat/triple'), module);
        flow = await Flow.load(fromMessage, { userDir: folder, wasmFunctionRoots: [roots] });
        assert.equal((await flow.call({ payload: 2, module })).sent[0]?.payload, 6);
      } finally {
        await rm(roots, { recursive: true });
      }
    });
  });

  test('results leave in the order the messages came, whichever call ends first', async () => {
    flow = await Flow.load({ file: guestFile('wat/busy'), concurrency: 4 });
    const rounds = [3_000_000, 1, 2_000_000, 10, 1_000_000, 5];
    const ids = rounds.map((payload) => flow.send({ payload }));
    for (const id of ids) assert.equal((await flow.outcome(id)).error, undefined);
    assert.deepEqual(
      flow.sent.map(({ _msgid }) => _msgid),
      ids,
    );
  });

  test('a message that cannot be copied for Catch still ends in an error, and Node-RED goes on', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple') });
    const hostile = {
      payload: 'none',
      get secret(): string {
        throw new Error('no copy of this');
      },
    };
    const { error } = await flow.call(hostile);
    assert.equal(error?.code, 'arguments');
    assert.equal(await payloadFor(1), 3);
  });

  test('done is called once for each message, whatever becomes of it', async () => {
    flow = await Flow.load({ file: guestFile('wat/triple'), queue: '100' });
    const ids = Array.from({ length: 60 }, (_, index) => flow.send({ payload: index % 3 === 0 ? 'none' : index }));
    for (const id of ids) await flow.outcome(id);
    assert.deepEqual(
      ids.filter((id) => flow.endings(id) !== 1),
      [],
    );
  });

  test('messages in flight finish before the node closes', async () => {
    flow = await Flow.load({ file: guestFile('wat/busy'), concurrency: 2 });
    const ids = [2_000_000, 1_000_000, 1].map((payload) => flow.send({ payload }));
    await flow.node.close(false);
    for (const id of ids) assert.equal((await flow.outcome(id)).error, undefined);
  });
});
