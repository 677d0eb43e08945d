/** Minutes of everything at once, by chance but repeatable: SOAK_SEED=<number> repeats a run, SOAK_SECONDS its length. */
import assert from 'node:assert/strict';
import { mkdir, rename, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Random } from '../fuzz/random';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe } from '../support/mqtt';
import { keptSession, lane } from '../support/mqtt-flow';
import { eventually } from '../support/node-red';
import { endless, loadOf, LoadedRuntime, multiplier, type FlowNode } from './runtime';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 200);
const SEED = Number(process.env.SOAK_SEED ?? 1);
/** Messages in the flow at once; each may hang for its time-out. */
const OUTSTANDING = 20;
const FILES = ['a.wasm', 'b.wasm', 'c.wasm'];
/** The file of the function between the MQTT nodes: its results are known, whatever its size. */
const TRIPLE = 'triple.wasm';
/** What may become of a message where files break, calls hang and deploys do not wait for ever. */
const CODES = ['closed', 'timeout', 'file', 'module'];
const MIB = 2 ** 20;

type Swap = (path: string, content: Uint8Array) => Promise<void>;

async function renameOver(path: string, content: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

const swaps: Readonly<Record<string, Swap>> = {
  'rename over': renameOver,
  'delete and create': async (path, content) => {
    await rm(path);
    await sleep(1200);
    await writeFile(path, content);
  },
  'write in place': (path, content) => writeFile(path, content),
  'write half, then all': async (path, content) => {
    await writeFile(path, content.subarray(0, content.length / 2));
    await sleep(1200);
    await writeFile(path, content);
  },
  'a folder for a while': async (path, content) => {
    await rm(path);
    await mkdir(path);
    await sleep(1200);
    await rm(path, { recursive: true });
    await writeFile(path, content);
  },
  'a link to another file': async (path, content) => {
    const target = `${path}.${String(content.length)}`;
    await writeFile(target, content);
    await symlink(target, `${path}.link`);
    await rename(`${path}.link`, path);
  },
  'with the time stamp of the one before': async (path, content) => {
    const { atime, mtime } = await stat(path);
    await unlink(path);
    await writeFile(path, content);
    await utimes(path, atime, mtime);
  },
};

/** Publishes one number after the other, and knows which results are missing. */
class MqttLoad {
  readonly #missing = new Set<number>();
  readonly #publishing = new Set<Promise<unknown>>();
  published = 0;

  constructor(private readonly probe: Probe) {
    probe.client.on('message', (_topic, payload) => {
      this.#missing.delete(Number(payload) / 3);
    });
  }

  get missing(): number[] {
    return [...this.#missing];
  }

  publish(count: number): void {
    for (let index = 0; index < count && this.#missing.size < 50; index++) {
      const number = this.published++;
      this.#missing.add(number);
      const accepted = this.probe.client.publishAsync('in/soak', String(number), { qos: 1 }).finally(() => {
        this.#publishing.delete(accepted);
      });
      this.#publishing.add(accepted);
    }
  }

  async untilAllCame(): Promise<void> {
    await Promise.all(this.#publishing);
    await eventually('all results from MQTT', () => this.#missing.size === 0, 60).catch(() => undefined);
    assert.deepEqual(this.missing, [], `results missing of ${String(this.published)}`);
  }
}

describe('a soak', { skip: process.env.TEST_LONG === undefined ? 'takes minutes: --long' : mosquittoMissing }, () => {
  const random = new Random(SEED);
  const did: Record<string, number> = {};
  let runtime: LoadedRuntime;
  let broker: Mosquitto;
  let probe: Probe;
  let mqtt: MqttLoad;
  let changes = 0;

  before(async () => {
    runtime = await LoadedRuntime.start({ wasmFunctionWorkers: 2 });
    broker = await Mosquitto.start();
    probe = await Probe.connect(broker.url, {}, 'out/soak');
    mqtt = new MqttLoad(probe);
    for (const name of [...FILES, TRIPLE]) await runtime.write(name, multiplier(3));
  });
  after(async () => {
    await probe.end();
    await runtime.stop();
    await broker.stop();
  });

  function flows(): FlowNode[] {
    const changed = String(random.below(4));
    const file = (index: number): string => runtime.path(FILES[index % FILES.length] ?? '');
    const functions = Array.from({ length: 6 }, (_, index) => ({
      id: `f${String(index)}`,
      type: 'wasm-function',
      file: file(index),
      timeout: 0.3,
      // some of them are others than before
      name: random.below(2) === 0 ? `named ${changed}` : '',
      ...(index === 1 ? { instance: 'fresh' } : {}),
      ...(index === 2 ? { concurrency: 1 + random.below(3) } : {}),
    }));
    return loadOf(functions, [
      keptSession(broker.url, 4) as FlowNode,
      ...(lane('soak', { function: { file: runtime.path(TRIPLE), name: `mqtt ${changed}` } }) as FlowNode[]),
    ]);
  }

  async function act(): Promise<void> {
    const kind = random.below(10);
    if (kind < 4) {
      const type = (['full', 'nodes', 'flows', 'reload'] as const)[random.below(4)] ?? 'full';
      count(`deploy ${type}`);
      await runtime.nodeRed.deploy(type === 'reload' ? [] : flows(), type, 30);
    } else if (kind < 9) {
      const [name, swap] = Object.entries(swaps)[random.below(Object.keys(swaps).length)] as [string, Swap];
      const isTriple = random.below(3) === 0;
      const content = multiplier(isTriple ? 3 : 1 + random.below(60), ++changes);
      count(name);
      await swap(runtime.path(isTriple ? TRIPLE : (FILES[random.below(FILES.length)] ?? '')), content);
    } else {
      count('hang');
      const path = runtime.path(FILES[random.below(FILES.length)] ?? '');
      await renameOver(path, endless);
      await sleep(1500);
      await renameOver(path, multiplier(1 + random.below(60), ++changes));
    }
  }

  function subscribed(): number {
    return broker.output.split('Sending SUBACK to flow-soak-source').length - 1;
  }

  function count(what: string): void {
    did[what] = (did[what] ?? 0) + 1;
  }

  /** Runs for a while, ends all, and removes the nodes. @returns bytes of heap then */
  async function round(seconds: number, t: TestContext): Promise<number> {
    const subscriptions = subscribed();
    await runtime.nodeRed.deploy(flows());
    // what is published before is for nobody: the source of the round before has ended its session
    await eventually('the source has subscribed', () => subscribed() > subscriptions);
    await runtime.load(OUTSTANDING);
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      mqtt.publish(20);
      await act();
    }
    await mqtt.untilAllCame();
    const { received, dropped, errors, results } = await runtime.settle(...CODES);
    assert.deepEqual(dropped, {}, 'the runtime drops nothing on a direct wire');
    await runtime.clear(30);
    const { heap, resident, threads } = await runtime.resources(true);
    const figures = {
      received,
      results,
      errors,
      mqtt: mqtt.published,
      did,
      heap: heap / MIB,
      resident: resident / MIB,
    };
    t.diagnostic(JSON.stringify({ ...figures, threads }));
    return heap;
  }

  test(
    `of ${String(SECONDS)} s, seed ${String(SEED)}: all is accounted for, and nothing stays`,
    { timeout: (SECONDS + 180) * 1000 },
    async (t) => {
      await runtime.use(flows());
      const first = await round(SECONDS / 2, t);
      const second = await round(SECONDS / 2, t);
      assert.ok(second - first < 8 * MIB, `the heap has grown by ${String((second - first) / MIB)} MiB`);
      assert.doesNotMatch(runtime.nodeRed.output, /Close timed out|MaxListenersExceeded|UnhandledPromise/);
    },
  );
});
