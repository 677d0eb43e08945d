/** `npm start -- --yomo host:port` where a zipper of YoMo 2 is: the flow is its tool, and the terminal calls it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { guestFile } from '../support/guests';
import { freePort } from '../support/node-red';
import { RESULT, Started } from '../support/npm-start';
import { RealZipper, stopZippers, zipperMissing } from '../support/yomo-v2';

const LONG = process.env.TEST_LONG !== undefined;

describe('npm start over a zipper of YoMo 2', { skip: zipperMissing }, () => {
  let folder: string;
  let options: string[];
  let zipper: RealZipper;
  let started: Started | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-yomo-v2-'));
    options = ['--port', String(await freePort()), '--user-dir', join(folder, 'user')];
    zipper = await RealZipper.start();
  });
  afterEach(async () => {
    await started?.interrupt();
    started = undefined;
  });
  after(async () => {
    await stopZippers();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (
    { port }: RealZipper,
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Started => {
    started = new Started([...options, '--yomo', `127.0.0.1:${String(port)}`, ...args], {
      YOMO_CREDENTIAL: '',
      ...environment,
    });
    return started;
  };

  test('sees which protocol is spoken, calls the tool with readings and prints three times each; others call it, too', async () => {
    const run = start(zipper);
    await run.printed(RESULT);
    assert.match(run.output, new RegExp(`zipper +127\\.0\\.0\\.1:${String(zipper.port)} \\(YoMo 2\\)\n`));
    assert.match(run.output, /function +triple \((x: )?f64\) → f64\n/);
    assert.match(run.output, /results +what the tool triple answers .*: \+2\.600000e\+002 is 260\n/);
    await run.until('five results', () => run.results.length >= 5);
    assert.ok(
      run.results.every((result) => result >= 0 && result < 600),
      'three times a noise level',
    );
    assert.ok(new Set(run.results).size > 1);
    const { status, body } = await zipper.call('triple', '14');
    assert.deepEqual([status, body.toString()], [200, '42']);
    assert.equal(await run.interrupt(), 0, run.errors);
    assert.equal(run.errors, '');
    const saved = JSON.parse(await readFile(join(folder, 'user', 'flows-yomo-v2.json'), 'utf8')) as object[];
    const node = saved.find((each) => 'type' in each && each.type === 'yomo-zipper');
    assert.deepEqual(node, { ...node, host: '127.0.0.1', port: zipper.port, protocol: 'v2' });
  });

  test('another function is a tool of its own name, and gets whole numbers where it takes no others', async () => {
    const run = start(zipper, [guestFile('wat/busy'), '--user-dir', join(folder, 'other')]);
    await run.printed(RESULT);
    assert.match(run.output, /sensor +whole numbers, since the function takes no fractions\n/);
    assert.match(run.output, /what the tool work answers/);
    assert.equal((await zipper.call('work', '1')).body.toString(), '1013904223');
  });

  const long = { skip: LONG ? false : 'a loss is seen after 10 s of silence; in the long form' };
  test('a zipper that goes and comes back is told, and results go on', long, async () => {
    const own = await RealZipper.start();
    const run = start(own);
    await run.printed(RESULT);
    await own.kill();
    await run.until('the loss is told', () => /The connection to the zipper is gone/.test(run.output));
    const before = run.results.length;
    await own.run();
    await run.until('results go on', () => run.results.length > before + 2);
    assert.match(run.errors, /The zipper is back\.\n/);
  });

  test('a token of the environment opens the zipper to the flow and the terminal, and without it that is told', async () => {
    const token = 'not-to-be-found-7c4';
    const own = await RealZipper.start({ token });
    const directory = join(folder, 'known');
    const unknown = start(own, ['--user-dir', directory]);
    assert.equal(await unknown.ended(), 1);
    assert.match(unknown.errors, /environment variable YOMO_CREDENTIAL, as SECRET; none is given\.\n$/);
    assert.ok(!existsSync(directory), 'no flow is written');
    const known = start(own, ['--user-dir', directory], { YOMO_CREDENTIAL: token });
    await known.printed(RESULT);
    assert.equal(await known.interrupt(), 0, known.errors);
    for (const file of ['flows-yomo-v2.json', 'flows-yomo-v2_cred.json', 'settings.js']) {
      assert.ok(!(await readFile(join(directory, file), 'utf8')).includes(token), file);
    }
    assert.ok(!`${known.output}${known.errors}`.includes(token));
  });
});
