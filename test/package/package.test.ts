/** What is published: its content, and that it runs in a Node-RED that has nothing else. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { eventually, httpFlow, NodeRed, nodeRedVersion, repository } from '../support/node-red';

const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly name: string;
  readonly 'node-red': { readonly nodes: Record<string, string> };
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
}

interface NodeSet {
  readonly module: string;
  readonly name: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: string;
}

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest;

async function npm(args: readonly string[], folder: string): Promise<string> {
  const { stdout } = await run('npm', [...args, '--no-fund', '--no-audit'], {
    cwd: folder,
    shell: process.platform === 'win32',
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

describe('the published package', () => {
  let folder: string;
  let packed: Packed;
  let paths: string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'package-'));
    // What is in dist/ was built before the tests; building again would pull it from under the others.
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    const [only] = JSON.parse(await npm(args, repository)) as Packed[];
    assert.ok(only !== undefined);
    packed = only;
    paths = only.files.map(({ path }) => path);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('has every node with its dialog, the command, the sample module, the examples and the licence', () => {
    const nodes = Object.values(manifest['node-red'].nodes).flatMap((path) => [path, path.replace(/\.js$/, '.html')]);
    const wanted = [
      ...nodes,
      ...Object.values(manifest.bin),
      'triple/pkg/triple_lib_bg.wasm',
      'triple/pkg/triple_lib.d.ts',
      'examples/flows.json',
      'docs/errors.md',
      'docs/delivery.md',
      'LICENSE',
      'NOTICE',
      'CHANGELOG.md',
      'README.md',
      'package.json',
    ];
    assert.deepEqual(
      wanted.filter((path) => !paths.includes(path)),
      [],
    );
  });

  test('has nothing else: no tests, sources, scripts or files of a build', () => {
    const strange = paths.filter(
      (path) =>
        !/^(dist|examples)\/|^docs\/\w+\.md$|^triple\/pkg\/|^(LICENSE|NOTICE|CHANGELOG\.md|README\.md|package\.json)$/.test(
          path,
        ) || /(^|\/)(test|bench)\/|\.map$|\.tsbuildinfo$|(^|\/)\.|(?<!\.d)\.ts$/.test(path),
    );
    assert.deepEqual(strange, []);
    assert.ok(packed.unpackedSize < 2_000_000, `${String(packed.unpackedSize)} bytes unpacked`);
  });

  test('names no folder of the machine it was built on', () => {
    const naming = paths.filter((path) => readFileSync(join(repository, path)).includes(repository));
    assert.deepEqual(naming, []);
  });

  test('depends on few packages, none of which needs a compiler', () => {
    assert.ok(Object.keys(manifest.dependencies).length <= 6);
  });

  describe(`installed in Node-RED ${nodeRedVersion}`, () => {
    let nodeRed: NodeRed;
    let userDirectory: string;

    before(async () => {
      userDirectory = join(folder, 'user');
      await mkdir(userDirectory);
      await writeFile(join(userDirectory, 'package.json'), '{ "private": true }\n');
      await npm(['install', '--prefer-offline', '--omit=dev', join(folder, packed.filename)], userDirectory);
      nodeRed = await NodeRed.start({
        userDirectory,
        packageFolder: null,
        flows: [
          { id: 'tab', type: 'tab', label: 'package' },
          ...httpFlow('triple', [
            {
              id: 'triple-wasm',
              type: 'wasm-function',
              file: 'triple/pkg/triple_lib_bg.wasm',
              export: 'triple',
              input: 'payload.noise',
              inputType: 'msg',
            },
          ]),
        ],
      });
    });
    after(() => nodeRed.stop());

    test('its nodes are in the palette', async () => {
      const sets = await nodeRed.json<NodeSet[]>('/nodes', { headers: { accept: 'application/json' } });
      const own = sets.filter((set) => set.module === manifest.name);
      assert.deepEqual(own.map((set) => set.name).sort(), Object.keys(manifest['node-red'].nodes).sort());
      for (const set of own) {
        assert.equal(set.err, undefined);
        assert.ok(set.enabled && set.types.includes(set.name), set.name);
      }
    });

    test('its examples are in the import menu', async () => {
      const response = await nodeRed.fetch(`/library/examples/flows/${manifest.name}/flows`);
      assert.equal(response.status, 200);
      const example = readFileSync(join(repository, 'examples', 'flows.json'), 'utf8');
      assert.deepEqual(await response.json(), JSON.parse(example));
    });

    test('a relative path finds the sample module in the package, and a message comes out times three', async () => {
      const answer = await eventually('the flow answers', async () => {
        const response = await nodeRed.fetch('/triple', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ noise: 160.375 }),
        });
        return response.ok ? await response.text() : undefined;
      });
      assert.equal(answer, '481.125');
    });

    test('its command runs from there', async () => {
      const command = join(userDirectory, 'node_modules', '.bin', 'wasm-function');
      assert.ok(existsSync(command));
      const module = join(userDirectory, 'node_modules', ...manifest.name.split('/'), 'triple/pkg/triple_lib_bg.wasm');
      const { stdout } = await run(command, ['call', module, 'triple', '7'], { shell: process.platform === 'win32' });
      assert.equal(stdout, '21\n');
    });
  });
});
