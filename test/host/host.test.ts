import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { createWasmHost } from '#dist/host/host';
import { DEFAULT_LIMITS } from '#dist/host/limits';
import type { FunctionOptions, FunctionState, WasmFunction, WasmHost } from '#dist/host/wasm-function';
import { guestFile } from '../support/guests';
import { eventually } from '../support/node-red';

let folder: string;
let host: WasmHost;
let counter = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasm-host-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  host = createWasmHost({ ...DEFAULT_LIMITS, maxFileSize: 1 }, { warn: () => undefined }, { spare: false });
});
afterEach(async () => {
  await host.close();
});

/** A path that no other test uses. */
function newPath(): string {
  counter += 1;
  return join(folder, `module-${String(counter)}.wasm`);
}

function open(file: string, options: Partial<FunctionOptions> = {}): WasmFunction {
  return host.open({
    file,
    export: '',
    abi: 'auto',
    signature: '',
    convention: 'auto',
    result: 'auto',
    timeout: 5,
    memory: 16,
    instance: 'shared',
    concurrency: 1,
    queue: 1000,
    ...options,
  });
}

/** The current state, typed without the narrowing of an earlier look. */
function stateOf(opened: WasmFunction): FunctionState {
  return opened.state;
}

describe('a configured function', () => {
  test('calls its only export without being told which', async () => {
    assert.deepEqual(await open(guestFile('wat/triple')).call(1.5), { kind: 'value', value: 4.5 });
  });

  test('takes decimal text, as MQTT delivers it', async () => {
    assert.deepEqual(await open(guestFile('wat/triple')).call('21.5'), { kind: 'value', value: 64.5 });
  });

  test('says what does not fit, with file, export and signature', async () => {
    await assert.rejects(open(guestFile('wat/triple')).call({}), (error: Error & { code: string; cause: unknown }) => {
      assert.equal(error.code, 'arguments');
      assert.deepEqual(error.cause, {
        file: guestFile('wat/triple'),
        export: 'triple',
        signature: 'triple (f64) → f64',
      });
      return true;
    });
  });

  test('asks which export where there are several', async () => {
    await assert.rejects(open(guestFile('wat/trap')).call(1), { code: 'export', message: /unreachable/ });
  });

  test('names the exports there are when the chosen one is missing', async () => {
    await assert.rejects(open(guestFile('wat/triple'), { export: 'double' }).call(1), {
      code: 'export',
      message: /double.*triple/s,
    });
  });

  test('is told that its memory is full, also where the limit is no whole number of pages', async () => {
    const exhaust = open(guestFile('wat/grow'), { export: 'exhaust', memory: 2.03 });
    await assert.rejects(exhaust.call(undefined), { code: 'memory', message: /all of the 2 MiB/ });
  });

  test('queues a burst that comes before it is loaded like one that comes later', async () => {
    const busy = open(guestFile('wat/busy'), { export: 'work', queue: 1 });
    const burst = (): Promise<string[]> =>
      Promise.all(
        Array.from({ length: 4 }, () =>
          busy.call(1).then(
            () => 'value',
            ({ code }: { code: string }) => code,
          ),
        ),
      );
    const expected = ['value', 'value', 'queue', 'queue'];
    assert.deepEqual(await burst(), expected);
    assert.deepEqual(await burst(), expected);
  });

  test('shows its signature when it is ready', async () => {
    const triple = open(guestFile('wat/triple'));
    await triple.call(1);
    const state = stateOf(triple);
    assert.ok(state.kind === 'ready');
    assert.equal(state.signature, 'triple (f64) → f64');
    assert.equal(state.inspection.abi, 'numeric');
  });
});

describe('a file', () => {
  test('that is missing is an error for each message, until it appears', async () => {
    const file = newPath();
    const opened = open(file);
    await assert.rejects(opened.call(1), { code: 'file', message: /no file/ });
    await copyFile(guestFile('wat/triple'), file);
    await eventually('the file was loaded', () => stateOf(opened).kind === 'ready');
    assert.deepEqual(await opened.call(2), { kind: 'value', value: 6 });
  });

  test('that changes is taken over', async () => {
    const file = newPath();
    await copyFile(guestFile('wat/triple'), file);
    const opened = open(file, { export: '' });
    await opened.call(1);
    await copyFile(guestFile('wat/counter'), `${file}.new`);
    await rename(`${file}.new`, file);
    await eventually('the new file was taken over', () => {
      const state = stateOf(opened);
      return state.kind === 'ready' && state.export === 'next';
    });
    assert.deepEqual(await opened.call(undefined), { kind: 'value', value: 1 });
  });

  test('that is broken leaves the module before it at work, and says so; mended, nothing is left of that', async () => {
    const file = newPath();
    await copyFile(guestFile('wat/counter'), file);
    const opened = open(file);
    await opened.call(undefined);
    await truncate(file, 20);
    const refused = await eventually('the broken file was seen', () => {
      const state = stateOf(opened);
      return state.kind === 'ready' && state.refused;
    });
    assert.equal(refused.code, 'module');
    assert.deepEqual(await opened.call(undefined), { kind: 'value', value: 2 });
    await copyFile(guestFile('wat/counter'), file);
    await eventually('the mended file was seen', () => {
      const state = stateOf(opened);
      return state.kind === 'ready' && state.refused === undefined;
    });
    assert.deepEqual(await opened.call(undefined), { kind: 'value', value: 3 }, 'the instance lives on');
  });

  test('gets what it lacked when a .d.ts appears beside it', async () => {
    const file = newPath();
    await copyFile(guestFile('rust-bindgen/guest'), file);
    const opened = open(file, { export: 'greet' });
    await assert.rejects(opened.call('Ada'), { code: 'abi', message: /\.d\.ts/ });
    await copyFile(guestFile('rust-bindgen/guest').replace('.wasm', '.d.ts'), file.replace('.wasm', '.d.ts'));
    await eventually('the declarations were seen', () => stateOf(opened).kind === 'ready');
    const result = await opened.call('Ada');
    assert.ok(result.kind === 'value');
    assert.match(String(result.value), /Ada/);
  });

  test('that is a folder, a FIFO, a device or too large is refused without being read', async () => {
    const directory = newPath();
    await mkdir(directory);
    await assert.rejects(open(directory).call(1), { code: 'file', message: /folder/ });
    const large = newPath();
    await writeFile(large, Buffer.alloc(2 * 1024 * 1024));
    await assert.rejects(open(large).call(1), { code: 'file', message: /at most 1 MiB/ });
    if (process.platform === 'win32') return;
    const fifo = newPath();
    execFileSync('mkfifo', [fifo]);
    await assert.rejects(open(fifo).call(1), { code: 'file', message: /not a regular file/ });
    await assert.rejects(open('/dev/zero').call(1), { code: 'file', message: /not a regular file/ });
  });

  test('of text is refused with what it looks like, and nothing of it is shown', async () => {
    const file = newPath();
    await writeFile(file, '(module (func (export "secret")))');
    await assert.rejects(open(file).call(1), (error: Error) => {
      assert.match(error.message, /text/i);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
});

describe('the host', () => {
  test('compiles one content once, whoever uses it', async () => {
    const [one, other] = [open(guestFile('wat/triple')), open(guestFile('wat/triple'), { export: 'triple' })];
    await Promise.all([one.call(1), other.call(1)]);
    const [first, second] = [stateOf(one), stateOf(other)];
    assert.ok(first.kind === 'ready' && second.kind === 'ready');
    assert.equal(first.inspection.hash, second.inspection.hash);
  });

  test('inspects a file and an upload alike', async () => {
    const file = await host.inspectFile(guestFile('wat/add'));
    assert.equal(file.exports[0]?.signature, '(i32, i32) → i32');
    const upload = await host.inspectBytes(new Uint8Array([1, 2, 3]), 'upload.wasm');
    assert.ok(upload.refusal !== undefined);
  });

  test('refuses calls of closed functions, and closes twice without harm', async () => {
    const triple = open(guestFile('wat/triple'));
    await triple.close();
    await triple.close();
    await assert.rejects(triple.call(1), { code: 'closed' });
  });

  test('does not wait for a call that never ends', async () => {
    const spin = open(guestFile('wat/loop'), { export: 'spin', timeout: 60 });
    const refused = assert.rejects(spin.call(undefined), { code: 'closed' });
    await eventually('the module was loaded', () => stateOf(spin).kind === 'ready');
    await host.close();
    await refused;
  });
});
