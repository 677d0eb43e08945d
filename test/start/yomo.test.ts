/** `npm start -- --yomo host:port`: the main job over a zipper of protocol v1 that is there already. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test } from 'node:test';
import type { DataFrame } from '#dist/yomo/frames';
import { freePort, repository } from '../support/node-red';
import { RESULT, Started } from '../support/npm-start';
import { Zipper } from '../support/zipper';

const READING = 0x33;
const RESULTS = 0x34;

/** Module hooks for a machine without the QUIC library: for `import()` it is not installed. */
const WITHOUT_LIBRARY = `
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
  export async function resolve(specifier, context, next) {
    if (specifier !== '@infisical/quic') return next(specifier, context);
    throw Object.assign(new Error('Cannot find package ' + specifier), { code: 'ERR_MODULE_NOT_FOUND' });
  }
\`));
`;

function near(actual: number | undefined, expected: number): boolean {
  return actual !== undefined && Math.abs(actual - expected) <= Math.abs(expected) * 1e-6;
}

function noiseOf({ payload }: DataFrame): number {
  return (JSON.parse(Buffer.from(payload).toString()) as { noise: number }).noise;
}

describe('npm start over a zipper', () => {
  let folder: string;
  let options: string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-yomo-'));
    options = ['--port', String(await freePort()), '--user-dir', join(folder, 'user')];
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function framesOf(zipper: Zipper, tag: number): DataFrame[] {
    return zipper.received.filter((frame) => frame.tag === tag);
  }

  test('prints three times what the sensor writes, and the payload of 2021 in both ways; the zipper may go and come', async () => {
    const zipper = await Zipper.start();
    const { port } = zipper;
    const started = new Started([...options, '--yomo', zipper.endpoint]);
    let returned: Zipper | undefined;
    try {
      await started.printed(RESULT);
      assert.match(started.output, new RegExp(`zipper +${zipper.endpoint}\n`));
      assert.match(started.output, /function +triple \((x: )?f64\) → f64\n/);
      assert.match(started.output, /results +tag 0x34, .*: \+2\.600000e\+002 is 260; and what comes under 0x36\n/);
      assert.match(started.output, /errors +tag 0x35\n/);
      await started.printed(/^\+6\.913980e\+015 {2}read as float64, as in 2021\n/m);
      await started.printed(/^\+4\.811268e\+002 {2}read as float32, as it was written\n/m);
      await started.until('five results', () => started.results.length >= 5);
      const noises = framesOf(zipper, READING).map(noiseOf);
      assert.ok(framesOf(zipper, RESULTS).length >= 5);
      const first = noises.findIndex((noise) => near(started.results[0], 3 * noise));
      assert.ok(first >= 0, 'the first result is three times what a frame holds');
      started.results.slice(0, 5).forEach((result, index) => {
        assert.ok(near(result, 3 * (noises[first + index] ?? NaN)), `result ${String(index)}`);
      });
      await zipper.stop('maintenance');
      const losses = (): string[] => `${started.output}${started.errors}`.match(/maintenance/g) ?? [];
      await started.until('the loss was told', () => losses().length > 0);
      const before = started.results.length;
      returned = await Zipper.start({ port });
      await started.until('results go on', () => started.results.length > before + 2);
      assert.match(started.errors, /The zipper is back\.\n/);
      assert.equal(losses().length, 1, 'the loss is told once');
      assert.doesNotMatch(started.output, /credentials/i);
    } finally {
      assert.equal(await started.interrupt(), 0, started.errors);
      await (returned ?? zipper).stop();
    }
    const saved = JSON.parse(await readFile(join(folder, 'user', 'flows-yomo.json'), 'utf8')) as object[];
    const node = saved.find((each) => 'type' in each && each.type === 'yomo-zipper');
    assert.deepEqual(node, { ...node, host: '127.0.0.1', port });
  });

  test('the credential of the environment opens a zipper to the flow and the terminal, and is written nowhere', async () => {
    const token = 'not-to-be-found-9b1';
    const zipper = await Zipper.start({ token });
    const directory = join(folder, 'known');
    const known = new Started([...options, '--user-dir', directory, '--yomo', zipper.endpoint], {
      YOMO_CREDENTIAL: `token:${token}`,
    });
    try {
      await known.printed(RESULT);
    } finally {
      assert.equal(await known.interrupt(), 0, known.errors);
      await zipper.stop();
    }
    for (const file of ['flows-yomo.json', 'flows-yomo_cred.json', 'settings.js']) {
      assert.ok(!(await readFile(join(directory, file), 'utf8')).includes(token), file);
    }
    assert.ok(!`${known.output}${known.errors}`.includes(token));
  });

  /** @returns what it says before it ends; nothing is started or written */
  async function refusal(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
    const directory = join(folder, 'refused');
    const started = new Started([...options, '--user-dir', directory, ...args], {
      YOMO_CREDENTIAL: '',
      ...environment,
    });
    assert.equal(await started.ended(), 1);
    assert.equal(started.output, '');
    assert.equal(started.errors.trim().split('\n').length, 1, started.errors);
    assert.ok(!existsSync(directory), 'no flow is written');
    return started.errors;
  }

  test('where no zipper answers, that is told with what is needed', async () => {
    const address = `127.0.0.1:${String(await freePort())}`;
    const text = await refusal(['--yomo', address]);
    assert.match(text, /^Nothing listens on UDP port \d+ of 127\.0\.0\.1\./);
    assert.ok(
      text.includes(`--yomo ${address} needs a zipper of YoMo 2, or v1.17.5 to v1.22.3, there; docs/yomo.md`),
      text,
    );
  });

  test('where the zipper rejects the credential, or asks for one, its words are told and how to give one', async () => {
    const zipper = await Zipper.start({ token: 'right' });
    try {
      assert.match(
        await refusal(['--yomo', zipper.endpoint]),
        /authentication failed.*environment variable YOMO_CREDENTIAL, as token:SECRET; none is given\.\n$/,
      );
      assert.match(
        await refusal(['--yomo', zipper.endpoint], { YOMO_CREDENTIAL: 'token:wrong' }),
        /the one given is not taken\.\n$/,
      );
    } finally {
      await zipper.stop();
    }
  });

  test('without the QUIC library it is told which package is missing', async () => {
    const hooks = join(folder, 'without-library.mjs');
    await writeFile(hooks, WITHOUT_LIBRARY);
    const zipper = await Zipper.start();
    try {
      const text = await refusal(['--yomo', zipper.endpoint], {
        NODE_OPTIONS: `--import=${pathToFileURL(hooks).href}`,
      });
      assert.match(text, /@infisical\/quic/);
      assert.doesNotMatch(text, /YOMO_CREDENTIAL|docs\/yomo\.md/);
    } finally {
      await zipper.stop();
    }
  });

  test('whether a zipper can be there is asked before anything is installed or built', async () => {
    const { checkListener } = (await import(
      pathToFileURL(join(repository, 'scripts', 'start', 'zipper.mjs')).href
    )) as { checkListener(address: { host: string; port: number }): Promise<void> };
    const port = await freePort();
    await assert.rejects(checkListener({ host: '127.0.0.1', port }), /^Error: Nothing listens on UDP port/);
    await assert.rejects(
      checkListener({ host: 'zipper.invalid', port }),
      /^Error: The host of the zipper has no address/,
    );
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    await checkListener({ host: '127.0.0.1', port: socket.address().port });
    socket.close();
  });

  const malformed: [string, RegExp][] = [
    ['nonsense', /--yomo takes a zipper as host:port, localhost:9000 for one, not "nonsense"\.\n/],
    [':9000', /host:port/],
    ['localhost', /host:port/],
    ['::1:9000', /host:port/],
    ['quic://localhost:9000', /host:port/],
    ['localhost:0', /The port of --yomo takes a number from 1 to 65535, not "0"\.\n/],
    ['localhost:65536', /65535/],
  ];
  test('an argument that is no host and port is told', async () => {
    await Promise.all(
      malformed.map(async ([argument, sentence]) => {
        assert.match(await refusal(['--yomo', argument]), sentence);
      }),
    );
    assert.match(await refusal(['--yomo', 'localhost:9000', '--mqtt-port', '1884']), /leave --mqtt-port out/);
    for (const args of [['--yomo', '--port', '18801'], ['--yomo']]) {
      assert.match(await refusal(args), /^--yomo takes a zipper as host:port, localhost:9000 for one; .*--help/);
    }
  });

  test('--help says that there is --yomo', async () => {
    const started = new Started(['--help']);
    assert.equal(await started.ended(), 0);
    assert.match(started.output, /--yomo HOST:PORT .*zipper[^-]* YoMo 2/);
  });
});
