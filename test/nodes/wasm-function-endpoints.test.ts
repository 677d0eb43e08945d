import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Admin } from '../support/admin';
import { guestBytes, guestFile } from '../support/guests';
import type { NodeRed } from '../support/node-red';

interface Answer {
  readonly inspection?: {
    readonly abi?: string;
    readonly exports: readonly { readonly name: string; readonly signature?: string }[];
    readonly hash: string;
    readonly imports: readonly { readonly name: string; readonly supplied: boolean; readonly by?: string }[];
    readonly refusal?: { readonly code: string; readonly message: string };
  };
  readonly error?: { readonly code: string; readonly message: string };
  readonly file?: string;
  readonly modules?: readonly {
    readonly file: string;
    readonly folder: string;
    readonly uploaded: boolean;
    readonly size: number;
    readonly modified: number;
  }[];
  readonly completions?: readonly { readonly value: string; readonly kind: string }[];
}

const TYPESCRIPT = 'application/typescript';
const SECRET = 'root-password-in-no-module';

describe('admin endpoints of wasm-function', () => {
  let admin: Admin;
  let nodeRed: NodeRed;

  before(async () => {
    admin = await Admin.start({ settings: { wasmFunctionMaxFileSize: 0.1 } });
    ({ nodeRed } = admin);
  });
  after(() => admin.stop());

  const ask: Admin['ask'] = (...asked) => admin.ask(...asked);
  const upload: Admin['upload'] = (...sent) => admin.upload(...sent);
  const describeFile = (body: object): Promise<Answer> => admin.answer<Answer>('describe', body);

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

  test('of each import it is said whether anything supplies it, and what', async () => {
    const triple = await describeFile({ file: 'triple/pkg/triple_lib_bg.wasm' });
    assert.deepEqual(
      triple.inspection?.imports.map(({ supplied, by }) => [supplied, by]),
      [[true, 'the wasm-bindgen glue']],
    );
    const lacking = await describeFile({ file: guestFile('wat/imports') });
    assert.ok((lacking.inspection?.imports.length ?? 0) > 0);
    for (const wanted of lacking.inspection?.imports ?? []) {
      assert.equal(wanted.supplied, false);
      assert.equal(wanted.by, undefined);
    }
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
    const mine = modules?.find(({ file }) => file === 'mine.wasm');
    assert.equal(mine?.folder, join(nodeRed.userDirectory, 'wasm'));
    assert.equal(mine.uploaded, true);
    assert.equal(mine.size, bytes.length);
    assert.ok(Math.abs(Date.now() - mine.modified) < 60_000);
    assert.equal(modules?.find(({ file }) => file === 'triple/pkg/triple_lib_bg.wasm')?.uploaded, false);
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

  test('the same module once more is no other one, and is left as it is', async () => {
    const bytes = await guestBytes('wat/triple');
    assert.equal((await upload('same.wasm', bytes)).status, 200);
    const file = join(nodeRed.userDirectory, 'wasm', 'same.wasm');
    const { ino } = await stat(file);
    const again = await upload('same.wasm', bytes);
    assert.equal(again.status, 200);
    assert.equal(((await again.json()) as { file: string }).file, 'same.wasm');
    assert.equal((await stat(file)).ino, ino);
    const other = Uint8Array.from(bytes);
    // in the name of the export
    other[bytes.indexOf('t'.charCodeAt(0))] = 'T'.charCodeAt(0);
    assert.equal((await upload('same.wasm', other)).status, 409, 'another one of the same size');
    assert.deepEqual(new Uint8Array(await readFile(file)), bytes);
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

  test('declarations are stored beside the modules, and tell the signatures', async () => {
    await upload('shout.wasm', await guestBytes('rust-bindgen/guest'));
    const send = (query = '', text = 'export function shout(text: string): string;'): Promise<Response> =>
      admin.send('declarations', 'shout.d.ts', text, query, TYPESCRIPT);
    const response = await send();
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { file: 'shout.d.ts' });
    const { inspection } = await describeFile({ file: 'shout.wasm' });
    assert.equal(inspection?.exports.find(({ name }) => name === 'shout')?.signature, '(string) → string');
    assert.equal((await send()).status, 200, 'the same once more');
    const others = ['export function shout(text: string): number;', 'export function SHOUT(text: string): string;'];
    for (const other of others) assert.equal((await send('', other)).status, 409);
    assert.equal((await send('&replace=true', others[0])).status, 200);
    const modules = (await admin.answer<Answer>('modules')).modules?.map(({ file }) => file);
    assert.ok(!modules?.includes('shout.d.ts'), 'they are no module');
  });

  test('declarations that are no text, too long or of another name are refused', async () => {
    const send = async (name: string, body: BodyInit, type = TYPESCRIPT): Promise<number> =>
      (await admin.send('declarations', name, body, '', type)).status;
    assert.equal(await send('a.ts', ''), 422);
    assert.equal(await send('../a.d.ts', ''), 422);
    assert.equal(await send('a.d.ts', new Uint8Array([0xff, 0xfe])), 422);
    assert.equal(await send('a.d.ts', 'x\0'), 422);
    assert.equal(await send('a.d.ts', '', 'text/plain'), 415);
    assert.equal(await send('a.d.ts', new Uint8Array(1024 * 1024 + 1)), 413);
    assert.equal(await send('a.d.ts', ' '.repeat(1024 * 1024)), 200);
  });

  test('a path is completed by the modules and folders that it may go on with', async () => {
    const user = nodeRed.userDirectory;
    await mkdir(join(user, 'own', 'deep'), { recursive: true });
    await mkdir(join(user, 'own', '.hidden'));
    await mkdir(join(user, 'own', 'node_modules'));
    for (const name of ['Shape.wasm', 'shade.wasm', 'shadow.txt', '.shown.wasm']) {
      await writeFile(join(user, 'own', name), await guestBytes('wat/add'));
    }
    const complete = async (typed: string): Promise<string[]> => {
      const answer = await admin.answer<Answer>(`completions?typed=${encodeURIComponent(typed)}`);
      return (answer.completions ?? []).map(({ value, kind }) => `${kind} ${value}`);
    };
    assert.deepEqual(await complete('ow'), ['folder own/']);
    assert.deepEqual(await complete('own/'), ['folder own/deep/', 'file own/shade.wasm', 'file own/Shape.wasm']);
    assert.deepEqual(await complete('own/sha'), ['file own/shade.wasm', 'file own/Shape.wasm']);
    assert.deepEqual(await complete(`${user}/own/shad`), [`file ${user}/own/shade.wasm`]);
    assert.deepEqual(await complete('triple/pkg/'), ['file triple/pkg/triple_lib_bg.wasm']);
    assert.ok((await complete('')).includes('folder own/'));
    assert.ok((await complete('/')).includes(`folder ${user}/`), 'the folders themselves are offered');
    for (let index = 0; index < 60; index++) await writeFile(join(user, 'own', 'deep', `m${String(index)}.wasm`), '');
    assert.equal((await complete('own/deep/')).length, 50);
  });
});
