import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LOAD_TIMEOUT } from '#dist/host/limits';
import { ModuleLoader } from '#dist/host/module/module-loader';
import type { LoadRequest } from '#dist/host/module/loader-messages';
import { guestFile } from '../../support/guests';

function request(guest: string): LoadRequest {
  return {
    source: { kind: 'file', file: guestFile(guest) },
    maxFileSize: 1_000_000,
    memoryPages: 16,
    abi: 'auto',
    export: '',
  };
}

test('an answer that comes after its time-out is not taken for that of the next module', async () => {
  /** Seconds that only the first module is given. */
  const timeout = 0.2;
  const slow = request('wat/triple');
  const loader = new ModuleLoader((asked) => (asked === slow ? timeout : LOAD_TIMEOUT));
  try {
    const late = assert.rejects(loader.load(slow), { code: 'module', message: /within 0\.2 s/ });
    const next = loader.load(request('wat/loop'));
    // the first answer waits behind this, and the time-out with it, which comes first
    const end = Date.now() + 1500;
    while (Date.now() < end);
    await late;
    const { inspection } = await next;
    assert.deepEqual(
      inspection.exports.map(({ name }) => name),
      ['spin', 'ok'],
    );
  } finally {
    await loader.close();
  }
});

test('of the declarations beside a module only those of its exports come back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'declarations-'));
  const loader = new ModuleLoader();
  try {
    const file = join(folder, 'triple.wasm');
    await copyFile(guestFile('wat/triple'), file);
    const others = Array.from({ length: 1000 }, (_, index) => `export function f${String(index)}(): void;`);
    await writeFile(join(folder, 'triple.d.ts'), ['export function triple(x: number): number;', ...others].join('\n'));
    const { declarations } = await loader.load({ ...request('wat/triple'), source: { kind: 'file', file } });
    assert.deepEqual([...declarations.keys()], ['triple']);
  } finally {
    await loader.close();
    await rm(folder, { recursive: true });
  }
});

describe('a module that nobody waits for any more', () => {
  let loader: ModuleLoader;
  before(() => {
    loader = new ModuleLoader();
  });
  after(() => loader.close());

  /** A request that notes when it is handed to the thread: what is posted is copied, property by property. */
  function watched(guest: string): { readonly request: LoadRequest; isPosted(): boolean } {
    let posted = false;
    const watchedRequest = Object.defineProperty({ ...request(guest) }, 'export', {
      enumerable: true,
      get: () => ((posted = true), ''),
    });
    return { request: watchedRequest, isPosted: () => posted };
  }

  test('is refused at once and never loaded while it waits behind others', async () => {
    const order: string[] = [];
    const given = new AbortController();
    const first = loader.load(request('wat/triple')).then(() => order.push('first'));
    const { request: waiting, isPosted } = watched('wat/add');
    const dropped = assert.rejects(loader.load(waiting, given.signal), { code: 'closed' });
    const last = loader.load(request('wat/loop')).then(() => order.push('last'));
    given.abort();
    await dropped;
    assert.deepEqual(order, [], 'it did not wait for the ones beside it');
    await Promise.all([first, last]);
    assert.deepEqual(order, ['first', 'last']);
    assert.equal(isPosted(), false);
  });

  test('is refused at once while it is being loaded, and its answer goes to nobody else', async () => {
    const given = new AbortController();
    const { request: running, isPosted } = watched('wat/add');
    const left = assert.rejects(loader.load(running, given.signal), { code: 'closed' });
    assert.equal(isPosted(), true);
    given.abort();
    await left;
    const { inspection } = await loader.load(request('wat/triple'));
    assert.equal(inspection.defaultExport, 'triple');
  });

  test('is not begun where that is known beforehand', async () => {
    const { request: late, isPosted } = watched('wat/add');
    await assert.rejects(loader.load(late, AbortSignal.abort()), { code: 'closed' });
    assert.equal(isPosted(), false);
  });
});
