/** The commands that are shown for a file of source code are to be copied into a shell: they are run here. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ABIS } from '#dist/host/abi/index';
import { buildCommand } from '#dist/host/module/source-code';
import { inspectModule } from '../../support/inspect-module';

const MEAN = `static double half(double sum) { return sum / 2; }
double mean(double a, double b) { return half(a + b); }
`;

const noCompiler = ['clang', 'wasm-ld'].some((tool) => spawnSync(tool, ['--version']).status !== 0)
  ? 'clang and wasm-ld are not installed'
  : process.platform === 'win32'
    ? 'there is no POSIX shell'
    : false;

describe('the command that makes a module of a file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'source-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const name of ['mean.c', "mean value; touch 'x'.c", '-mean $(touch x).c']) {
    test(`C: ${name} becomes a module with its functions`, { skip: noCompiler }, async () => {
      await writeFile(join(folder, name), MEAN);
      execFileSync('sh', ['-c', buildCommand('c', name)], { cwd: folder, stdio: 'pipe' });
      const module = name.replace(/\.c$/, '.wasm');
      const bytes = await readFile(join(folder, module));
      const { exports, refusal } = inspectModule(bytes, module, ABIS, { abi: 'auto', export: '' });
      assert.equal(refusal, undefined);
      assert.deepEqual(
        exports.map((each) => `${each.name} ${String(each.signature)}`),
        ['mean (f64, f64) → f64'],
      );
      await assert.rejects(readFile(join(folder, 'x')), { code: 'ENOENT' });
    });
  }

  test('names the file as it is where a shell takes it as it is', () => {
    assert.equal(
      buildCommand('assemblyscript', 'celsius.ts'),
      'npx -p assemblyscript asc celsius.ts -o celsius.wasm -O',
    );
    assert.match(buildCommand('zig', 'sum.zig'), /^zig build-exe sum\.zig /);
    assert.match(buildCommand('wat', 'a b.wat'), /wat2wasm 'a b\.wat' -o 'a b\.wasm'$/);
  });

  test('takes a header for its program, and a crate as it is', () => {
    assert.match(buildCommand('c', 'mean.h'), / -o mean\.wasm mean\.c$/);
    assert.match(buildCommand('c', 'mean.cpp'), / -o mean\.wasm mean\.cpp$/);
    assert.equal(buildCommand('rust', 'lib; rm.rs'), 'wasm-pack build --target nodejs');
    assert.match(buildCommand('go', "it's.go"), /-o 'it'\\''s\.wasm'$/);
  });
});
