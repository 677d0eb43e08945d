import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { NodeAPI } from 'node-red';
import type { WasmFunctionError } from '#dist/host/errors';
import { locateByEnvironment } from '#dist/nodes/wasm-function/environment-path';
import { ModulePaths } from '#dist/nodes/wasm-function/file-path';
import { repository } from '../support/node-red';

const paths = new ModulePaths({
  workingDirectory: undefined,
  userDirectory: undefined,
  packageFolder: repository,
  roots: [],
});

describe('a path that leads to no file', () => {
  test('is told that ~ is not the home folder', async () => {
    const told = { code: 'file', message: /Check the path, or put the module there\. A "~" is not replaced/ };
    await assert.rejects(paths.locate('~/x.wasm'), told);
    await assert.rejects(paths.locateInside('~/x.wasm', 'msg.file'), told);
    await assert.rejects(paths.locate('x~/x.wasm'), { message: /put the module there\.$/ });
  });
});

describe('a path in an environment variable', () => {
  const located = (value: unknown): Promise<string> =>
    locateByEnvironment({ util: { evaluateNodeProperty: () => value } } as unknown as NodeAPI, paths, 'MODULE');
  const refusals: readonly (readonly [string, string, RegExp])[] = [
    ['leads to no file', 'secret.wasm', /^The environment variable "MODULE" names no file that is there\. Set it to/],
    [
      'has a NUL in it',
      'secret\0.wasm',
      /^The path in the environment variable "MODULE" has a NUL character in it\. Correct/,
    ],
    [
      'is too long',
      'secret/'.repeat(1000),
      /^The path in the environment variable "MODULE" has more than \d+ characters\. Corr/,
    ],
    ['is blank', ' ', /^The environment variable "MODULE" is not set for Node-RED itself/],
  ];
  for (const [name, value, sentence] of refusals) {
    test(`that ${name} is told as that, without the path`, async () => {
      await assert.rejects(located(value), (error: WasmFunctionError) => {
        assert.equal(error.code, 'file');
        assert.match(error.message, sentence);
        assert.ok(!JSON.stringify([error.message, error.cause]).includes('secret'));
        return true;
      });
    });
  }

  test('that is relative is looked for as one that is typed', async () => {
    assert.equal(await located('triple/pkg/triple_lib_bg.wasm'), join(repository, 'triple/pkg/triple_lib_bg.wasm'));
  });
});
