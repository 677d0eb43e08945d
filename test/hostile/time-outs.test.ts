/** More nodes that do not end than there are workers: what they leave running, in threads and files of the process. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/node-red';
import { type Answer, Siege } from '../support/siege';
import { NUMBER_ATTACKS } from './attacks';

const WORKERS = 2;
const NODES = 20;
/** Threads beside those workers: the quarantine, the spare, and the loader's until it has been idle for long. */
const OTHERS = 3;
/** Files a thread's event loop may hold open. */
const FILES_OF_THREAD = 6;

describe(`${String(NODES)} nodes that time out, with ${String(WORKERS)} workers`, () => {
  const endless = NUMBER_ATTACKS.find(({ name }) => name === 'endless-loop')!;
  const attacks = Array.from({ length: NODES }, (_, index) => ({
    name: `endless-${String(index)}`,
    module: endless.module!,
    properties: { export: 'f', abi: 'numeric', timeout: 0.1 },
  }));
  let siege: Siege;
  let footprint: Awaited<ReturnType<Siege['footprint']>>;
  let answers: Map<string, Answer>;

  before(async () => {
    siege = await Siege.start(attacks, { wasmFunctionWorkers: WORKERS });
    footprint = await siege.footprint();
    answers = await siege.assault(1);
  });
  after(() => siege.nodeRed.stop());

  test('each is told its time-out, and its next message is answered', async () => {
    assert.deepEqual(new Set([...answers.values()].map(({ code }) => code)), new Set(['timeout']));
    const afterwards = await siege.assault(0);
    assert.deepEqual(new Set([...afterwards.values()].map(({ result }) => result)), new Set([7]));
    assert.deepEqual(await siege.ask('neighbour', 2), { result: 6 });
  });

  test('no more threads and files are left than the workers take', async (context) => {
    const start = footprint;
    if (start === undefined) return context.skip('there is no /proc here');
    // the neighbour had its worker before
    const threads = start.threads + WORKERS - 1 + OTHERS;
    await eventually(`there are ${String(threads)} threads at most`, async () => {
      const now = await siege.footprint();
      return now !== undefined && now.threads <= threads;
    });
    const files = (await siege.footprint())?.files ?? 0;
    const most = start.files + (threads - start.threads) * FILES_OF_THREAD;
    assert.ok(files <= most, `${String(files)} files open, ${String(start.files)} before`);
  });
});
