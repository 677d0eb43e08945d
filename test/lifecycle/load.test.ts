/** Deploys of every kind and module files of every fate under load: each message ends once, in order, and nothing stays. */
import assert from 'node:assert/strict';
import { rename, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/node-red';
import { endless, loadOf, LoadedRuntime, multiplier, type FlowNode } from './runtime';

/** Messages in the flow at once. */
const OUTSTANDING = 200;
const BETWEEN_DEPLOYS = process.env.TEST_LONG === undefined ? 500 : 5000;
const LONG = process.env.TEST_LONG !== undefined;
/**
 * Eight of wasmFunctionWorkers, a ninth for calls that wait behind one that is stuck or has timed out (on a busy
 * machine any may be), a warm one and the loader's.
 */
const MOST_THREADS = 11;

describe('under load', () => {
  let runtime: LoadedRuntime;
  let file: string;

  const functions = (changes: Readonly<Record<string, object>> = {}): FlowNode[] =>
    [
      { id: 'plain', type: 'wasm-function', file },
      { id: 'fresh', type: 'wasm-function', file, instance: 'fresh' },
      { id: 'several', type: 'wasm-function', file, concurrency: 3 },
      ...['one', 'two', 'three'].map((name) => ({ id: `instance-${name}`, type: 'subflow:inner' })),
    ].map((node) => ({ ...node, ...changes[node.id] }));

  /** A subflow around a function. */
  const inner = (name = ''): FlowNode[] => [
    {
      id: 'inner',
      type: 'subflow',
      name: 'inner',
      in: [{ wires: [{ id: 'inside' }] }],
      out: [{ wires: [{ id: 'inside', port: 0 }] }],
    },
    { id: 'inside', type: 'wasm-function', z: 'inner', x: 100, y: 100, file, name, wires: [[]] },
  ];

  before(async () => {
    ({ runtime, file } = await LoadedRuntime.startUsed());
  });
  after(() => runtime.stop());

  test('deploys of every kind lose nothing', async () => {
    const { nodeRed } = runtime;
    const flows = (changes?: Readonly<Record<string, object>>): FlowNode[] => loadOf(functions(changes), inner());
    const withoutPlain = (): FlowNode[] => loadOf(functions().slice(1), inner());
    const disabledTab = (): FlowNode[] =>
      flows().map((node) => (node.id === 'tab' ? { ...node, disabled: true } : node));
    await nodeRed.deploy(flows());
    await runtime.load(OUTSTANDING);
    const steps: readonly (() => Promise<void>)[] = [
      () => nodeRed.deploy(flows({ plain: { name: 'changed' } }), 'full'),
      () => nodeRed.deploy(flows({ plain: { name: 'again' } }), 'nodes'),
      () => nodeRed.deploy(flows({ several: { concurrency: 2 }, fresh: { queue: 500 } }), 'flows'),
      () => nodeRed.deploy([], 'reload'),
      () => nodeRed.deploy(flows({ plain: { d: true } }), 'nodes'),
      () => nodeRed.deploy(flows(), 'nodes'),
      () => nodeRed.deploy(withoutPlain(), 'nodes'),
      () => nodeRed.deploy(flows(), 'flows'),
      () => nodeRed.deploy(loadOf(functions(), inner('changed')), 'nodes'),
    ];
    for (const step of steps) {
      await runtime.more(BETWEEN_DEPLOYS);
      await step();
    }
    await runtime.more(BETWEEN_DEPLOYS);
    await nodeRed.deploy(disabledTab(), 'full');
    await nodeRed.deploy(flows(), 'full');
    await runtime.more(BETWEEN_DEPLOYS);
    // no `closed`: a function that closes ends the calls it has and those that were on their way to it
    const { ended, dropped } = await runtime.settle();
    assert.ok(ended >= (steps.length + 2) * BETWEEN_DEPLOYS, `${String(ended)} messages`);
    // the runtime's own: what has reached a subflow finds nobody in it once its inside has been stopped
    for (const type of Object.keys(dropped)) assert.equal(type, 'subflow:inner', 'who sent what was dropped');
    await runtime.clear();
  });

  test('a file that is replaced, broken, mended, deleted and put back loses nothing', async () => {
    await runtime.nodeRed.deploy(loadOf(functions(), inner()));
    const { dropped: before } = await runtime.tally();
    await runtime.load(OUTSTANDING);
    const untilFactor = (factor: number): Promise<unknown> =>
      eventually(`results of the module with factor ${String(factor)}`, async () => {
        const { factors } = await runtime.tally();
        return ['plain', 'fresh', 'several'].every((id) => factors[id] === factor);
      });
    await untilFactor(3);
    await writeFile(`${file}.new`, multiplier(5));
    await rename(`${file}.new`, file);
    await untilFactor(5);
    const whole = multiplier(7, 10_000);
    await writeFile(file, whole.subarray(0, 5000));
    await runtime.more(1000);
    await untilFactor(5);
    await writeFile(file, whole);
    await untilFactor(7);
    await rm(file);
    await runtime.more(1000);
    await writeFile(file, multiplier(9));
    await untilFactor(9);
    assert.deepEqual((await runtime.settle()).dropped, before);
    await runtime.clear();
  });

  test('a module is taken over though calls hang, which end in their time-out', async () => {
    const hanging = await runtime.write('hanging.wasm', endless);
    await runtime.nodeRed.deploy(loadOf([{ id: 'hanging', type: 'wasm-function', file: hanging, timeout: 0.3 }]));
    await runtime.load(2);
    await eventually(
      'one has timed out, the next hangs',
      async () => (await runtime.tally()).errors.timeout !== undefined,
    );
    await writeFile(`${hanging}.new`, multiplier(5));
    await rename(`${hanging}.new`, hanging);
    await eventually('the new module answers', async () => (await runtime.tally()).factors.hanging === 5);
    await runtime.settle('closed', 'timeout');
    await runtime.clear();
  });

  test('a hung call holds up a deploy for less than 15 s', { skip: LONG ? false : 'takes 10 s: --long' }, async () => {
    const hanging = await runtime.write('hanging.wasm', endless);
    await runtime.nodeRed.deploy(loadOf([{ id: 'hanging', type: 'wasm-function', file: hanging, timeout: 600 }]));
    await runtime.load(5);
    await eventually('calls are made', async () => (await runtime.tally()).open === 5);
    await runtime.load(0);
    const started = performance.now();
    await runtime.clear(30);
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds < 15, `${seconds.toFixed(1)} s`);
    assert.doesNotMatch(runtime.nodeRed.output, /Close timed out/);
    await runtime.settle('closed', 'timeout');
  });

  /** Threads that have been told to end take a moment to be gone. */
  async function untilFewThreads(before: number): Promise<void> {
    await eventually('there are few threads', async () => {
      const more = (await runtime.resources()).threads - before;
      assert.ok(more <= MOST_THREADS, `${String(more)} threads more`);
      return true;
    });
  }

  test('200 functions of one module share the workers and the module', async () => {
    const nodes = Array.from({ length: 200 }, (_, index) => ({
      id: `f${String(index)}`,
      type: 'wasm-function',
      file,
    }));
    const before = await runtime.resources();
    await runtime.nodeRed.deploy(loadOf(nodes));
    await runtime.load(OUTSTANDING);
    await runtime.more(2000);
    await untilFewThreads(before.threads);
    const { handles } = await runtime.resources();
    const watched = (handles.STATWATCHER ?? 0) - (before.handles.STATWATCHER ?? 0);
    assert.ok(watched <= 3, `${String(watched)} watchers for the module and its declarations`);
    const tally = await runtime.settle('closed', 'timeout');
    assert.equal(Object.keys(tally.factors).filter((id) => /^f\d/.test(id)).length, 200, 'each has answered');
    await runtime.clear();
  });

  test('200 functions of as many modules do so too', async () => {
    const nodes = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => ({
        id: `g${String(index)}`,
        type: 'wasm-function',
        file: await runtime.write(`g${String(index)}.wasm`, multiplier((index % 60) + 1, index + 1)),
      })),
    );
    const before = await runtime.resources();
    await runtime.nodeRed.deploy(loadOf(nodes));
    await runtime.load(OUTSTANDING);
    const factors = await eventually('each has answered', async () => {
      const tally = await runtime.tally();
      return nodes.every(({ id }) => tally.factors[id] !== undefined) && tally.factors;
    });
    nodes.forEach(({ id }, index) => assert.equal(factors[id], (index % 60) + 1, id));
    await untilFewThreads(before.threads);
    await runtime.settle('closed', 'timeout');
    await runtime.clear();
  });
});
