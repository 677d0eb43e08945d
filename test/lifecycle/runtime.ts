/** A Node-RED under load that counts what becomes of each message and what the process holds. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, NodeRed, repository } from '../support/node-red';
import { leb, module, text } from '../support/wasm-builder';

/** What became of the messages so far; see fixture/ledger.js. */
export interface Tally {
  readonly emitted: number;
  /** By a function; only these can be lost by one. */
  readonly received: number;
  /**
   * By the runtime, on their way to a function: by the type of node that sent when a deploy had stopped the one behind it,
   * or that was given one when it had closed. A node's own closing has no part in it.
   */
  readonly dropped: Readonly<Record<string, number>>;
  readonly ended: number;
  readonly results: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  readonly factors: Readonly<Record<string, number>>;
  readonly open: number;
}

/** What the process holds; see fixture/resources.js. */
export interface Resources {
  readonly handles: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly files: number;
  readonly listeners: Readonly<Record<string, number>>;
  readonly flowListeners: readonly number[];
  readonly hooks: readonly string[];
  /** Bytes. */
  readonly heap: number;
  readonly resident: number;
  readonly places: readonly string[];
}

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** A module with one export that multiplies an i32 by a factor below 64; `padding` bytes say nothing. */
export function multiplier(factor: number, padding = 0): Uint8Array {
  const body = [0x20, 0, 0x41, factor, 0x6c];
  return module({
    functions: [{ parameters: ['i32'], results: ['i32'], export: 'multiply', body }],
    ...(padding === 0 ? {} : { custom: [{ name: 'padding', bytes: new Array<number>(padding).fill(0) }] }),
  });
}

/** Bytes of padding of a module that takes long to load, which the loader reads, hashes and gives to the engine. */
const SLOW_PADDING = 60_000_000;

/** As `multiplier(3)`, in a file nearly as large as one may be; each name makes another one. */
export function slowToLoad(name: string): Uint8Array {
  const said = text(name);
  const section = [0, ...leb(said.length + SLOW_PADDING), ...said];
  return Buffer.concat([multiplier(3), Buffer.from(section), Buffer.alloc(SLOW_PADDING)]);
}

/** Never comes back. */
export const endless = module({
  functions: [{ parameters: ['i32'], results: ['i32'], export: 'multiply', body: [0x03, 0x40, 0x0c, 0, 0x0b, 0x00] }],
});

const tab: FlowNode = { id: 'tab', type: 'tab', label: 'load' };

/** Without a wire nothing is sent, and nothing could be counted. */
const end: FlowNode = { id: 'end', type: 'debug', z: 'tab', x: 500, y: 100, active: false, wires: [] };

/** A load-source that deals its messages out to these nodes. */
export function loadOf(nodes: readonly FlowNode[], others: readonly FlowNode[] = []): FlowNode[] {
  // without a place they would be taken for configuration nodes
  const placed = nodes.map((node) => ({ z: 'tab', x: 300, y: 100, wires: [['end']], ...node }));
  const wires = nodes.map(({ id }) => [id]);
  return [tab, ...others, { id: 'load', type: 'load-source', z: 'tab', x: 100, y: 100, wires }, ...placed, end];
}

export class LoadedRuntime {
  /** Before any node of the package existed. */
  #before: Resources | undefined;

  private constructor(
    readonly nodeRed: NodeRed,
    /** For modules. */
    readonly folder: string,
  ) {}

  static async start(settings: Readonly<Record<string, unknown>> = {}): Promise<LoadedRuntime> {
    const folder = await mkdtemp(join(tmpdir(), 'lifecycle-'));
    const nodeRed = await NodeRed.start({
      flows: [tab],
      settings: { nodesDir: [repository, join(repository, 'test', 'lifecycle', 'fixture')], ...settings },
      settingsSource:
        "...(require('node:v8').setFlagsFromString('--expose-gc'), globalThis.gc ??= require('node:vm').runInNewContext('gc'), {})",
    });
    return new LoadedRuntime(nodeRed, folder);
  }

  /** With a module that multiplies by 3, after a first use of it. */
  static async startUsed(): Promise<{ runtime: LoadedRuntime; file: string }> {
    const runtime = await LoadedRuntime.start();
    const file = await runtime.write('multiply.wasm', multiplier(3));
    await runtime.use(loadOf([{ id: 'first', type: 'wasm-function', file }]));
    return { runtime, file };
  }

  /** Runs flows for a moment and remembers: what the runtime keeps for good from its first flow on is not ours. */
  async use(flows: readonly FlowNode[]): Promise<void> {
    await this.nodeRed.deploy(flows);
    await this.load(10);
    await this.more(100);
    await this.settle();
    await this.remember();
  }

  async stop(): Promise<void> {
    await this.nodeRed.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, content: Uint8Array): Promise<string> {
    await writeFile(this.path(name), content);
    return this.path(name);
  }

  tally(): Promise<Tally> {
    return this.nodeRed.json('/load');
  }

  resources(collect = false): Promise<Resources> {
    return this.nodeRed.json(`/resources?collect=${String(collect)}`);
  }

  leak(kind: string): Promise<unknown> {
    return this.nodeRed.json(`/leak/${kind}`, { method: 'POST' });
  }

  /** @param outstanding messages in the flow at most */
  async load(outstanding: number): Promise<void> {
    await this.nodeRed.json(`/load/${String(outstanding)}`, { method: 'POST' });
  }

  /** Waits until so many more messages have ended. */
  async more(messages: number): Promise<Tally> {
    const { ended } = await this.tally();
    return eventually(`${String(messages)} more messages ended`, async () => {
      const tally = await this.tally();
      return tally.ended >= ended + messages && tally;
    }).catch(async (error: unknown) => {
      throw new Error(`The load stands still: ${JSON.stringify(await this.tally())}`, { cause: error });
    });
  }

  /** Ends the load: every message ended once, in a result or an error of one of these codes. */
  async settle(...codes: readonly string[]): Promise<Tally> {
    await this.load(0);
    const tally = await eventually('every message ended', async () => {
      const now = await this.tally();
      return now.open === 0 && now;
    }).catch(async () => this.tally());
    assert.deepEqual(tally.faults, []);
    const dropped = sum(tally.dropped);
    assert.equal(tally.received + dropped, tally.emitted, 'messages received, or dropped where the test saw it');
    assert.equal(tally.ended, tally.received, 'messages ended');
    assert.equal(tally.results + sum(tally.errors), tally.ended, 'results and errors');
    for (const code of Object.keys(tally.errors)) assert.ok(codes.includes(code), `error ${code}`);
    return tally;
  }

  /** Remembers what there is without nodes of the package. */
  async remember(): Promise<void> {
    await this.nodeRed.deploy([tab]);
    this.#before = await this.resources(true);
  }

  /** Removes all nodes: nothing of them is left. */
  async clear(deploySeconds = 20): Promise<void> {
    await this.nodeRed.deploy([tab], 'full', deploySeconds);
    await this.untilNothingIsLeft();
  }

  /** Compares with what was remembered. */
  async untilNothingIsLeft(seconds = 8): Promise<void> {
    const before = this.#before;
    assert.ok(before !== undefined, 'remembered');
    let last: Resources = before;
    await eventually(
      'nothing is left',
      async () => {
        last = await this.resources(true);
        assert.deepEqual(counted(last), counted(before));
        return true;
      },
      seconds,
    ).catch(() => {
      assert.deepEqual({ ...counted(last), places: last.places }, { ...counted(before), places: before.places });
    });
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** What has to be the same; memory moves, and has its own bound. */
function counted({ handles, threads, files, listeners, flowListeners, hooks }: Resources): object {
  return { handles, threads, files, listeners, flowListeners, hooks };
}
