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

/** @param nodeOptions of Node itself */
async function run(
  args: readonly string[],
  input: string | Uint8Array = '',
  nodeOptions: readonly string[] = [],
): Promise<Outcome> {
  const child = spawn(process.execPath, [...nodeOptions, command, ...args], { cwd: repository, stdio: 'pipe' });
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
    assert.match(help.output, /inspect FILE.*\n.*call FILE \[EXPORT.*\n.*bench FILE \[EXPORT/);
    for (const name of ['inspect', 'call', 'bench']) {
      const { code, output } = await run([name, '--help']);
      assert.equal(code, 0);
      assert.ok(output.startsWith(`Usage: wasm-function ${name} `));
    }
    const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual(await run(['--version']), { code: 0, output: `${version}\n`, errors: '' });
  });

  const conventions = guestFile('c-conventions/conventions');
  const misuses: [string, string[], RegExp][] = [
    ['no command', [], /A command is missing/],
    ['an unknown command', ['run'], /There is no command "run"/],
    ['an unknown option', ['inspect', '--jsn', triple], /--jsn/],
    ['inspect without a file', ['inspect'], /inspect takes one file/],
    ['call without a file', ['call'], /call takes a file, and behind it an export .* where they are needed/],
    ['no argument for the only export', ['call', triple], /triple \((x: )?f64\) → f64 takes 1 argument, but 0 came/],
    ['too few arguments', ['call', triple, 'triple'], /takes 1 argument, but 0 came/],
    ['too many arguments', ['call', triple, 'triple', '1', '2'], /takes 1 argument, but 2 came/],
    [
      'a time-out that is none',
      ['call', triple, 'triple', '1', '--timeout', 'soon'],
      /--timeout takes a number of seconds from 0\.001 to 2147483, but it is "soon"/,
    ],
    // longer than a timer can be set to
    [
      'a time-out beyond the node’s range',
      ['call', triple, 'triple', '1', '--timeout', '3000000'],
      /but it is "3000000"/,
    ],
    ['more memory than 32 bits', ['call', triple, 'triple', '1', '--memory', '100000'], /from 0\.0625 to 4096, but/],
    ['less memory than a page', ['call', triple, 'triple', '1', '--memory', '0.001'], /number of MiB from 0\.0625/],
    ['bench without a file', ['bench'], /bench takes a file, and behind it an export .* where they are needed/],
    ['bench for no time', ['bench', triple, 'triple', '1', '--seconds', '0'], /--seconds takes a number of seconds/],
    ['bench with half a call', ['bench', triple, 'triple', '1', '--in-flight', '1.5'], /a whole number from 1 to 1000/],
    ['an unknown ABI', ['call', triple, 'triple', '1', '--abi', 'rust'], /--abi takes one of auto, numeric/],
    ['an ABI that is recognised only', ['call', triple, 'triple', '1', '--abi', 'extism'], /not "extism"/],
    [
      'JSON that is none, shown without what steers a terminal,',
      ['call', conventions, 'packed', '{\u001b[2J', '--convention', 'packed', '--signature', '(json) -> json'],
      /The argument \{ \[2J is not JSON/,
    ],
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

    describe('text of a guest that would steer the terminal', () => {
      const name = '\u001b]0;owned\u0007\u001b[2J\u009b\u202e\r\n\t👩‍🚀';
      const args = ['call', guestFile('rust-bindgen/guest'), 'greet', name];
      const terminal = ['--import', 'data:text/javascript,process.stdout.isTTY=true'];

      test('is escaped on a terminal', async () => {
        const { output, errors } = await run(args, '', terminal);
        assert.equal(errors, '');
        assert.equal(output, 'Hello, \\u001b]0;owned\\u0007\\u001b[2J\\u009b\\u202e\\u000d\n\t👩‍🚀!\n');
      });

      test('is escaped on a terminal in JSON, which says the same', async () => {
        const { output } = await run([...args, '--json'], '', terminal);
        assert.ok(![...'\u001b\u0007\u009b\u202e\r'].some((sign) => output.includes(sign)));
        assert.equal(JSON.parse(output), `Hello, ${name}!`);
      });

      test('goes as it is to a program', async () => {
        assert.equal((await run(args)).output, `Hello, ${name}!\n`);
      });
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

  describe('bench', () => {
    test('says how fast a function starts and is called', async () => {
      const { code, output, errors } = await run(['bench', triple, 'triple', '7', '--seconds', '0.2']);
      assert.deepEqual([code, errors], [0, '']);
      const time = '[\\d.]+ (s|ms|µs)';
      for (const line of [
        /^function {2}triple \((x: )?f64\) → f64$/m,
        new RegExp(`^start {5}${time} to load the module, ${time} to the result of the first call$`, 'm'),
        /^rate {6}[\d,]+ calls\/s, 64 in flight \([\d,]+ calls\)$/m,
        new RegExp(`^one call {2}${time} median, ${time} p99 \\([\\d,]+ calls\\)$`, 'm'),
      ]) {
        assert.match(output, line);
      }
    });

    test('its figures hang together', async () => {
      const seconds = 0.3;
      const args = ['bench', triple, 'triple', '7', '--seconds', String(seconds), '--in-flight', '3', '--json'];
      const figures = JSON.parse((await run(args)).output) as Record<string, number> & {
        single: Record<string, number>;
      };
      const { loading = 0, firstCall = 0, inFlight, calls = 0, callsPerSecond = 0, single } = figures;
      const { median = 0, p99 = 0 } = single;
      assert.ok(loading > 0 && firstCall > 0);
      assert.equal(inFlight, 3);
      assert.ok(calls > 3 && callsPerSecond <= calls / seconds, 'it takes no less than the time that was asked for');
      assert.ok(median > 0 && median <= p99);
      // half of the calls took the median or more
      assert.ok((median * (single.calls ?? 0)) / 2 <= 1000 * seconds + p99 + 1000, JSON.stringify(figures));
    });

    test('a call that fails ends it with the error of that call', async () => {
      const { code, output, errors } = await run(['bench', guestFile('wat/trap'), 'unreachable', '--seconds', '60']);
      assert.deepEqual([code, output], [1, '']);
      assert.match(errors, / \[(trap|export)\]\n/);
    });
  });
});
