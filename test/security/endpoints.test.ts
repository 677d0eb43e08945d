/** The admin endpoints as somebody would try them who wants more of a Node-RED than he may have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Admin, type Refusal } from '../support/admin';
import { guestBytes, guestFile } from '../support/guests';

const SECRET = 'hunter2-in-no-module';
const JSON_TYPE = { 'content-type': 'application/json' };
const POSTS = ['describe', 'describe-upload?name=a.wasm', 'modules?name=a.wasm', 'declarations?name=a.d.ts', 'try'];
const GETS = ['modules', 'completions?typed=t'];
const noFifo = process.platform === 'win32' ? 'Windows has no FIFO in its file system' : undefined;

interface Described extends Refusal {
  readonly inspection?: { readonly hash: string; readonly refusal?: { readonly code: string } };
  readonly completions?: readonly { readonly value: string }[];
  readonly modules?: readonly { readonly file: string }[];
}

describe('admin endpoints against somebody who may not deploy', () => {
  let admin: Admin;
  let outside: string;

  before(async () => {
    outside = await mkdtemp(join(tmpdir(), 'outside-'));
    admin = await Admin.start({ environment: { NODE_RED_SECRET: SECRET } });
    await writeFile(join(outside, 'secret.txt'), SECRET);
    await writeFile(join(outside, 'foreign.wasm'), await guestBytes('wat/add'));
    await mkdir(join(outside, 'folder'));
  });
  after(async () => {
    await admin.stop();
    await rm(outside, { recursive: true });
  });

  test('without a token, with a wrong one, or with another permission there is nothing', async () => {
    const wrong: Record<string, string>[] = [
      {},
      { authorization: 'Bearer x' },
      { authorization: `Basic ${Buffer.from('author:test').toString('base64')}` },
      { authorization: admin.authorization('reader') },
      { authorization: admin.authorization('injector') },
    ];
    const requests = [...POSTS.map((path) => ['POST', path] as const), ...GETS.map((path) => ['GET', path] as const)];
    for (const headers of wrong) {
      for (const [method, path] of requests) {
        const response = await admin.nodeRed.fetch(`/wasm-function/${path}`, { method, headers });
        assert.equal(response.status, 401, `${method} ${path}`);
        assert.match(await response.text(), /^(?:Unauthorized)?$/);
      }
    }
  });

  test('another method does nothing', async () => {
    for (const path of POSTS.filter((each) => !each.startsWith('modules'))) {
      assert.equal((await admin.ask(path)).status, 404, `GET ${path}`);
    }
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      assert.equal((await admin.ask('modules?name=a.wasm', { method })).status, 404, method);
    }
  });

  test('what a form of another page can send is no question', async () => {
    const question = JSON.stringify({ file: guestFile('wat/add'), argument: { type: 'none' } });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      for (const path of POSTS) {
        const sent = { method: 'POST', headers: { 'content-type': type }, body: `file=a&x=${question}` };
        assert.equal((await admin.ask(path, sent)).status, 415, `${type} ${path}`);
      }
    }
    for (const path of ['describe', 'try']) {
      assert.equal((await admin.ask(path, { method: 'POST' })).status, 415, path);
      assert.equal((await admin.ask(path, { method: 'POST', headers: JSON_TYPE, body: '[]' })).status, 400, path);
    }
  });

  test('values of another kind are refused, and Node-RED goes on', async () => {
    const strange = [{ file: {} }, { file: ['a'] }, { file: 'a', abi: { toString: 'x' } }, { file: 'a', memory: -1 }];
    for (const body of strange) {
      for (const path of ['describe', 'try']) {
        const response = await admin.post(path, { argument: { type: 'none' }, ...body });
        const { error } = (await response.json()) as Refusal;
        assert.ok(error !== undefined, `${path} ${JSON.stringify(body)}`);
        assert.ok(response.status < 500, error.message);
      }
    }
    for (const argument of [undefined, null, 7, 'x', { type: 'str', value: {} }, { type: '__proto__' }]) {
      assert.equal((await admin.post('try', { file: guestFile('wat/add'), argument })).status, 400);
    }
    for (const query of ['name[]=a.wasm', 'name[a]=b', 'name=a.wasm&name=b.wasm', '']) {
      const headers = { 'content-type': 'application/wasm' };
      assert.equal((await admin.ask(`modules?${query}`, { method: 'POST', headers, body: 'x' })).status, 422, query);
    }
    assert.equal((await admin.ask('completions?typed[]=a')).status, 200);
    assert.equal((await admin.ask('modules')).status, 200);
  });

  test('a variable of the environment is asked for as a path, and its value is not told', async () => {
    for (const path of ['describe', 'try']) {
      const asked = { file: 'NODE_RED_SECRET', fileType: 'env', argument: { type: 'none' } };
      const text = await (await admin.post(path, asked)).text();
      assert.match(text, /The environment variable \\"NODE_RED_SECRET\\" names no file/);
      assert.ok(!text.includes(SECRET), text);
    }
  });

  test('no path makes a description or a try give out what is no module', async () => {
    const deep = '../'.repeat(20);
    const tricks = [
      join(outside, 'secret.txt'),
      `${deep}${join(outside, 'secret.txt').slice(1)}`,
      join(outside, 'folder'),
      '/proc/self/environ',
      '/proc/self/mem',
      '/dev/zero',
      '/dev/tty',
      '/',
      '..',
      '.',
      encodeURIComponent(join(outside, 'secret.txt')),
      `file://${join(outside, 'secret.txt')}`,
      `${join(outside, 'secret.txt')}\0.wasm`,
      `\uff0e\uff0e/${outside}/secret.txt`,
      'C:\\Windows\\win.ini',
      '\\\\server\\share\\a.wasm',
      'settings.js',
      'a/'.repeat(2000),
      'x'.repeat(100_000),
      '\ud800',
    ];
    for (const file of tricks) {
      for (const path of ['describe', 'try']) {
        const response = await admin.post(path, { file, argument: { type: 'none' } });
        const text = await response.text();
        const shown = `${path} ${JSON.stringify(file.slice(0, 80))}: ${text.slice(0, 300)}`;
        assert.equal(response.status, 200, shown);
        const { error, inspection } = JSON.parse(text) as Described;
        assert.ok((error ?? inspection?.refusal) !== undefined, shown);
        assert.equal(inspection?.hash ?? '', '', 'a hash tells a short secret by trying');
        assert.ok(!text.includes(SECRET.slice(0, 7)), shown);
        assert.ok(text.length < 10_000, 'what was asked is not repeated without bounds');
      }
    }
  });

  test('a FIFO that nobody writes to keeps nobody waiting', { skip: noFifo }, async () => {
    const fifo = join(outside, 'fifo.wasm');
    execFileSync('mkfifo', [fifo]);
    for (const path of ['describe', 'try']) {
      const { error } = await admin.answer(path, { file: fifo, argument: { type: 'none' } });
      assert.equal(error?.code, 'file');
      assert.match(error.message, /not a regular file/);
    }
  });

  test('nothing outside the known folders is listed, whichever way it is asked for', async () => {
    const user = admin.nodeRed.userDirectory;
    await symlink(outside, join(user, 'way-out'));
    await symlink(join(outside, 'foreign.wasm'), join(user, 'foreign.wasm'));
    await mkdir(join(user, '.config'));
    await writeFile(join(user, '.config', 'hidden.wasm'), '');
    await symlink(join(user, '.config'), join(user, 'shown'));
    const typed = [
      '../../',
      '../../../',
      'way-out/',
      'way-out/folder/',
      './way-out/',
      '.config/',
      'shown/',
      '.',
      '/etc/',
      '/proc/self/',
      join('/proc/self', 'root', '/'),
      `${outside}/`,
      `${user}/..`,
      `${user}/../`,
      `${user}/.config/`,
      `${user}/way-out/`,
      `${user}/node_modules/../.config/`,
      '\0',
      `${user}\0/`,
      'x'.repeat(10_000),
      '\\\\server\\',
    ];
    for (const each of typed) {
      const { completions } = await admin.answer<Described>(`completions?typed=${encodeURIComponent(each)}`);
      assert.deepEqual(completions, [], JSON.stringify(each.slice(0, 80)));
    }
    const { completions } = await admin.answer<Described>('completions?typed=');
    const { modules } = await admin.answer<Described>('modules');
    const values = [...(completions ?? []).map(({ value }) => value), ...(modules ?? []).map(({ file }) => file)];
    assert.ok(values.includes('triple/pkg/triple_lib_bg.wasm'));
    for (const hidden of ['foreign.wasm', 'way-out/', '.config/', 'shown/'])
      assert.ok(!values.includes(hidden), hidden);
  });

  test('a hundred questions at once are answered or sent away, and the next one is answered', async () => {
    const file = guestFile('wat/add');
    const asked = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0
        ? admin.post('describe', { file })
        : admin.post('try', { file, argument: { type: 'json', value: '[1,2]' } }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    const count = (wanted: number): number => statuses.filter((status) => status === wanted).length;
    assert.equal(count(200) + count(429), 100);
    assert.ok(count(200) >= 2);
    assert.ok(count(429) > 0, 'the number at once is bounded');
    assert.equal((await admin.post('describe', { file })).status, 200);
  });

  test('of a module that cannot be loaded nothing is left running', async () => {
    const { nodeRed } = admin;
    await admin.answer('try', { file: guestFile('wat/trap'), export: 'unreachable', argument: { type: 'none' } });
    assert.equal(nodeRed.exitCode, undefined);
    assert.doesNotMatch(nodeRed.output, /Unhandled|Uncaught/i);
  });
});
