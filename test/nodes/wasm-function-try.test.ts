import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Admin } from '../support/admin';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';

interface Tried {
  readonly value?: { readonly msg: string; readonly format: string };
  readonly kind?: string;
  readonly signature?: string;
  readonly milliseconds?: number;
}

describe('a call that is tried from the dialog', () => {
  let admin: Admin;

  before(async () => {
    admin = await Admin.start({ environment: { TRIED_MODULE: guestFile('wat/triple') } });
  });
  after(() => admin.stop());

  function tryCall(guest: string, asked: object = {}): Promise<Tried & { error?: { code: string; message: string } }> {
    return admin.answer<Tried>('try', { file: guestFile(guest), argument: { type: 'none', value: '' }, ...asked });
  }

  test('is answered with the value as the debug sidebar takes it, the signature, and how long it took', async () => {
    const { value, kind, signature, milliseconds } = await tryCall('wat/triple', {
      argument: { type: 'num', value: '14' },
    });
    assert.deepEqual(value, { msg: '42', format: 'number' });
    assert.equal(kind, 'value');
    assert.equal(signature, 'triple (f64) → f64');
    assert.ok(milliseconds !== undefined && milliseconds > 0 && milliseconds < 5000, String(milliseconds));
  });

  test('takes the module from an environment variable', async () => {
    const asked = { file: 'TRIED_MODULE', fileType: 'env', argument: { type: 'num', value: '2' } };
    assert.equal((await tryCall('wat/add', asked)).value?.msg, '6');
  });

  test('has its argument as an inject node makes it', async () => {
    const echo = (argument: object, result = 'auto'): Promise<Tried> =>
      tryCall('rust-bindgen/guest', { export: 'reverse', signature: '(bytes) -> bytes', result, argument });
    assert.deepEqual((await echo({ type: 'str', value: 'abc' })).value, { msg: '636261', format: 'buffer[3]' });
    assert.deepEqual((await echo({ type: 'bin', value: '[1,2]' }, 'buffer')).value, {
      msg: '0201',
      format: 'buffer[2]',
    });
    const json = await tryCall('wat/add', { argument: { type: 'json', value: '[20, 22]' } });
    assert.equal(json.value?.msg, '42');
  });

  test('a number that is none is an error, and not NaN or 0', async () => {
    for (const value of ['abc', '7,5', '', ' ', 'NaN']) {
      const { error, ...answer } = await tryCall('wat/triple', { argument: { type: 'num', value } });
      assert.deepEqual([error?.code, answer.value], ['arguments', undefined], value);
      assert.match(error?.message ?? '', /^The argument is no number\./);
    }
    for (const [value, tripled] of [
      [' 14 ', '42'],
      ['-2.5e1', '-75'],
      ['0x0a', '30'],
    ] as const) {
      assert.equal((await tryCall('wat/triple', { argument: { type: 'num', value } })).value?.msg, tripled, value);
    }
  });

  test('a list of bytes that has others than bytes is refused, not cut', async () => {
    const bytes = { export: 'reverse', signature: '(bytes) -> bytes' };
    for (const value of ['[104, 300]', '[-1]', '[1.5]', '["a"]', '{}', '12', '[', '']) {
      const { error, value: answer } = await tryCall('rust-bindgen/guest', {
        ...bytes,
        argument: { type: 'bin', value },
      });
      assert.deepEqual([error?.code, answer], ['arguments', undefined], value);
      assert.match(error?.message ?? '', /^The argument is no list of bytes\. Write numbers from 0 to 255/, value);
    }
    const text = await tryCall('rust-bindgen/guest', { ...bytes, argument: { type: 'bin', value: '"abc"' } });
    assert.equal(text.value?.msg, '636261');
  });

  test('several arguments in no brackets, or in round ones, are told how to be written', async () => {
    for (const value of ['(10, 2)', '10, 2', ' (10, 2) ']) {
      const { error } = await tryCall('wat/add', { argument: { type: 'json', value } });
      assert.equal(error?.message, 'The argument is no JSON, where an array stands in brackets. Write [10, 2].');
    }
    const { error } = await tryCall('wat/add', { argument: { type: 'num', value: '10' } });
    assert.match(error?.message ?? '', /^add \(i32, i32\) → i32 takes an array .* Choose JSON as its type/);
  });

  test('an integer that a number cannot hold is to be written as text', async () => {
    const value = '9007199254740993';
    const rounded = await tryCall('wat/add64', { argument: { type: 'json', value: `[${value}, 1]` } });
    assert.match(
      rounded.error?.message ?? '',
      /Write it as text, in JSON within quotes or else as a string: as a number it is rounded\.$/,
    );
    const exact = await tryCall('wat/add64', { argument: { type: 'json', value: `["${value}", 1]` } });
    assert.match(JSON.stringify(exact.value), /9007199254740994/);
  });

  test('runs with nothing kept and nothing deployed: a counter counts from the beginning each time', async () => {
    const first = await tryCall('wat/counter');
    assert.equal((await tryCall('wat/counter')).value?.msg, first.value?.msg);
  });

  test('is answered with what is wrong, with the code and cause that a message would get', async () => {
    const none = await tryCall('wat/none');
    assert.equal(none.error?.code, 'file');
    const wrong = await admin.answer('try', { file: guestFile('wat/triple'), argument: { type: 'str', value: 'x' } });
    assert.equal(wrong.error?.code, 'arguments');
    assert.equal(wrong.error.cause?.export, 'triple');
    const trap = await tryCall('wat/trap', { export: 'unreachable' });
    assert.equal(trap.error?.code, 'trap');
    assert.ok(trap.milliseconds !== undefined);
    const json = await tryCall('wat/add', { argument: { type: 'json', value: 'secret{' } });
    assert.equal(json.error?.code, 'arguments');
    assert.doesNotMatch(json.error.message, /secret/);
    assert.equal((await tryCall('wat/add', { timeout: 'soon' })).error?.code, 'module');
  });

  test('ends at the time-out of the node', async () => {
    const { error, milliseconds } = await tryCall('wat/loop', { export: 'spin', timeout: '0.2' });
    assert.equal(error?.code, 'timeout');
    assert.ok(milliseconds !== undefined && milliseconds >= 200);
    const starting = await tryCall('wat/start-loop', { timeout: '0.2' });
    assert.equal(starting.error?.code, 'timeout');
  });

  test('ends when the dialog is closed; a fifth at once is refused', async () => {
    const closed = new AbortController();
    const asked = { file: guestFile('wat/loop'), export: 'spin', timeout: 600, argument: { type: 'none' } };
    const running = Array.from({ length: 4 }, () =>
      admin.post('try', asked, { signal: closed.signal }).catch(() => undefined),
    );
    const refused = await eventually('a call is refused', async () => {
      const response = await admin.post('try', { ...asked, timeout: 0.01 });
      return response.status === 429 && response;
    });
    assert.equal(refused.headers.get('retry-after'), '1');
    closed.abort();
    await Promise.all(running);
    await eventually('their places are free again, long before their time-out', async () => {
      const responses = await Promise.all(
        Array.from({ length: 4 }, () => admin.post('try', { ...asked, timeout: 0.01 })),
      );
      return responses.every(({ status }) => status === 200);
    });
  });

  test('a path that comes with each message, and an argument of another type, are refused', async () => {
    const byMessage = await admin.post('try', { file: 'payload', fileType: 'msg', argument: { type: 'none' } });
    assert.equal(byMessage.status, 400);
    for (const type of ['jsonata', 'env', 'flow', 'msg']) {
      const asked = { file: guestFile('wat/triple'), argument: { type, value: 'TRIED_MODULE' } };
      assert.equal((await admin.post('try', asked)).status, 400, type);
    }
  });
});
