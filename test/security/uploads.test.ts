/** What is sent to Node-RED to be stored: whole or not at all, in its folder, and never more than there is room for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UploadFolder } from '#dist/nodes/wasm-function/module-upload';
import { BodyTooLarge, BodyTooSlow, readBody, type StartTimer } from '#dist/nodes/wasm-function/request-body';
import { Admin, type Refusal } from '../support/admin';
import { guestBytes } from '../support/guests';
import { eventually } from '../support/node-red';

describe('files that are sent to be stored', () => {
  let admin: Admin;
  let folder: string;
  let add: Uint8Array<ArrayBuffer>;
  let triple: Uint8Array<ArrayBuffer>;

  before(async () => {
    add = await guestBytes('wat/add');
    triple = await guestBytes('wat/triple');
    admin = await Admin.start({ settings: { wasmFunctionMaxFileSize: 0.1 } });
    folder = join(admin.nodeRed.userDirectory, 'wasm');
  });
  after(() => admin.stop());
  beforeEach(async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  });

  const stored = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(folder, name)));

  /** A request by hand, for what no honest client sends. */
  async function raw(head: readonly string[], body: Uint8Array | string = ''): Promise<Socket> {
    const { port } = admin.nodeRed;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const lines = [
      'POST /wasm-function/modules?name=raw.wasm HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: ${admin.authorization('author')}`,
      'Content-Type: application/wasm',
      ...head,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(body);
    return socket;
  }

  async function firstLine(socket: Socket): Promise<string> {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return chunk.toString().split('\r\n')[0] ?? '';
  }

  test('a name that could lead elsewhere, or is no plain one, is refused', async () => {
    const names = [
      '..wasm',
      '../a.wasm',
      '..\\a.wasm',
      'a/../../b.wasm',
      '/etc/a.wasm',
      'C:a.wasm',
      'C:\\a.wasm',
      'a.wasm:stream.wasm',
      '%2e%2e%2fa.wasm',
      'a%00.wasm',
      'a\0.wasm',
      'a\n.wasm',
      'a.wasm\n',
      '.wasm',
      '.hidden.wasm',
      ' a.wasm',
      '-a.wasm',
      '\uff0e\uff0e\uff0fa.wasm',
      'ａ.wasm',
      'a\u202e.wasm',
      'nul.wasm',
      'COM1.x.wasm',
      'con .wasm',
      'a.WASM',
      'a.wasm.js',
      `${'a'.repeat(101)}.wasm`,
      '__proto__',
      '',
    ];
    for (const name of names) assert.equal((await admin.upload(name, add)).status, 422, JSON.stringify(name));
    assert.deepEqual(await readdir(folder), []);
    assert.equal((await admin.upload(`${'a'.repeat(100)}.wasm`, add)).status, 200);
    assert.equal((await admin.upload('__proto__.wasm', add)).status, 200);
  });

  test('a link that lies under the name is replaced, not followed', async () => {
    const outside = join(admin.nodeRed.userDirectory, 'outside.txt');
    await writeFile(outside, 'untouched');
    await symlink(outside, join(folder, 'link.wasm'));
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling.wasm'));
    for (const name of ['link.wasm', 'dangling.wasm']) {
      assert.equal((await admin.upload(name, add)).status, 409, name);
      assert.equal((await admin.upload(name, add, '&replace=true')).status, 200, name);
      assert.ok((await lstat(join(folder, name))).isFile(), name);
    }
    assert.equal(await readFile(outside, 'utf8'), 'untouched');
    assert.deepEqual((await readdir(folder)).sort(), ['dangling.wasm', 'link.wasm']);
  });

  test('a folder that lies under the name stays', async () => {
    await mkdir(join(folder, 'folder.wasm'));
    for (const query of ['', '&replace=true']) {
      const response = await admin.upload('folder.wasm', add, query);
      assert.equal(response.status, 409);
      const { error } = (await response.json()) as Refusal;
      assert.equal(error?.code, 'folder');
      assert.match(error.message, /is a folder/);
    }
    assert.deepEqual(await readdir(folder), ['folder.wasm']);
  });

  test('names that differ in case only are one file', async () => {
    assert.equal((await admin.upload('Case.wasm', add)).status, 200);
    assert.equal((await admin.upload('case.wasm', triple)).status, 409);
    const replaced = await admin.upload('CASE.wasm', triple, '&replace=true');
    assert.equal(((await replaced.json()) as { file: string }).file, 'Case.wasm');
    assert.deepEqual(await readdir(folder), ['Case.wasm']);
    assert.deepEqual(await stored('Case.wasm'), triple);
  });

  test('of many that come at once under one name one is stored, whole', async () => {
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => admin.upload('race.wasm', index % 2 === 0 ? add : triple)),
    );
    const statuses = responses.map(({ status }) => status);
    for (const status of statuses) assert.ok([200, 409, 429].includes(status), String(status));
    const bytes = Buffer.from(await stored('race.wasm'));
    assert.ok(bytes.equals(add) || bytes.equals(triple));
    // the same once more is no other file
    const accepted = [...statuses.keys()].filter((index) => statuses[index] === 200);
    assert.ok(accepted.length > 0, statuses.join());
    for (const index of accepted) assert.ok(bytes.equals(index % 2 === 0 ? add : triple), statuses.join());
    assert.deepEqual(await readdir(folder), ['race.wasm']);
  });

  test('a length that is announced is believed at once; a body that ends before it is not stored', async () => {
    const large = await raw(['Content-Length: 999999999999']);
    assert.match(await firstLine(large), / 413 /);
    large.destroy();
    const short = await raw([`Content-Length: ${String(add.length + 10)}`], add);
    short.resume().end();
    await once(short, 'close');
    const negative = await raw(['Content-Length: -1']);
    assert.match(await firstLine(negative), / 400 /);
    negative.destroy();
    const both = await raw(['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n');
    assert.match(await firstLine(both), / 400 /);
    both.destroy();
    assert.deepEqual(await readdir(folder), []);
  });

  test('bodies that stand still take the places there are, and no more; they are free when those have gone', async () => {
    const slow = await Promise.all(
      Array.from({ length: 6 }, () => raw([`Content-Length: ${String(add.length)}`], add.subarray(0, 9))),
    );
    const answers: string[] = [];
    for (const socket of slow)
      socket.on('data', (chunk: Buffer) => answers.push(chunk.toString().split('\r\n')[0] ?? ''));
    await eventually('two have taken the places', () => answers.length === 4);
    for (const line of answers) assert.match(line, / 429 /);
    const refused = await admin.upload('more.wasm', add, '&replace=true');
    assert.equal(refused.status, 429);
    assert.match(((await refused.json()) as Refusal).error?.message ?? '', /2 at once at most/);
    assert.equal((await admin.ask('modules')).status, 200, 'other questions are answered meanwhile');
    for (const socket of slow) socket.destroy();
    await eventually('there is room again', async () => (await admin.upload('more.wasm', add, '&replace=true')).ok);
    assert.deepEqual(await readdir(folder), ['more.wasm']);
  });

  test('where the folder cannot be one, the answer says so and nothing is left', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'in the way');
    const response = await admin.upload('a.wasm', add);
    assert.equal(response.status, 422);
    const message = ((await response.json()) as Refusal).error?.message ?? '';
    assert.match(message, /is no folder/);
    assert.ok(!message.includes(admin.nodeRed.userDirectory));
    await rm(folder);
  });
});

describe('the folder of uploads', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'uploads-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('what a crash left half written is removed, and nothing else', async () => {
    const others = ['.upload-mine', 'upload.wasm', '.hidden'];
    const leftover = '.upload-0b6c1f6e-8f6c-4b0e-9a3c-0d5f2a1b3c4d';
    for (const name of [...others, leftover]) await writeFile(join(folder, name), '');
    await new UploadFolder(folder).removeLeftovers();
    assert.deepEqual((await readdir(folder)).sort(), others.sort());
    await new UploadFolder(join(folder, 'none')).removeLeftovers();
    for (const name of others) await rm(join(folder, name));
  });

  test('what cannot be written leaves nothing, and what was there before stays', async () => {
    await writeFile(join(folder, 'a.wasm'), 'before');
    const uploads = new UploadFolder(folder);
    // fails in the middle, as on a full disk
    const unwritable = { length: 1 } as unknown as Uint8Array;
    await assert.rejects(uploads.store('a.wasm', unwritable, true), { code: 'file' });
    assert.deepEqual(await readdir(folder), ['a.wasm']);
    assert.equal(await readFile(join(folder, 'a.wasm'), 'utf8'), 'before');
    await uploads.store('a.wasm', Buffer.from('after'), true);
    assert.equal(await readFile(join(folder, 'a.wasm'), 'utf8'), 'after');
  });
});

describe('the body of a request', () => {
  function body(headers: Record<string, string> = {}): PassThrough & IncomingMessage {
    return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
  }

  /** A timer that runs as the test winds it. */
  class WoundTimer {
    wind = (_milliseconds: number): void => assert.fail('no timer was started');

    readonly start: StartTimer = (ring, milliseconds) => {
      const timer = setTimeout(() => undefined, 2 ** 31 - 1);
      let left = milliseconds;
      timer.refresh = () => {
        left = milliseconds;
        return timer;
      };
      this.wind = (passed) => {
        left -= passed;
        if (left <= 0) ring();
      };
      return timer;
    };
  }

  test('one of which nothing comes for a while is given up; one that keeps coming is not', async () => {
    const timer = new WoundTimer();
    const steady = body();
    const read = readBody(steady, 100, 30, timer.start);
    for (let index = 0; index < 10; index++) {
      steady.write('a');
      await nextTurn();
      timer.wind(29_999);
    }
    steady.end();
    assert.equal((await read).toString(), 'a'.repeat(10));

    const still = body();
    const givenUp = assert.rejects(readBody(still, 10, 30, timer.start), BodyTooSlow);
    still.write('a');
    await nextTurn();
    timer.wind(29_999);
    assert.ok(!still.isPaused());
    timer.wind(1);
    await givenUp;
    assert.ok(still.isPaused());
  });

  test('one of which nothing comes is given up by the clock, too', async () => {
    await assert.rejects(readBody(body(), 10, 0.01), BodyTooSlow);
  });

  test('one that grows too large, or says that it will, is not read on', async () => {
    await assert.rejects(readBody(body({ 'content-length': '11' }), 10, 1), BodyTooLarge);
    const growing = body();
    const read = readBody(growing, 10, 1);
    growing.write('x'.repeat(8));
    growing.write('x'.repeat(8));
    await assert.rejects(read, BodyTooLarge);
    assert.equal(growing.listenerCount('data'), 0);
    assert.ok(growing.isPaused());
  });

  test('one that ends with its connection is no body', async () => {
    const cut = body({ 'content-length': '10' });
    const read = readBody(cut, 10, 1);
    cut.write('x');
    cut.destroy();
    await assert.rejects(read, /ended before/);
    await assert.rejects(readBody(cut, 10, 60), /ended before/, 'also where it had ended before it was read');
  });
});
