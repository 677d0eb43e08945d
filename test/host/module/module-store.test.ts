/** The store as the files change: what its users are told, and how often a module is loaded. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LoadedModule } from '#dist/host/module/loader-messages';
import { ModuleLoader, SlowModuleError } from '#dist/host/module/module-loader';
import { ModuleStore, type ModuleOutcome, type ModuleRequest } from '#dist/host/module/module-store';
import { guestFile } from '../../support/guests';
import { eventually } from '../../support/node-red';

/** MiB. */
const MAX_FILE_SIZE = 1;

function requestOf(file: string, changes: Partial<ModuleRequest> = {}): ModuleRequest {
  return { file, memory: 16, abi: 'auto', export: '', ...changes };
}

/** Loads like the real one, and knows how often. */
class CountingLoader extends ModuleLoader {
  loads = 0;

  override load(...request: Parameters<ModuleLoader['load']>): ReturnType<ModuleLoader['load']> {
    this.loads += 1;
    return super.load(...request);
  }
}

/** Loads nothing: the file's text is its fingerprint. */
class TextLoader extends ModuleLoader {
  readonly #staleUntil = Date.now() + 500;

  constructor(private readonly stale: string) {
    super();
  }

  /** At first what was in the file before it changed a second time, then what is in it. */
  override load(request: Parameters<ModuleLoader['load']>[0]): Promise<LoadedModule> {
    const file = request.source.kind === 'file' ? request.source.file : '';
    const fingerprint = Date.now() < this.#staleUntil ? this.stale : readFileSync(file, 'utf8');
    return Promise.resolve({ fingerprint } as LoadedModule);
  }
}

/** Takes too long a few times, as on a machine that is busy. */
class BusyLoader extends ModuleLoader {
  readonly times: number[] = [];

  override load(...request: Parameters<ModuleLoader['load']>): ReturnType<ModuleLoader['load']> {
    this.times.push(performance.now());
    if (this.times.length > 4) return super.load(...request);
    return Promise.reject(new SlowModuleError('module', 'It could not be loaded.'));
  }
}

describe('the module store', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'module-store-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('a second change that left size and time stamps as they were is noticed, and told once', async () => {
    const file = join(folder, 'tick.wasm');
    // as if it had been read just before it changed again, within one tick of the file system's clock
    await writeFile(file, 'other');
    const store = new ModuleStore(new TextLoader('first'), MAX_FILE_SIZE);
    const told: (string | undefined)[] = [];
    const unsubscribe = store.subscribe(requestOf(file), (outcome) => {
      told.push(outcome.kind === 'loaded' ? outcome.loaded.fingerprint : outcome.error.code);
    });
    try {
      await eventually('the second content', () => told.length > 1, 5);
      assert.deepEqual(told, ['first', 'other']);
    } finally {
      unsubscribe();
    }
  });

  test('200 users of one file have it loaded once, and share what is compiled with those of another export', async () => {
    const file = join(folder, 'shared.wasm');
    await copyFile(guestFile('wat/loop'), file);
    const loader = new CountingLoader();
    const store = new ModuleStore(loader, MAX_FILE_SIZE);
    const outcomes: ModuleOutcome[] = [];
    const listener = () => (outcome: ModuleOutcome) => void outcomes.push(outcome);
    const subscriptions = [
      ...Array.from({ length: 200 }, () => store.subscribe(requestOf(file), listener())),
      store.subscribe(requestOf(file, { export: 'ok' }), listener()),
    ];
    try {
      await eventually('everybody is told', () => outcomes.length === 201);
      // once for each export, and again when it is known that there are no declarations
      assert.ok(loader.loads <= 4, `${String(loader.loads)} loads`);
      const compiled = new Set(outcomes.map((outcome) => outcome.kind === 'loaded' && outcome.loaded.core?.module));
      assert.equal(compiled.size, 1);
      assert.ok([...compiled][0] instanceof WebAssembly.Module);
    } finally {
      for (const unsubscribe of subscriptions) unsubscribe();
      await loader.close();
    }
  });

  test('a module that took too long is tried again, later each time, and told of once until it is there', async () => {
    const loader = new BusyLoader();
    const store = new ModuleStore(loader, MAX_FILE_SIZE, { first: 50, most: 100 });
    const told: string[] = [];
    const unsubscribe = store.subscribe(requestOf(guestFile('wat/loop')), (outcome) => {
      told.push(outcome.kind === 'loaded' ? outcome.kind : outcome.error.message);
    });
    try {
      await eventually('it is there', () => told.includes('loaded'));
      assert.deepEqual(told, [
        'It could not be loaded. It is tried again, later each time, up to every 5 minutes.',
        'loaded',
      ]);
      // the first wait may be cut short by the news that there are no declarations; a timer may be a millisecond early
      const waits = loader.times.slice(2).map((time, index) => time - (loader.times[index + 1] ?? 0));
      assert.ok(
        waits.slice(0, 3).every((wait) => wait >= 98),
        waits.join(', '),
      );
    } finally {
      unsubscribe();
      await loader.close();
    }
  });
});
