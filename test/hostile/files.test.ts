import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compileBombs } from '../support/compile-bombs';
import { guestBytes } from '../support/guests';
import { eventually } from '../support/node-red';
import { type Answer, assertUnharmed, Siege, type Watch } from '../support/siege';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const ZSTD = Buffer.from('28b52ffd04005900', 'hex');

/** Bytes of the bombs that are sent to the editor's endpoint too. */
const UPLOADED = process.env.TEST_LONG === undefined ? 1_000_000 : Infinity;

/**
 * MB a process may have gained when all is over. Measured: 170 to 290; with the long form, whose modules of 30 MB are read,
 * hashed and compiled, 350. One such module, read and rewritten, may not be collected yet.
 */
const MAX_GAIN = process.env.TEST_LONG === undefined ? 400 : 500;

const onPosix = process.platform === 'win32' ? 'there are no such files on Windows' : false;
const asUser = process.getuid?.() === 0 ? 'root may read every file' : onPosix;

describe('hostile files in a real Node-RED', () => {
  const bombs = compileBombs();
  let files: readonly { readonly name: string; readonly module: Uint8Array; readonly says: RegExp }[];
  let siege: Siege;
  let start: Awaited<ReturnType<Siege['footprint']>>;
  let watch: Watch;
  let answers: Map<string, Answer>;

  before(async () => {
    const good = await guestBytes('wat/triple');
    files = [
      { name: 'empty', module: new Uint8Array(0), says: /empty file/ },
      { name: 'four-bytes', module: good.subarray(0, 4), says: /cut short/ },
      { name: 'half-a-module', module: good.subarray(0, good.length / 2), says: /damaged or not valid/ },
      { name: 'gzip', module: gzipSync(good), says: /gzip/ },
      { name: 'zip', module: Buffer.concat([Buffer.from('PK\x03\x04'), good]), says: /ZIP/ },
      { name: 'zstd', module: Buffer.concat([ZSTD, good]), says: /Zstandard/ },
      { name: 'elf', module: Buffer.from('\x7fELF\x02\x01\x01'), says: /ELF/ },
      { name: 'png', module: PNG, says: /no WebAssembly file/ },
      { name: 'json', module: Buffer.from('{"root-password": 1}'), says: /JSON/ },
      { name: 'html', module: Buffer.from('<!doctype html><title>root-password</title>'), says: /HTML/ },
      { name: 'text-format', module: Buffer.from('(module (func (export "f")))'), says: /WebAssembly text/ },
    ];
    const attacks = [
      ...files,
      ...bombs.map(({ name, bytes }) => ({ name, module: bytes })),
      ...['folder', 'fifo', 'circle', 'unreadable'].map((name) => ({ name })),
      { name: 'device', properties: { file: '/dev/zero' } },
    ];
    siege = await Siege.start(attacks.map((each) => ({ properties: { timeout: 20 }, ...each })));
    start = await siege.footprint();
    await mkdir(siege.file('folder'));
    if (onPosix === false) {
      execFileSync('mkfifo', [siege.file('fifo')]);
      await symlink(siege.file('circle'), siege.file('circle'));
    }
    await siege.write('unreadable', good);
    await chmod(siege.file('unreadable'), 0o000);
    watch = await siege.watched(async () => {
      answers = await siege.assault(1);
    });
  });
  after(() => siege.nodeRed.stop());

  test('the neighbour and the admin interface answer all along', () => {
    assertUnharmed(watch);
    assert.equal(siege.nodeRed.exitCode, undefined);
  });

  test('a wrong file is an error that says what it is, and nothing of what it holds', () => {
    for (const { name, says } of files) {
      assert.equal(answers.get(name)?.code, 'module', name);
      assert.match(answers.get(name)?.message ?? '', says, name);
      assert.doesNotMatch(answers.get(name)?.message ?? '', /root-password/);
    }
  });

  test('a bomb is refused with the figures, or is only large', () => {
    for (const { name, says } of bombs) {
      const answer = answers.get(name);
      if (says === undefined) assert.deepEqual(answer, { result: 7 }, name);
      else {
        assert.ok(answer?.code === 'module' || answer?.code === 'abi', `${name}: ${JSON.stringify(answer)}`);
        assert.match(answer.message ?? '', says, name);
        assert.ok((answer.message ?? '').length < 1000, name);
      }
    }
  });

  for (const [name, says, skip] of [
    ['folder', /folder/, false],
    ['fifo', /not a regular file/, onPosix],
    ['device', /not a regular file/, onPosix],
    ['circle', /link that leads back|is no file/, onPosix],
    ['unreadable', /may not read/, asUser],
  ] as const) {
    test(`a ${name} is no module, and nobody waits for it`, { skip }, async () => {
      // looked for once a second, so that what it is now shows with a message to come
      await eventually(`${name} is refused`, async () => says.test((await siege.ask(name, 1)).message ?? ''));
      const file = name === 'device' ? '/dev/zero' : siege.file(name);
      assert.match(await siege.describe(file), says);
    });
  }

  test('the editor describes all of them, by path and by upload, while the neighbour answers', async () => {
    const described = await siege.watched(async () => {
      for (const { name, module, says } of files) {
        assert.match(await siege.describe(siege.file(name)), says, name);
        assert.match(await siege.describeUpload(module), says, name);
      }
      for (const { name, bytes, says } of bombs) {
        assert.match(await siege.describe(siege.file(name)), says ?? /"name":"f"/, name);
        if (bytes.length < UPLOADED) assert.match(await siege.describeUpload(bytes), says ?? /"name":"f"/, name);
      }
    });
    assertUnharmed(described);
  });

  test('nothing is left behind', async (context) => {
    const before = start;
    if (before === undefined) return context.skip('there is no /proc here');
    await eventually('threads and files are as few as they may be', async () => {
      const now = await siege.footprint();
      return now !== undefined && now.threads <= before.threads + 11 && now.files <= before.files + 60;
    });
    const { memory } = (await siege.footprint()) ?? before;
    context.diagnostic(`${(memory - before.memory).toFixed(0)} MB more than before`);
    assert.ok(memory < before.memory + MAX_GAIN, `${before.memory.toFixed(0)} MB, then ${memory.toFixed(0)} MB`);
  });
});
