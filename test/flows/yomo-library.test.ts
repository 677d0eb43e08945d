/** The package where the optional library for QUIC could not be installed. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, freePort, NodeRed, repository } from '../support/node-red';
import { sinkNode, sourceNode, zipperNode } from '../support/yomo-flow';

const DEPENDENCIES = ['@msgpack/msgpack', 'aedes', 'mqtt', 'ws'];
const place = { z: 'tab', x: 100, y: 100 };

/** Prints a property of each message. */
const printer = (id: string, property: string): object => ({
  ...place,
  id,
  type: 'debug',
  console: true,
  active: true,
  complete: property,
  targetType: 'msg',
  wires: [],
});

describe('without the library for QUIC', () => {
  let folder: string;
  let nodeRed: NodeRed;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'without-quic-'));
    for (const part of ['dist', 'package.json']) {
      await cp(join(repository, part), join(folder, part), { recursive: true });
    }
    for (const dependency of DEPENDENCIES) {
      const link = join(folder, 'node_modules', dependency);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(repository, 'node_modules', dependency), link, 'junction');
    }
    const port = await freePort();
    nodeRed = await NodeRed.start({
      packageFolder: folder,
      flows: [
        { id: 'tab', type: 'tab', label: 'YoMo' },
        zipperNode({ port }),
        sourceNode('source', [1], []),
        { ...place, id: 'inject', type: 'inject', props: [{ p: 'payload' }], once: true, wires: [['sink']] },
        sinkNode('sink', 2),
        { ...place, id: 'status', type: 'status', scope: ['source', 'sink'], wires: [['show']] },
        printer('show', 'status.text'),
        { ...place, id: 'catch', type: 'catch', scope: ['sink'], wires: [['tell']] },
        printer('tell', 'error.code'),
        { id: 'broker', type: 'mqtt-connection', url: `mqtt://127.0.0.1:${String(await freePort())}`, embedded: true },
        { ...place, id: 'mqtt', type: 'mqtt-sink', connection: 'broker', topic: 't', wires: [] },
        { ...place, id: 'mqtt-status', type: 'status', scope: ['mqtt'], wires: [['show']] },
      ],
    });
  });
  after(async () => {
    await nodeRed.stop();
    await rm(folder, { recursive: true });
  });

  const said = (text: string | RegExp): Promise<unknown> =>
    eventually(`the log says ${String(text)}`, () => nodeRed.output.search(text) >= 0);

  test('the nodes show it, the log names package, command and platforms once, and messages get the reason', async () => {
    for (const type of ['yomo-source', 'yomo-sink']) await said(`${type}.status.transport`);
    await said(/\[debug:tell\]\s+transport/);
    const lines = nodeRed.output.split('\n').filter((line) => line.includes('[warn]') && line.includes('QUIC'));
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', /npm install @infisical\/quic.*Linux on x64, arm64 and arm.*macOS.*Windows/);
  });

  test('other nodes work all the same', async () => {
    await said('node-red:common.status.connected');
  });
});
