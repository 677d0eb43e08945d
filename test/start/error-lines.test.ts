import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, mock, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repository } from '../support/node-red';

type LimitLines = (print: (line: string) => void) => (text: string) => void;

describe('errors in the terminal', () => {
  let limitLines: LimitLines;

  before(async () => {
    const script = pathToFileURL(join(repository, 'scripts', 'start', 'error-lines.mjs')).href;
    ({ limitLines } = (await import(script)) as { limitLines: LimitLines });
  });

  test('the first comes at once, then the latest of each second with the number of the others', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const lines: string[] = [];
      const add = limitLines((line) => lines.push(line));
      for (let index = 0; index <= 10; index += 1) add(`error ${String(index)}`);
      assert.deepEqual(lines, ['error 0']);
      mock.timers.tick(1000);
      assert.deepEqual(lines.splice(0), ['error 0', 'error 10 … and 9 more']);
      add('one');
      assert.deepEqual(lines, [], 'a second has not passed since the last line');
      mock.timers.tick(1000);
      assert.deepEqual(lines.splice(0), ['one']);
      mock.timers.tick(1000);
      add('after a pause');
      assert.deepEqual(lines, ['after a pause']);
    } finally {
      mock.timers.reset();
    }
  });
});
