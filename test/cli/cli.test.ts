/** The command line, run as a program. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { Inspection } from '../../host/inspection';
import { guestFile } from '../support/guests';
import { repository } from '../support/node-red';
import { module } from '../support/wasm-builder';

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

const command = join(repository, 'dist', 'cli', 'main.js');
const triple = join(repository, 'triple', 'pkg', 'triple_lib_bg.wasm');

async function run(args: readonly string[], input: string | Uint8Array = ''): Promise<Outcome> {
  const child = spawn(process.execPath, [command, ...args], { cwd: repository, stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, output, errors };
}

describe('wasm-function', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('--help and --version', async () => {
    const help = await run(['--help']);
    assert.deepEqual([help.code, help.errors], [0, '']);
    assert.match(help.output, /inspect FILE.*\n.*call FILE \[EXPORT/);
    for (const name of ['inspect', 'call']) {
      const { code, output } = await run([name, '--help']);
      assert.equal(code, 0);
      assert.ok(output.startsWith(`Usage: wasm-function ${name} `));
    }
    const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual(await run(['--version']), { code: 0, output: `${version}\n`, errors: '' });
  });

  const misuses: [string, string[], RegExp][] = [
    ['no command', [], /A command is missing/],
    ['an unknown command', ['run'], /There is no command "run"/],
    ['an unknown option', ['inspect', '--jsn', triple], /--jsn/],
    ['inspect without a file', ['inspect'], /inspect takes one file/],
    ['call without a file', ['call'], /call takes a file and the name of an export/],
    ['no argument for the only export', ['call', triple], /triple \((x: )?f64\) → f64 takes 1 argument, but 0 came/],
    ['too few arguments', ['call', triple, 'triple'], /takes 1 argument, but 0 came/],
    ['too many arguments', ['call', triple, 'triple', '1', '2'], /takes 1 argument, but 2 came/],
    [
      'a time-out that is none',
      ['call', triple, 'triple', '1', '--timeout', 'soon'],
      /--timeout takes a number above 0/,
    ],
    ['an unknown ABI', ['call', triple, 'triple', '1', '--abi', 'rust'], /--abi takes one of auto, numeric/],
    ['an ABI that is recognised only', ['call', triple, 'triple', '1', '--abi', 'extism'], /not "extism"/],
    ['a file argument that is not there', ['call', triple, 'triple', '@nowhere'], /@nowhere names a file/],
  ];
  for (const [name, args, sentence] of misuses) {
    test(`${name} is wrong usage: exit code 2 and one sentence`, async () => {
      const { code, output, errors } = await run(args);
      assert.deepEqual([code, output], [2, '']);
      assert.match(errors, sentence);
      assert.equal(errors.trim().split('\n').length, 1, errors);
    });
  }

  describe('inspect', () => {
    test('says what a module is and what of it can be called', async () => {
      const { code, output, errors } = await run(['inspect', 'triple/pkg/triple_lib_bg.wasm']);
      assert.deepEqual([code, errors], [0, '']);
      assert.match(output, /^ABI +.*wasm-bindgen.*: .+$/m);
      assert.match(output, /^exports +triple \((x: )?f64\) → f64/m);
      assert.match(output, /^imports +\.\/triple_lib_bg\.js\.\w+/m);
      assert.match(output, /^memories +\d+ pages?/m);
      assert.match(output, /^language +Rust/m);
      assert.match(output, /^proposals +.*bulk-memory/m);
    });

    test('--json gives the whole of it', async () => {
      const { code, output } = await run(['inspect', triple, '--json']);
      assert.equal(code, 0);
      const inspection = JSON.parse(output) as Inspection;
      assert.equal(inspection.abi, 'wasm-bindgen');
      assert.equal(inspection.defaultExport, 'triple');
      assert.equal(inspection.size, (await readFile(triple)).length);
    });

    test('a file that cannot be called: exit code 1, its description and the reason', async () => {
      const file = join(folder, 'page.wasm');
      await writeFile(file, '<!DOCTYPE html><title>Not found</title>');
      const { code, output, errors } = await run(['inspect', file]);
      assert.equal(code, 1);
      assert.match(output, /page\.wasm \(39 bytes\)/);
      assert.match(errors, /HTML.* \[\w+\]\n$/);
    });

    test('a file that is not there: exit code 1 and its code', async () => {
      const { code, output, errors } = await run(['inspect', join(folder, 'nowhere.wasm')]);
      assert.deepEqual([code, output], [1, '']);
      assert.match(errors, /nowhere\.wasm.* \[file\]\n$/);
    });

    test('an endless file is refused, not read', async () => {
      const { code, errors } = await run(['inspect', '/dev/zero']);
      assert.equal(code, 1);
      assert.match(errors, /\[file\]\n$/);
    });

    test('names of a hostile module do not reach the terminal as control characters', async () => {
      // an export called ESC ] 0 ; x BEL
      const name = Buffer.from('\u001b]0;x\u0007');
      const module = Buffer.concat([
        Buffer.from('0061736d0100000001040160000003020100070a0106', 'hex'),
        name,
        Buffer.from('00000a040102000b', 'hex'),
      ]);
      const file = join(folder, 'hostile.wasm');
      await writeFile(file, module);
      const { output, errors } = await run(['inspect', file]);
      assert.match(output, /\]0;x/);
      assert.ok(!(output + errors).includes('\u001b'));
    });

    test('a question is told once below the exports it is about, in lines that a terminal holds', async () => {
      const { output } = await run(['inspect', guestFile('wat/bad-pointers')]);
      const lines = output.split('\n');
      assert.ok(
        lines.every((line) => line.length <= 100),
        lines.find((line) => line.length > 100),
      );
      assert.match(
        output,
        /^ {11}invalid \(\) → i64\n {11}all \(\) → i64\n {15}The binary does not tell pointers from/m,
      );
      assert.equal(output.match(/convention packed, packed-low or number/g)?.length, 1);
    });

    test('of a module with thousands of exports the first are listed, a line each', async () => {
      const file = join(folder, 'many.wasm');
      const functions = Array.from({ length: 3000 }, (_, index) => ({ export: `function_number_${String(index)}` }));
      await writeFile(file, module({ functions }));
      const { output } = await run(['inspect', file]);
      const lines = output.split('\n');
      assert.ok(lines.length < 250 && lines.every((line) => line.length <= 100));
      assert.match(output, /^ {11}… and 2800 more \(--json shows all\)$/m);
      const { errors } = await run(['call', file, 'nope']);
      assert.match(errors, /"function_number_9" and 2990 more\. \[export\]\n$/);
    });

    test('a reader that stops early is no error', async () => {
      const child = spawn(process.execPath, [command, 'inspect', triple], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy();
      const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      assert.deepEqual([code, errors], [0, '']);
    });
  });

  describe('call', () => {
    const results: [string, string[], string][] = [
      ['a number', ['call', triple, 'triple', '7'], '21\n'],
      ['the only export, with a blank for its name', ['call', triple, '', '7'], '21\n'],
      ['the only export, without a name', ['call', guestFile('wat/counter')], '1\n'],
      ['an i32 of either sign', ['call', guestFile('wat/add'), 'add', '4294967295', '0'], '-1\n'],
      ['a negative number, which is no option', ['call', triple, 'triple', '-1.5'], '-4.5\n'],
      ['options after the arguments', ['call', triple, 'triple', '-2', '--timeout', '3'], '-6\n'],
      ['JSON', ['call', '--json', triple, 'triple', 'NaN'], '"NaN"\n'],
      ['two arguments', ['call', guestFile('wat/add'), 'add', '2', '-5'], '-3\n'],
      ['64-bit integers', ['call', guestFile('wat/add64'), 'add', '9007199254740993', '1'], '9007199254740994\n'],
      ['several results, a line each', ['call', guestFile('wat/swap'), 'swap', '1', '2'], '2\n1\n'],
    ];
    for (const [name, args, output] of results) {
      test(name, async () => {
        assert.deepEqual(await run(args), { code: 0, output, errors: '' });
      });
    }

    test('a value that does not fit: exit code 1 and the host’s sentence', async () => {
      const { code, output, errors } = await run(['call', triple, 'triple', 'loud']);
      assert.deepEqual([code, output], [1, '']);
      assert.match(errors, /"loud".* \[arguments\]\n$/);
    });

    test('a file that is not there', async () => {
      const { code, errors } = await run(['call', join(folder, 'nowhere.wasm'), 'triple', '1']);
      assert.equal(code, 1);
      assert.match(errors, /There is no file .*nowhere\.wasm". Check the path, or put the module there\. \[file\]\n$/);
    });

    test('without a name and with several exports: what there is to choose from', async () => {
      const { code, errors } = await run(['call', guestFile('wat/loop')]);
      assert.equal(code, 1);
      assert.match(errors, /several functions, and none is named\. Choose one of "spin", "ok"\. \[export\]\n$/);
    });

    test('--help offers the ABIs that can be called, and no other', async () => {
      const { output } = await run(['call', '--help']);
      assert.match(output, /--abi NAME +instead of what is detected: numeric, bytes, wasm-bindgen, assemblyscript\n/);
    });

    test('an export that is not there', async () => {
      const { code, errors } = await run(['call', triple, 'double', '1']);
      assert.equal(code, 1);
      assert.match(errors, /double.* \[export\]\n$/);
    });

    test('a function that never ends is ended by its time-out', async () => {
      const { code, errors } = await run(['call', guestFile('wat/loop'), 'spin', '--timeout', '0.2']);
      assert.equal(code, 1);
      assert.match(errors, / \[timeout\]\n$/);
    });
  });
});
