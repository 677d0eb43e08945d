import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { guestFile } from '../support/guests';
import { repository } from '../support/node-red';

interface Described {
  readonly label: string;
  readonly numeric: boolean;
  readonly misfit?: string;
  readonly wholeOnly: boolean;
}

describe('what npm start says of a function', () => {
  let describeFunction: (file: string, saved: object) => Promise<Described>;

  before(async () => {
    const script = pathToFileURL(join(repository, 'scripts', 'start', 'module.mjs')).href;
    ({ describeFunction } = (await import(script)) as { describeFunction: typeof describeFunction });
  });

  test('names for an i32 of the binary the range of both signs, as the node does', async () => {
    const { label, numeric, misfit } = await describeFunction(guestFile('wat/recurse'), { export: 'recurse' });
    assert.deepEqual([label, numeric], ['recurse (i32) → i32', true]);
    assert.match(misfit ?? '', / 4294967295;? .*got 61\.5/);
  });

  test('names for an i32 of a signature the range of that', async () => {
    const saved = { export: 'recurse', signature: '(i32) -> i32' };
    const { misfit } = await describeFunction(guestFile('wat/recurse'), saved);
    assert.match(misfit ?? '', / 2147483647;? .*got 61\.5/);
  });

  test('tells a function that takes whole numbers only from one that takes no number', async () => {
    const wholeOnly = async (guest: string, saved: object): Promise<boolean> =>
      (await describeFunction(guestFile(guest), saved)).wholeOnly;
    assert.equal(await wholeOnly('wat/recurse', { export: 'recurse' }), true);
    assert.equal(await wholeOnly('wat/add64', { export: 'add' }), false, 'it takes two');
    assert.equal(await wholeOnly('wat/triple', { export: 'triple' }), false, 'it takes fractions');
  });
});
