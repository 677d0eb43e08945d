/** A tls-config that cannot be used, as a user meets it: the nodes say why, and the rest of the flow runs. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { guestFile } from '../support/guests';
import { eventually, freePort, httpFlow, NodeRed } from '../support/node-red';

const place = { z: 'tab', x: 100, y: 300 };

describe('a tls-config that cannot be used', () => {
  let nodeRed: NodeRed;
  let editor: WebSocket;
  /** As an open editor is told them, by node. */
  const statuses = new Map<string, unknown>();

  before(async () => {
    nodeRed = await NodeRed.start({ flows: [] });
    editor = new WebSocket(`${nodeRed.url.replace('http', 'ws')}/comms`);
    await once(editor, 'open');
    editor.on('message', (bytes: Buffer) => {
      const events = [JSON.parse(bytes.toString('utf8'))].flat() as { topic?: string; data?: object }[];
      for (const { topic, data } of events) {
        const id = /^status\/(.+)$/.exec(topic ?? '')?.[1];
        if (id !== undefined && data !== undefined && 'text' in data) statuses.set(id, data);
      }
    });
    editor.send(JSON.stringify({ subscribe: 'status/#' }));
    await writeFile(join(nodeRed.userDirectory, 'no.pem'), 'not a certificate\n');
    await writeFile(join(nodeRed.userDirectory, 'key.pem'), 'not a key\n');
  });
  after(async () => {
    editor.terminate();
    await nodeRed.stop();
  });
  beforeEach(() => {
    statuses.clear();
  });

  for (const { title, files, status, reason } of [
    {
      title: 'a file of it is missing',
      files: { cert: '', key: '', ca: 'missing.pem' },
      status: 'configuration',
      reason:
        /\[mqtt-connection:broker\] The TLS configuration of the connection cannot be used: a file of it is missing/,
    },
    {
      title: 'its files are no certificate and key',
      files: { cert: 'no.pem', key: 'key.pem', ca: '' },
      status: 'tls',
      reason: /\[mqtt-connection:broker\] mqtts:\S+ the certificate, key or passphrase .* cannot be used \(.+\)/,
    },
  ]) {
    test(`${title}: source and sink show it in red, the log says why, and the deploy goes on`, async () => {
      const before = nodeRed.output.length;
      const output = (): string => nodeRed.output.slice(before);
      const inFolder = (file: string): string => (file === '' ? '' : join(nodeRed.userDirectory, file));
      const { cert, key, ca } = files;
      await nodeRed.deploy([
        { id: 'tab', type: 'tab', label: 'TLS' },
        { id: 'tls', type: 'tls-config', cert: inFolder(cert), key: inFolder(key), ca: inFolder(ca) },
        { id: 'broker', type: 'mqtt-connection', url: `mqtts://127.0.0.1:${String(await freePort())}`, tls: 'tls' },
        { id: 'source', type: 'mqtt-source', ...place, connection: 'broker', topic: 'in', wires: [[]] },
        { id: 'sink', type: 'mqtt-sink', ...place, connection: 'broker', topic: 'out', wires: [] },
        ...httpFlow('triple', [{ id: 'f', type: 'wasm-function', file: guestFile('wat/triple'), export: 'triple' }]),
      ]);
      for (const id of ['source', 'sink']) {
        await eventually(`${id} shows it`, () => statuses.get(id) !== undefined);
        assert.deepEqual(statuses.get(id), { fill: 'red', shape: 'ring', text: `mqtt-${id}.status.${status}` });
      }
      assert.match(output(), reason);
      assert.equal(output().split(reason).length, 2, 'said once');
      const answer = await nodeRed.fetch('/triple', {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: '14',
      });
      assert.equal(await answer.text(), '42');
    });
  }
});
