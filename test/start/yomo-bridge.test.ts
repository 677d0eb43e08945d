/** What the terminal of `npm start -- --yomo` shows of the frames that come before it is there to show them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { eventually, repository } from '../support/node-red';
import { Zipper } from '../support/zipper';
import { clientOf, closeAll, connected, frameOf } from '../support/zipper-clients';

const RESULTS = 0x34;

interface Bridge {
  check(flow: object): Promise<void>;
  listen(flow: object, print: { result: (line: string) => void; error: (line: string) => void }): void;
  close(): Promise<void>;
}

test('results that come before the terminal listens are printed as soon as it does, in order', async () => {
  const script = pathToFileURL(join(repository, 'scripts', 'start', 'yomo-bridge.mjs')).href;
  const { yomoBridge } = (await import(script)) as { yomoBridge: (address: object) => Bridge };
  const zipper = await Zipper.start();
  const address = { host: '127.0.0.1', port: zipper.port };
  const bridge = yomoBridge(address);
  const flow = { zipper: { ...address, verify: false }, results: RESULTS, others: [], numeric: false };
  try {
    await bridge.check(flow);
    // Observes the same, so that the frames have been sent to the terminal when they are here.
    const [source, other] = [clientOf(zipper.port), clientOf(zipper.port, { kind: 'function', observe: [RESULTS] })];
    await connected(source, other);
    for (const text of ['first', 'second']) await source.client.send(frameOf(RESULTS, text));
    await eventually('both came', () => other.frames.length === 2);
    const lines: string[] = [];
    bridge.listen(flow, { result: (line) => lines.push(line), error: (line) => assert.fail(line) });
    await source.client.send(frameOf(RESULTS, 'third'));
    await eventually('the third', () => lines.includes('third'));
    assert.deepEqual(lines, ['first', 'second', 'third']);
  } finally {
    await bridge.close();
    await closeAll();
    await zipper.stop();
  }
});
