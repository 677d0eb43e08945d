/** Paths that come with a message or from context: they stay inside, and tell nothing of what is outside. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { WasmFunctionError } from '#dist/host/errors';
import { ModulePaths } from '#dist/nodes/wasm-function/file-path';
import { guestFile } from '../support/guests';

describe('a path from a message', () => {
  let base: string;
  let root: string;
  let outside: string;
  let paths: ModulePaths;

  before(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), 'paths-')));
    root = join(base, 'user');
    outside = join(base, 'outside');
    for (const folder of [root, outside, join(root, 'wasm'), join(base, 'user-other'), join(base, 'extra')]) {
      await mkdir(folder);
    }
    for (const file of [
      'user/in.wasm',
      'user/wasm/up.wasm',
      'outside/there.wasm',
      'user-other/x.wasm',
      'extra/e.wasm',
    ]) {
      await copyFile(guestFile('wat/triple'), join(base, file));
    }
    await writeFile(join(outside, 'secret.txt'), 'secret');
    paths = new ModulePaths({
      workingDirectory: undefined,
      userDirectory: root,
      packageFolder: join(base, 'package'),
      roots: [join(base, 'extra')],
    });
  });
  after(() => rm(base, { recursive: true }));

  async function refusal(path: unknown): Promise<{ code: string; message: string }> {
    try {
      const file = await paths.locateInside(path, 'msg.file');
      return { code: 'found', message: file };
    } catch (error) {
      const { code, message } = error as WasmFunctionError;
      return {
        code,
        message: typeof path === 'string' && path.trim() !== '' ? message.replaceAll(path, '…') : message,
      };
    }
  }

  test('leads to files inside, by its name, by its absolute path and by links that stay inside', async () => {
    await symlink('in.wasm', join(root, 'one.wasm'));
    await symlink(join(root, 'one.wasm'), join(root, 'two.wasm'));
    await symlink(join(base, 'extra'), join(root, 'extra'));
    await symlink(root, join(base, 'alias'));
    for (const path of ['in.wasm', join(root, 'in.wasm'), 'one.wasm', 'two.wasm', 'wasm/../in.wasm']) {
      assert.equal(await paths.locateInside(path, 'msg.file'), join(root, 'in.wasm'), path);
    }
    assert.equal(await paths.locateInside('up.wasm', 'msg.file'), join(root, 'wasm', 'up.wasm'));
    assert.equal(await paths.locateInside('extra/e.wasm', 'msg.file'), join(base, 'extra', 'e.wasm'));
  });

  test('leads to files of a root that is itself a link', async () => {
    await symlink(join(base, 'extra'), join(base, 'linked-root'));
    const linked = new ModulePaths({
      workingDirectory: undefined,
      userDirectory: undefined,
      packageFolder: join(base, 'package'),
      roots: [join(base, 'linked-root')],
    });
    const file = join(base, 'extra', 'e.wasm');
    assert.equal(await linked.locateInside(join(base, 'linked-root', 'e.wasm'), 'msg.file'), file);
    await assert.rejects(linked.locateInside(join(root, 'in.wasm'), 'msg.file'), { code: 'permission' });
  });

  test('that leads outside is refused in the same words, whether anything is there or not', async () => {
    const pairs = [
      ['../outside/there.wasm', '../outside/none.wasm'],
      [join(outside, 'there.wasm'), join(outside, 'none.wasm')],
      [join(base, 'user-other', 'x.wasm'), join(base, 'user-other', 'y.wasm')],
      ['wasm/../../outside/secret.txt', 'wasm/../../outside/nothing.txt'],
    ] as const;
    for (const [there, none] of pairs) {
      const answer = await refusal(there);
      assert.notEqual(answer.code, 'found', there);
      assert.deepEqual(await refusal(none), answer);
    }
  });

  test('that leads outside by a link is refused in the same words, whether anything is there or not', async () => {
    await symlink(outside, join(root, 'out'));
    await symlink(join(outside, 'there.wasm'), join(root, 'to-there.wasm'));
    await symlink(join(outside, 'none.wasm'), join(root, 'to-none.wasm'));
    await symlink(join(base, 'none', 'none.wasm'), join(root, 'to-no-folder.wasm'));
    const answer = await refusal('out/there.wasm');
    assert.equal(answer.code, 'permission');
    for (const path of ['out/none.wasm', 'out/secret.txt/x', 'to-there.wasm', 'to-none.wasm', 'to-no-folder.wasm']) {
      assert.deepEqual(await refusal(path), answer, path);
    }
  });

  test('that goes round in links, or is none, is an error at once', async () => {
    await symlink('round.wasm', join(root, 'round.wasm'));
    await symlink('b.wasm', join(root, 'a.wasm'));
    await symlink('a.wasm', join(root, 'b.wasm'));
    for (const path of ['round.wasm', 'a.wasm', 'in.wasm/x', 'none.wasm', '', ' ', 'a\0.wasm', 'x/'.repeat(9000)]) {
      assert.equal((await refusal(path)).code, 'file', JSON.stringify(path.slice(0, 20)));
    }
    for (const path of [undefined, null, 7, {}, ['in.wasm'], Buffer.from('in.wasm')]) {
      assert.equal((await refusal(path)).code, 'file', String(path));
    }
    assert.equal((await refusal('..')).code, 'permission');
    assert.ok((await refusal('x/'.repeat(9000))).message.length < 200, 'the path is not repeated without bounds');
  });

  test('that goes round in links is told so, and where there are too many', async () => {
    await symlink('turn', join(root, 'turn'));
    await symlink('longer/x', join(root, 'longer'));
    for (let link = 0; link < 45; link += 1)
      await symlink(`${String(link + 1)}.link`, join(root, `${String(link)}.link`));
    await copyFile(guestFile('wat/triple'), join(root, '45.link'));
    assert.equal(await paths.locateInside('10.link', 'msg.file'), join(root, '45.link'));
    const rows = [
      ['turn', /^The file that msg\.file names, "…", is a link that leads back to itself/],
      ['turn/in.wasm', /is a link that leads back to itself, or lies behind one\. Replace the link/],
      ['longer', /lies behind more than 40 links\. Name the file/],
      ['0.link', /lies behind more than 40 links\. Name the file/],
    ] as const;
    for (const [path, says] of rows) {
      const { code, message } = await refusal(path);
      assert.equal(code, 'file', path);
      assert.match(message, says, path);
    }
  });

  test('is told by the property that holds it, and by the path itself where there is one', async () => {
    const rows = [
      ['none.wasm', 'file', /^The file that msg\.file names, "…", is not in "/],
      [join(outside, 'there.wasm'), 'permission', /^The file that msg\.file names, "…", lies outside/],
      [undefined, 'file', /^msg\.file, which is to name the module, is undefined; text is needed/],
      [['in.wasm'], 'file', /^msg\.file, which is to name the module, is of type object; text/],
      [' ', 'file', /^msg\.file, which is to name the module, is blank; text/],
      ['a\0.wasm', 'file', /^The path in msg\.file has a NUL character/],
      ['x/'.repeat(9000), 'file', /^The path in msg\.file has more than \d+ characters/],
    ] as const;
    for (const [path, code, says] of rows) {
      const answer = await refusal(path);
      assert.equal(answer.code, code, String(path).slice(0, 20));
      assert.match(answer.message, says);
    }
  });

  test('is taken as it is written: what is encoded, or looks like a dot, is a name', async () => {
    for (const path of [
      '%2e%2e/outside/there.wasm',
      '\uff0e\uff0e/outside/there.wasm',
      '..\u2215outside\u2215there.wasm',
    ]) {
      assert.equal((await refusal(path)).code, 'file', path);
    }
  });
});
