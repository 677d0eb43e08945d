/** Which kinds of modules the dialog offers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABIS } from '#dist/host/abi/index';
import { OFFERED_ABIS } from '../../nodes/wasm-function/editor/offered-abis';

test('the dialog offers every ABI that can be called, and no other', () => {
  const callable = ABIS.filter(({ caller }) => caller !== undefined).map(({ name }) => name);
  assert.deepEqual([...OFFERED_ABIS].sort(), ['auto', ...callable].sort());
});
