/** A real Node-RED in a process of its own, with a temporary user directory, driven over HTTP. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const repository = dirname(dirname(__dirname));

/**
 * Where Node-RED is resolved from: NODE_RED_FOLDER (a folder with its own node_modules) or the repository.
 */
const nodeRedFolder = process.env.NODE_RED_FOLDER ?? repository;
export const requireNodeRed = createRequire(join(nodeRedFolder, 'package.json'));

/** Milliseconds Node-RED may take to end. It waits 15 s for a node that does not close. */
const END_TIME = 20_000;

/** `4.1.15`, of the Node-RED under test. */
export const nodeRedVersion = (requireNodeRed('node-red/package.json') as { version: string }).version;

/** Ports below those that systems give to outgoing connections, which would take a free one before it is used. */
const PORTS = { first: 20_000, count: 12_000 };

/** A TCP port on loopback that was free a moment ago, and that hardly another process has chosen, too. */
export async function freePort(): Promise<number> {
  const port = PORTS.first + randomInt(PORTS.count);
  const server = createServer().listen(port, '127.0.0.1');
  const isFree = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!isFree) return freePort();
  server.close();
  await once(server, 'close');
  return port;
}

/** Calls `probe` until it gives something, at most `seconds`. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`${what} did not come true within ${String(seconds)} s`, { cause: last });
    await sleep(25);
  }
}

export interface NodeRedOptions {
  readonly flows?: readonly object[];
  /** Merged over the defaults; functions are not carried over (the settings file is written as JSON). */
  readonly settings?: Record<string, unknown>;
  /** Lines of JavaScript added to the settings object, for what JSON cannot say. */
  readonly settingsSource?: string;
  /** The package to load; the repository itself unless told. `null` loads none (it is in the user directory then). */
  readonly packageFolder?: string | null;
  /** A user directory to use and keep, instead of a temporary one. */
  readonly userDirectory?: string;
  readonly environment?: Record<string, string>;
}

export class NodeRed {
  readonly url: string;
  #child: ChildProcess;
  #output = '';

  private constructor(
    readonly port: number,
    readonly userDirectory: string,
    child: ChildProcess,
    private readonly keepUserDirectory: boolean,
  ) {
    this.url = `http://127.0.0.1:${String(port)}`;
    this.#child = child;
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  /** Starts Node-RED and waits until its flows run. */
  static async start(options: NodeRedOptions = {}): Promise<NodeRed> {
    const port = await freePort();
    const userDirectory = options.userDirectory ?? (await mkdtemp(join(tmpdir(), 'node-red-')));
    const settings = {
      uiPort: port,
      uiHost: '127.0.0.1',
      userDir: userDirectory,
      flowFile: 'flows.json',
      credentialSecret: 'test',
      disableEditor: false,
      telemetry: { enabled: false, updateNotification: false },
      logging: { console: { level: 'info', metrics: false, audit: false } },
      ...(options.packageFolder === null ? {} : { nodesDir: options.packageFolder ?? repository }),
      ...options.settings,
    };
    await writeFile(
      join(userDirectory, 'settings.js'),
      `module.exports = Object.assign(${JSON.stringify(settings)}, { ${options.settingsSource ?? ''} });\n`,
    );
    if (options.flows !== undefined) await writeFile(join(userDirectory, 'flows.json'), JSON.stringify(options.flows));
    const child = spawn(
      process.execPath,
      [requireNodeRed.resolve('node-red/red.js'), '--settings', join(userDirectory, 'settings.js')],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: userDirectory,
        // without a level a bash of the exec node, whose input is a socket, would read the user's .bashrc each time
        env: { ...process.env, NODE_OPTIONS: '', SHLVL: '1', ...options.environment },
      },
    );
    const nodeRed = new NodeRed(port, userDirectory, child, options.userDirectory !== undefined);
    try {
      await nodeRed.#untilStarted();
    } catch (error) {
      await nodeRed.stop();
      throw error;
    }
    return nodeRed;
  }

  /** Everything Node-RED has printed. */
  get output(): string {
    return this.#output;
  }

  /** Undefined while it runs. */
  get exitCode(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async #untilStarted(): Promise<void> {
    await eventually(
      'Node-RED started',
      () => {
        if (this.exitCode !== undefined) return true;
        return this.#output.includes('Started flows') || this.#output.includes('Waiting for missing types');
      },
      60,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#output}`);
    });
    if (this.exitCode !== undefined) throw new Error(`Node-RED ended (${String(this.exitCode)}):\n${this.#output}`);
  }

  /** Deploys flows and waits until they run; `reload` starts those that are stored again. */
  async deploy(
    flows: readonly object[],
    type: 'full' | 'nodes' | 'flows' | 'reload' = 'full',
    seconds = 20,
  ): Promise<void> {
    await this.untilFlowsRun(async () => {
      const response = await this.fetch('/flows', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'node-red-api-version': 'v2', 'node-red-deployment-type': type },
        body: JSON.stringify({ flows }),
      });
      if (!response.ok) throw new Error(`deploy: ${String(response.status)} ${await response.text()}`);
    }, seconds);
  }

  /**
   * Waits until what `deploy` sets off has started: the runtime answers a deploy before its flows run. Whoever
   * deploys must wait, or the line of that start is taken for the next one's.
   */
  async untilFlowsRun(deploy: () => Promise<void>, seconds = 20): Promise<void> {
    const startedBefore = this.#output.split('Started').length;
    await deploy();
    await eventually('the deployed flows started', () => this.#output.split('Started').length > startedBefore, seconds);
  }

  /** A request to the runtime, admin API and http-in nodes alike. */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async json<T = unknown>(path: string, init?: RequestInit): Promise<T> {
    const response = await this.fetch(path, init);
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Ends Node-RED at once, as a power cut would; its user directory stays. */
  async kill(): Promise<void> {
    if (this.exitCode !== undefined) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /**
   * Ends Node-RED (by its process id) as a service manager would, and removes its user directory.
   * @throws Error where it has to be killed
   */
  async stop(): Promise<void> {
    let killed = false;
    if (this.exitCode === undefined) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const hard = setTimeout(() => {
        killed = this.#child.kill('SIGKILL');
      }, END_TIME);
      await exited;
      clearTimeout(hard);
    }
    if (!this.keepUserDirectory) await rm(this.userDirectory, { recursive: true, force: true });
    if (killed) throw new Error(`Node-RED did not end within ${String(END_TIME)} ms:\n${this.output}`);
  }
}

/**
 * A flow that answers `POST /<path>` with what `nodes` make of the request body; the first node is entered first.
 * The places matter: the runtime takes a node without them for a configuration node.
 */
export function httpFlow(path: string, nodes: readonly Record<string, unknown>[]): object[] {
  const first = nodes[0];
  if (first === undefined) throw new Error('httpFlow needs a node');
  return [
    {
      id: `${path}-in`,
      type: 'http in',
      z: 'tab',
      x: 100,
      y: 100,
      url: `/${path}`,
      method: 'post',
      wires: [[first.id]],
    },
    ...nodes.map((node) => ({ z: 'tab', x: 300, y: 100, wires: [[`${path}-out`]], ...node })),
    { id: `${path}-out`, type: 'http response', z: 'tab', x: 500, y: 100, statusCode: '', wires: [] },
  ];
}
