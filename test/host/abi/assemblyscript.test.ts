import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModule } from '#dist/host/module/parse';
import { formatSignature } from '#dist/host/values/parse-signature';
import { caller, type Choice, guestBytes, open, type Opened } from './guest';

const numbers = (name: string, choice: Choice = {}): Opened =>
  open('assemblyscript', 'assemblyscript-numbers/numbers', name, choice);
const text = (name: string, choice: Choice = {}): Opened =>
  open('assemblyscript', 'assemblyscript-text/text', name, choice);

test('functions over numbers run', () => {
  assert.equal(numbers('add').call([2, 3]), 5);
  assert.equal(numbers('half').call(5), 2.5);
  assert.equal(numbers('double', { signature: '(u64) -> u64' }).call(2n ** 63n - 1n), 2n ** 64n - 2n);
  assert.equal(numbers('positive', { signature: '(f32) -> bool' }).call(1), true);
  assert.equal(numbers('checked').call(4), 4);
});

test('an abort carries its message and place, and ends the guest', () => {
  const checked = numbers('checked');
  assert.equal(checked.guest.broken, false);
  assert.throws(() => checked.call(-1), {
    code: 'guest',
    cause: { guest: 'negative: not today (numbers.ts:20:14)' },
  });
  assert.equal(checked.guest.broken, true);
});

test('with the run-time an i32 may be a string: asked, and strings are refused with the remedy', () => {
  assert.equal(text('square').call(3), 9);
  assert.throws(() => text('next'), { code: 'abi', message: /does not tell an i32 from a string.*\(i32\) -> i32/ });
  assert.equal(text('next', { signature: '(i32) -> i32' }).call(1), 2);
  assert.throws(() => text('greet', { signature: '(string) -> string' }), {
    code: 'abi',
    message: /not given yet.*over numbers/,
  });
});

test('the run-time is not offered', () => {
  const exports = caller('assemblyscript').exports(parseModule(guestBytes('assemblyscript-text/text')));
  assert.deepEqual(exports.map(({ name }) => name).sort(), ['greet', 'next', 'square']);
  const plain = caller('assemblyscript').exports(parseModule(guestBytes('assemblyscript-numbers/numbers')));
  assert.deepEqual(
    plain.map(({ name, signature }) => name + (signature === undefined ? '?' : formatSignature(signature))),
    ['add(i32, i32) → i32', 'half(f64) → f64', 'double(i64) → i64', 'positive(f32) → i32', 'checked(i32) → i32'],
  );
});

test('imports other than abort are refused by name', () => {
  const description = parseModule(guestBytes('assemblyscript-numbers/numbers'));
  const needy = {
    ...description,
    imports: [
      ...description.imports,
      { module: 'env', name: 'seed', kind: 'function', type: { parameters: [], results: ['f64'] } } as const,
    ],
  };
  assert.throws(() => caller('assemblyscript').plan(needy, { export: 'add', convention: 'auto' }), {
    code: 'abi',
    message: /"env"\."seed".*Math\.random/,
  });
});
