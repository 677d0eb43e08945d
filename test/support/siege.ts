/** A real Node-RED with hostile modules in it, a neighbour that has nothing to do with them, and a watch on both. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guestFile } from './guests';
import { httpFlow, NodeRed } from './node-red';

/** One hostile module and the node that calls it. */
export interface Attack {
  readonly name: string;
  /** Written to a file of the user directory; absent where `properties.file` names one. */
  readonly module?: Uint8Array;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What came of a message. */
export interface Answer {
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
}

/** How the others fared during an attack. Milliseconds. */
export interface Watch {
  readonly seconds: number;
  readonly neighbour: readonly number[];
  readonly admin: readonly number[];
}

/**
 * Milliseconds an answer of a neighbour or the admin interface may take: less than an attack that blocks the main
 * thread. On a busy machine every answer takes longer, which the middle one of them shows; a block hits but a few.
 */
function longestAllowed(times: readonly number[]): number {
  const middle = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  return 1000 + 10 * middle;
}

export class Siege {
  private constructor(
    readonly nodeRed: NodeRed,
    private readonly attacks: readonly Attack[],
  ) {}

  static async start(attacks: readonly Attack[], settings: Record<string, unknown> = {}): Promise<Siege> {
    const nodeRed = await NodeRed.start({ flows: [], settings });
    const siege = new Siege(nodeRed, attacks);
    await mkdir(join(nodeRed.userDirectory, 'wasm'));
    for (const { name, module } of attacks) if (module !== undefined) await siege.write(name, module);
    const neighbour = httpFlow('neighbour', [wasmFunction('neighbour', { file: guestFile('wat/triple') })]);
    const besiegers = attacks.flatMap(({ name, properties }) =>
      httpFlow(name, [wasmFunction(name, { file: `${name}.wasm`, ...properties })]),
    );
    await nodeRed.deploy([{ id: 'tab', type: 'tab' }, ...neighbour, ...besiegers, ...REPORT]);
    assert.deepEqual(await siege.ask('neighbour', 14), { result: 42 });
    return siege;
  }

  /** Writes a module under the name of its attack. */
  async write(name: string, module: Uint8Array): Promise<void> {
    await writeFile(this.file(name), module);
  }

  file(name: string): string {
    return join(this.nodeRed.userDirectory, 'wasm', `${name}.wasm`);
  }

  /** Sends `value` to the node of an attack. */
  async ask(name: string, value: unknown): Promise<Answer> {
    const response = await this.nodeRed.fetch(`/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value }),
    });
    const { result, code, message } = (await response.json()) as Answer;
    return response.ok ? { result } : { code: code ?? '', message: message ?? '' };
  }

  /** Asks the editor's endpoint what the module of an attack is. @returns the answer's text */
  async describe(file: string): Promise<string> {
    const response = await this.nodeRed.fetch('/wasm-function/describe', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ file }),
    });
    return response.text();
  }

  async describeUpload(bytes: Uint8Array): Promise<string> {
    const response = await this.nodeRed.fetch('/wasm-function/describe-upload?name=hostile.wasm', {
      method: 'POST',
      headers: { 'content-type': 'application/wasm' },
      body: bytes as Uint8Array<ArrayBuffer>,
    });
    return response.text();
  }

  /** Sends every attack its value, a few at a time. */
  async assault(value: unknown): Promise<Map<string, Answer>> {
    const answers = new Map<string, Answer>();
    const left = [...this.attacks];
    const soldiers = Array.from({ length: 4 }, async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        answers.set(next.name, await this.ask(next.name, value));
      }
    });
    await Promise.all(soldiers);
    return answers;
  }

  /** Runs an attack, and measures meanwhile how long a neighbour's messages and the admin interface take. */
  async watched(attack: () => Promise<unknown>): Promise<Watch> {
    let over = false;
    const measure = async (pause: number, request: () => Promise<unknown>): Promise<number[]> => {
      const times: number[] = [];
      while (!over) {
        const before = performance.now();
        await request();
        times.push(performance.now() - before);
        await sleep(pause);
      }
      return times;
    };
    const started = performance.now();
    const neighbour = measure(20, async () => assert.deepEqual(await this.ask('neighbour', 2), { result: 6 }));
    const admin = measure(50, async () => (await this.nodeRed.fetch('/settings')).text());
    try {
      await attack();
    } finally {
      over = true;
    }
    const seconds = (performance.now() - started) / 1000;
    return { seconds, neighbour: await neighbour, admin: await admin };
  }

  /** What the process holds: MB, threads, open files. Undefined where there is no /proc. */
  async footprint(): Promise<{ memory: number; threads: number; files: number } | undefined> {
    const proc = `/proc/${String(this.nodeRed.pid)}`;
    const status = await readFile(`${proc}/status`, 'utf8').catch(() => undefined);
    if (status === undefined) return undefined;
    return {
      memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000,
      threads: (await readdir(`${proc}/task`)).length,
      files: (await readdir(`${proc}/fd`)).length,
    };
  }
}

/** The neighbour and the editor had answers all along, none of them late. */
export function assertUnharmed({ seconds, neighbour, admin }: Watch): void {
  for (const [who, times] of Object.entries({ neighbour, admin })) {
    const longest = Math.max(...times);
    assert.ok(
      longest < longestAllowed(times),
      `${who}: ${longest.toFixed(0)} ms in an attack of ${seconds.toFixed(1)} s`,
    );
    assert.ok(times.length > seconds, `${who}: ${String(times.length)} answers in ${seconds.toFixed(1)} s`);
  }
}

function wasmFunction(id: string, properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { id, type: 'wasm-function', input: 'payload.value', output: 'payload.result', ...properties };
}

/** Errors go back to whoever asked. */
const REPORT: readonly object[] = [
  { id: 'catch', type: 'catch', z: 'tab', x: 100, y: 300, scope: null, uncaught: false, wires: [['report']] },
  {
    id: 'report',
    type: 'function',
    z: 'tab',
    x: 300,
    y: 300,
    func: 'msg.statusCode = 422; msg.payload = { code: msg.error.code, message: msg.error.message }; return msg;',
    wires: [['refused']],
  },
  { id: 'refused', type: 'http response', z: 'tab', x: 500, y: 300, statusCode: '', wires: [] },
];
