import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { guestBytes, guestFile } from '../support/guests';
import { NodeRed, requireNodeRed } from '../support/node-red';

interface Answer {
  readonly inspection?: {
    readonly abi?: string;
    readonly exports: readonly { readonly name: string; readonly signature?: string }[];
    readonly refusal?: { readonly code: string; readonly message: string };
  };
  readonly error?: { readonly code: string; readonly message: string };
  readonly file?: string;
  readonly modules?: readonly { readonly file: string; readonly folder: string }[];
}

const SECRET = 'root-password-in-no-module';

describe('admin endpoints of wasm-function', () => {
  let nodeRed: NodeRed;
  let author: string;
  let reader: string;

  before(async () => {
    const bcrypt = requireNodeRed('bcryptjs') as { hashSync(password: string, rounds: number): string };
    const password = bcrypt.hashSync('test', 4);
    const users = [
      { username: 'author', password, permissions: '*' },
      { username: 'reader', password, permissions: 'read' },
    ];
    nodeRed = await NodeRed.start({
      flows: [],
      settings: { adminAuth: { type: 'credentials', users }, wasmFunctionMaxFileSize: 0.1 },
    });
    author = await token('author', '*');
    reader = await token('reader', 'read');
  });
  after(() => nodeRed.stop());

  async function token(username: string, scope: string): Promise<string> {
    const { access_token } = await nodeRed.json<{ access_token: string }>('/auth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: 'node-red-admin',
        grant_type: 'password',
        scope,
        username,
        password: 'test',
      }),
    });
    return access_token;
  }

  function ask(path: string, init: RequestInit = {}, as = author): Promise<Response> {
    const headers = { authorization: `Bearer ${as}`, ...(init.headers as Record<string, string> | undefined) };
    return nodeRed.fetch(`/wasm-function/${path}`, { ...init, headers });
  }

  async function describeFile(body: object): Promise<Answer> {
    const response = await ask('describe', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  }

  function upload(name: string, body: BodyInit, query = '', type = 'application/wasm'): Promise<Response> {
    return ask(`modules?name=${encodeURIComponent(name)}${query}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    });
  }

  test('all of them need flows.write', async () => {
    const requests: [string, RequestInit][] = [
      ['describe', { method: 'POST' }],
      ['describe-upload?name=a.wasm', { method: 'POST' }],
      ['modules?name=a.wasm', { method: 'POST' }],
      ['modules', {}],
    ];
    for (const [path, init] of requests) {
      assert.equal((await nodeRed.fetch(`/wasm-function/${path}`, init)).status, 401, path);
      assert.equal((await ask(path, init, reader)).status, 401, path);
    }
  });

  test('a module is described by its path, with typed signatures', async () => {
    const { inspection } = await describeFile({ file: guestFile('wat/add') });
    assert.equal(inspection?.abi, 'numeric');
    assert.deepEqual(
      inspection.exports.map(({ name, signature }) => `${name} ${String(signature)}`),
      ['add (i32, i32) → i32'],
    );
  });

  test('a relative path is looked for where the node looks', async () => {
    const { inspection } = await describeFile({ file: 'triple/pkg/triple_lib_bg.wasm' });
    assert.ok(inspection?.exports.some(({ name }) => name === 'triple'));
  });

  test('a file that is not there is an answer, not a failure', async () => {
    const { error } = await describeFile({ file: 'none.wasm' });
    assert.equal(error?.code, 'file');
    assert.match(error.message, /none\.wasm/);
    assert.equal((await describeFile({ file: 'NO_SUCH_VARIABLE', fileType: 'env' })).error?.code, 'file');
  });

  test('nothing of a file that is no module is given out', async () => {
    const file = join(nodeRed.userDirectory, 'secret.txt');
    await writeFile(file, `${SECRET}\n`.repeat(3));
    const answer = await describeFile({ file });
    assert.equal(answer.inspection?.refusal?.code, 'module');
    assert.ok(!JSON.stringify(answer).includes(SECRET.slice(0, 8)));
  });

  test('bytes are described without being stored', async () => {
    const response = await ask('describe-upload?name=swap.wasm', {
      method: 'POST',
      headers: { 'content-type': 'application/wasm' },
      body: await guestBytes('wat/swap'),
    });
    const { inspection } = (await response.json()) as Answer;
    assert.deepEqual(
      inspection?.exports.map(({ name }) => name),
      ['swap'],
    );
    await assert.rejects(readFile(join(nodeRed.userDirectory, 'wasm', 'swap.wasm')));
  });

  test('an uploaded module is stored whole, listed, and found by its name', async () => {
    const bytes = await guestBytes('wat/triple');
    const response = await upload('mine.wasm', bytes);
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as Answer).file, 'mine.wasm');
    assert.deepEqual(new Uint8Array(await readFile(join(nodeRed.userDirectory, 'wasm', 'mine.wasm'))), bytes);
    const { modules } = (await (await ask('modules')).json()) as Answer;
    const files = modules?.map(({ file }) => file) ?? [];
    assert.ok(files.includes('mine.wasm'));
    assert.ok(files.includes('triple/pkg/triple_lib_bg.wasm'));
    assert.equal((await describeFile({ file: 'mine.wasm' })).inspection?.abi, 'numeric');
  });

  test('a stored module is replaced only where that is asked for', async () => {
    await upload('twice.wasm', await guestBytes('wat/triple'));
    const next = await guestBytes('wat/add');
    assert.equal((await upload('twice.wasm', next)).status, 409);
    assert.equal((await upload('twice.wasm', next, '&replace=true')).status, 200);
    assert.deepEqual(new Uint8Array(await readFile(join(nodeRed.userDirectory, 'wasm', 'twice.wasm'))), next);
  });

  test('names that lead elsewhere, other content and other types are refused, and leave nothing', async () => {
    await mkdir(join(nodeRed.userDirectory, 'wasm'), { recursive: true });
    const stored = await readdir(join(nodeRed.userDirectory, 'wasm'));
    const bytes = await guestBytes('wat/triple');
    for (const name of ['../up.wasm', 'a/b.wasm', 'a\\b.wasm', '.hidden.wasm', 'con.wasm', 'name.js', '', 'a\0.wasm']) {
      assert.equal((await upload(name, bytes)).status, 422, name);
    }
    const text = await upload('text.wasm', `<html>${SECRET}</html>`);
    assert.equal(text.status, 422);
    assert.ok(!(await text.text()).includes(SECRET));
    assert.equal((await upload('form.wasm', bytes, '', 'text/plain')).status, 415);
    assert.equal((await upload('large.wasm', new Uint8Array(200_000))).status, 413);
    assert.deepEqual(await readdir(join(nodeRed.userDirectory, 'wasm')), stored);
  });

  test('a body without a length is stopped where it grows too large', async () => {
    let chunks = 0;
    const endless = new ReadableStream({
      pull(controller) {
        chunks += 1;
        if (chunks > 10_000) controller.close();
        else controller.enqueue(new Uint8Array(16_384));
      },
    });
    const request = upload('endless.wasm', endless, '', 'application/wasm');
    const status = await request.then(
      (response) => response.status,
      () => 'ended',
    );
    assert.ok(status === 413 || status === 'ended', String(status));
    assert.ok(chunks < 10_000, 'the body was not read to its end');
    assert.equal((await ask('modules')).status, 200);
  });
});
