/** `npm start`, as somebody runs it who has just cloned the repository; only ports and folder are its own here. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connectAsync, type MqttClient } from 'mqtt';
import { guestFile } from '../support/guests';
import { eventually, freePort } from '../support/node-red';
import { RESULT, Started } from '../support/npm-start';

/** `(module (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5))))` */
const HALF = Buffer.from(
  '0061736d0100000001060160017c017c030201000708010468616c6600000a10010e00200044000000000000e03fa20b',
  'hex',
);

/** `(module (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))` */
const TWICE = Buffer.from(
  '0061736d0100000001060160017f017f030201000709010574776963650000' + '0a09010700200041026c0b',
  'hex',
);

/** The noise levels published while `enough` is not true yet, in order. */
async function noises(client: MqttClient, enough: (values: readonly number[]) => boolean): Promise<number[]> {
  const values: number[] = [];
  client.on('message', (_topic, payload) => {
    values.push((JSON.parse(payload.toString()) as { noise: number }).noise);
  });
  await client.subscribeAsync('sensors/noise', { qos: 1 });
  await eventually('the results were printed', () => enough(values));
  return values;
}

function near(actual: number | undefined, expected: number): boolean {
  return actual !== undefined && Math.abs(actual - expected) <= Math.abs(expected) * 1e-6;
}

/** Whether the last results are, one by one, `factor` times the first values. */
function follow(results: readonly number[], values: readonly number[], factor: number, count: number): boolean {
  const first = results.findIndex((result) => near(result, (values[0] ?? NaN) * factor));
  if (first < 0) return false;
  return values.slice(0, count).every((value, index) => near(results[first + index], value * factor));
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server.listen(port, '127.0.0.1'), 'listening').then(
    () => true,
    () => false,
  );
  const free = await listening;
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** Each takes a Node-RED of its own. */
const TOO_LONG = process.env.TEST_LONG === undefined && 'takes 5 s: --long';

describe('npm start', () => {
  let folder: string;
  let ports: { editor: number; mqtt: number };
  let options: string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'));
    ports = { editor: await freePort(), mqtt: await freePort() };
    options = ['--port', String(ports.editor), '--mqtt-port', String(ports.mqtt), '--user-dir', join(folder, 'user')];
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function withBroker<T>(use: (client: MqttClient) => Promise<T>): Promise<T> {
    const client = await connectAsync(`mqtt://127.0.0.1:${String(ports.mqtt)}`);
    try {
      return await use(client);
    } finally {
      await client.endAsync(true);
    }
  }

  test('shows where everything is, prints three times what the sensor publishes, and ends cleanly', async () => {
    const started = new Started(options);
    try {
      await started.printed(RESULT);
      assert.match(started.output, new RegExp(`editor +http://127.0.0.1:${String(ports.editor)}\n`));
      assert.match(started.output, /module +triple\/pkg\/triple_lib_bg\.wasm\n/);
      assert.match(started.output, /function +triple \((x: )?f64\) → f64\n/);
      assert.match(started.output, /results +topic results\/noise, .*: \+2\.600000e\+002 is 260\n/);
      assert.doesNotMatch(started.output, /\[warn\]|warning|Projects/);
      assert.match(started.output, new RegExp(`broker +mqtt://127.0.0.1:${String(ports.mqtt)} \\(embedded\\)\n`));
      await withBroker((client) =>
        noises(client, (values) => values.length >= 5 && follow(started.results, values, 3, 5)),
      );
      const editor = await fetch(`http://127.0.0.1:${String(ports.editor)}/`);
      assert.equal(editor.status, 200);
    } finally {
      assert.equal(await started.interrupt(), 0, started.errors);
    }
    assert.ok(await isFree(ports.editor), 'the editor’s port is free again');
    assert.ok(await isFree(ports.mqtt), 'the broker’s port is free again');
    assert.equal(started.errors, '');
  });

  test('another file and function run in a flow of their own, which is made once', async () => {
    const file = join(folder, 'half.wasm');
    await writeFile(file, HALF);
    const own = join(folder, 'user', 'flows.json');
    const before = existsSync(own) ? await readFile(own, 'utf8') : undefined;
    const started = new Started([...options, file, 'half']);
    try {
      await started.printed(RESULT);
      assert.match(started.output, /function +half \(f64\) → f64\n/);
      await withBroker((client) =>
        noises(client, (values) => values.length >= 3 && follow(started.results, values, 0.5, 3)),
      );
    } finally {
      assert.equal(await started.interrupt(), 0, started.errors);
    }
    assert.equal(existsSync(own) ? await readFile(own, 'utf8') : undefined, before, 'flows.json is as it was');
    const flow = /flow +(.*)\n/.exec(started.output)?.[1] ?? '';
    const edited = (await readFile(flow, 'utf8')).replaceAll('results/noise', 'results/mine');
    await writeFile(flow, edited);
    const again = new Started([...options, file]);
    try {
      await again.printed(/results +topic results\/mine,/);
    } finally {
      await again.interrupt();
    }
    assert.equal(await readFile(flow, 'utf8'), edited, 'what the user changed is kept');
  });

  for (const [name, option] of [
    ['editor', '--port'],
    ['mqtt', '--mqtt-port'],
  ] as const) {
    test(`a port in use is told in one sentence with the remedy (${option})`, async () => {
      const taken = createServer().listen(ports[name], '127.0.0.1');
      await once(taken, 'listening');
      try {
        const started = new Started(options);
        assert.equal(await started.ended(), 1);
        assert.equal(started.errors.trim().split('\n').length, 1, started.errors);
        const next = `${option} ${String(ports[name] + 1)}\n`;
        assert.match(started.errors, new RegExp(`^Port ${String(ports[name])} is in use.*npm start -- .*${next}$`));
        // What else was asked for is in the command, so that it does the same.
        for (const other of options.filter((each, at) => each !== option && options[at - 1] !== option)) {
          assert.ok(started.errors.includes(` ${other} `), started.errors);
        }
      } finally {
        taken.close();
      }
    });
  }

  const refusals: [string, string[], RegExp][] = [
    ['a file that is not there', ['nowhere.wasm'], /nowhere\.wasm". Check the path, or put the module there\.\n$/],
    ['a file that is no module', ['package.json'], /^"package\.json": This is a JSON file/],
    ['a file that is no module, and a function', ['package.json', 'x'], /^"package\.json": This is a JSON file/],
    [
      'a function that is not there',
      ['triple/pkg/triple_lib_bg.wasm', 'double'],
      /^"triple_lib_bg\.wasm": The module exports no "double"\. Choose one of its functions: "triple"\.\n$/,
    ],
    [
      'that there are several functions',
      [guestFile('wat/loop')],
      /loop\.wasm has several functions; name one of them: "spin", "ok"\.\n$/,
    ],
    ['a port that is none', ['--port', 'many'], /--port takes a number from 1 to 65535, not "many"/],
    [
      'an option that is unknown',
      ['--prot', '1881'],
      /^Unknown option '--prot'; npm start -- --help lists the options\.\n$/,
    ],
    ['a convention that is none', ['--convention', 'packd'], /--convention takes one of auto, packed, .*not "packd"/],
    ['a signature that is none', [guestFile('rust-bytes/guest'), 'greet', '--signature', 'text'], /text/],
    [
      'what only the caller can say',
      [guestFile('rust-bytes/guest'), 'greet'],
      /^"guest\.wasm": .*convention packed.*--convention NAME, --signature TEXT/,
    ],
  ];
  for (const [name, args, sentence] of refusals) {
    test(`${name} is told before anything starts`, async () => {
      const started = new Started([...options, ...args]);
      assert.equal(await started.ended(), 1);
      assert.match(started.errors, sentence);
      assert.doesNotMatch(started.errors, /^ +at /m, 'a sentence, no stack');
      assert.equal(started.output, '');
    });
  }

  test('a function that the sensor’s number does not fit: a warning, and its errors, at most one line a second', async () => {
    const started = new Started([...options, guestFile('wat/add'), 'add']);
    try {
      await started.printed(/warning +the sensor sends one number a message\. .*takes an array of 2 values/);
      await eventually('errors were printed and counted', () => / … and \d+ more\n/.test(started.errors));
      assert.match(
        started.errors,
        /^error: add \(i32, i32\) → i32 takes an array of 2 values.*; got [\d.]+\. Make such an array before this node\.\n/,
      );
      assert.deepEqual(started.results, []);
    } finally {
      assert.equal(await started.interrupt(), 0, started.errors);
    }
  });

  test('a function over integers is sent whole numbers, and that is said', { skip: TOO_LONG }, async () => {
    const file = join(folder, 'twice.wasm');
    await writeFile(file, TWICE);
    const started = new Started([...options, file]);
    try {
      await started.printed(/function +twice \(i32\) → i32\n/);
      await started.printed(/sensor +whole numbers, since the function takes no fractions\n/);
      await started.printed(RESULT);
      await withBroker((client) =>
        noises(client, (values) => values.length >= 3 && follow(started.results, values, 2, 3)),
      );
      assert.doesNotMatch(started.output, /warning/);
    } finally {
      assert.equal(await started.interrupt(), 0, started.errors);
    }
    assert.equal(started.errors, '');
  });

  test(
    'text that a function returns is printed as it is; --signature and --convention are kept in the flow',
    { skip: TOO_LONG },
    async () => {
      const words = [guestFile('rust-bytes/guest'), 'reverse'];
      const started = new Started([
        ...options,
        ...words,
        '--signature',
        '(string) -> string',
        '--convention',
        'packed',
      ]);
      try {
        // the digits of the sensor's number, backwards
        await started.printed(/^\d{3,}\.\d+$/m);
        assert.match(started.output, /function +reverse \(string\) → string\n/);
        assert.doesNotMatch(started.output, /warning|original example/);
        assert.deepEqual(started.results, []);
      } finally {
        assert.equal(await started.interrupt(), 0, started.errors);
      }
      assert.equal(started.errors, '');
      const flow = JSON.parse(await readFile(/flow +(.*)\n/.exec(started.output)?.[1] ?? '', 'utf8')) as object[];
      const node = flow.find((each) => 'type' in each && each.type === 'wasm-function');
      assert.deepEqual(node, { ...node, signature: '(string) -> string', convention: 'packed' });
    },
  );

  test('--help says what there is', async () => {
    const started = new Started(['--help']);
    assert.equal(await started.ended(), 0);
    for (const word of ['FILE', 'EXPORT', '--signature', '--convention', '--port', '--mqtt-port', '--user-dir']) {
      assert.ok(started.output.includes(word), word);
    }
  });
});
