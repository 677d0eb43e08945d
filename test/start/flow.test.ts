/** What `npm start` makes of a flow file that may be the user's own. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repository } from '../support/node-red';

interface Flow {
  readonly path: string;
  readonly nodes: readonly Record<string, unknown>[];
}

interface FlowScript {
  openFlow(directory: string, choice: { file: string; export: string } | undefined): Flow;
  saveFlow(flow: Flow): void;
  sendWholeNumbers(flow: Flow): void;
  setFunction(flow: Flow, properties: { signature?: string | undefined; convention?: string | undefined }): void;
  summarize(flow: { nodes: readonly object[] }): Record<string, unknown>;
}

describe('the flow of npm start', () => {
  let script: FlowScript;
  let folder: string;

  before(async () => {
    script = (await import(
      pathToFileURL(join(repository, 'scripts', 'start', 'flow.mjs')).href
    )) as unknown as FlowScript;
    folder = await mkdtemp(join(tmpdir(), 'start-flow-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('is the example, with topics for results and errors, and is written when it is saved', () => {
    const flow = script.openFlow(folder, undefined);
    const { results, errors, catches, takesReading, embedded } = script.summarize(flow);
    assert.deepEqual(
      { results, errors, catches, takesReading, embedded },
      { results: 'results/noise', errors: 'errors/noise', catches: true, takesReading: true, embedded: true },
    );
    assert.ok(!existsSync(flow.path));
    script.saveFlow(flow);
    assert.ok(existsSync(flow.path));
  });

  test('has a sensor whose numbers are fractions, or whole ones for a function that takes no others', () => {
    const flow = script.openFlow(folder, { file: join(folder, 'whole.wasm'), export: 'f' });
    const readings = (): number[] => {
      const code = String(flow.nodes.find(({ type }) => type === 'function')?.func);
      const sensor = new Function('msg', code) as (message: object) => { payload: { noise: number } };
      return Array.from({ length: 20 }, () => sensor({}).payload.noise);
    };
    assert.ok(!readings().every(Number.isInteger));
    assert.equal(script.summarize(flow).sendsWhole, false);
    script.sendWholeNumbers(flow);
    assert.ok(readings().every(Number.isInteger));
    assert.equal(script.summarize(flow).sendsWhole, true);
  });

  test('has properties set only where they are given, and else stays as the user left it', async () => {
    const choice = { file: join(folder, 'a.wasm'), export: 'f' };
    const flow = script.openFlow(folder, choice);
    script.setFunction(flow, { signature: '(string) -> string', convention: undefined });
    script.saveFlow(flow);
    const text = (await readFile(flow.path, 'utf8')).replaceAll('    ', '  ');
    await writeFile(flow.path, text);
    const again = script.openFlow(folder, choice);
    script.setFunction(again, { signature: undefined, convention: undefined });
    script.saveFlow(again);
    assert.equal(await readFile(flow.path, 'utf8'), text);
    const node = again.nodes.find(({ type }) => type === 'wasm-function');
    assert.deepEqual([node?.signature, node?.convention, node?.export], ['(string) -> string', 'auto', 'f']);
  });

  test('of the user may catch errors without publishing them, or not catch them', () => {
    const sink = { id: 'sink', type: 'mqtt-sink', topic: 'there', wires: [] };
    const between = { id: 'between', type: 'change', wires: [['sink', 'between']] };
    const wired = (...targets: string[]) => ({ id: 'catch', type: 'catch', wires: [targets] });
    const errors = (...nodes: object[]) => {
      const summary = script.summarize({ nodes });
      return [summary.catches, summary.errors];
    };
    assert.deepEqual(errors(wired(), sink), [true, undefined]);
    assert.deepEqual(errors(wired('between'), between, sink), [true, 'there']);
    assert.deepEqual(errors(between, sink), [false, undefined]);
  });
});
