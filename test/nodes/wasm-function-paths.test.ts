import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ModulePaths } from '#dist/nodes/wasm-function/file-path';
import { repository } from '../support/node-red';

describe('a path that leads to no file', () => {
  const paths = new ModulePaths({
    workingDirectory: undefined,
    userDirectory: undefined,
    packageFolder: repository,
    roots: [],
  });

  test('is told that ~ is not the home folder', async () => {
    const told = { code: 'file', message: /Check the path, or put the module there\. A "~" is not replaced/ };
    await assert.rejects(paths.locate('~/x.wasm'), told);
    await assert.rejects(paths.locateInside('~/x.wasm', 'msg.file'), told);
    await assert.rejects(paths.locate('x~/x.wasm'), { message: /put the module there\.$/ });
  });
});
