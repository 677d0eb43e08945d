/** A real zipper of YoMo 2 on ports of its own, on loopback. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from './node-red';

export const YOMO_VERSION = '2.1.6';

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const candidates = [
  process.env.YOMO,
  join(cache, 'node-red-wasm-function', `yomo-${YOMO_VERSION}`, 'bin', 'yomo'),
  'yomo',
].filter((candidate) => candidate !== undefined);
const program = candidates.find((candidate) => {
  return spawnSync(candidate, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `yomo ${YOMO_VERSION}`;
});

/** For a test's options: `{ skip: zipperMissing }`. */
export const zipperMissing: string | false =
  program === undefined
    ? `yomo ${YOMO_VERSION} is not installed (cargo install yomo --version ${YOMO_VERSION} --locked --debug)`
    : false;

export interface RealZipperOptions {
  /** Without which no client is taken. */
  readonly token?: string;
}

const running = new Set<RealZipper>();

/** Stops every zipper that is still there, such as that of a test which failed half-way: for `after` of a file. */
export async function stopZippers(): Promise<void> {
  await Promise.all([...running].map((zipper) => zipper.stop()));
}

export class RealZipper {
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(
    readonly port: number,
    readonly httpPort: number,
    readonly folder: string,
  ) {}

  static async start({ token }: RealZipperOptions = {}): Promise<RealZipper> {
    const folder = await mkdtemp(join(tmpdir(), 'yomo-'));
    const zipper = new RealZipper(await freePort(), await freePort(), folder);
    const lines = [
      ...(token === undefined ? [] : [`auth_token: ${token}`]),
      'zipper:',
      '  host: 127.0.0.1',
      `  port: ${String(zipper.port)}`,
      'http_api:',
      '  host: 127.0.0.1',
      `  port: ${String(zipper.httpPort)}`,
      'providers: []',
      'endpoints: []',
    ];
    await writeFile(join(folder, 'yomo.yaml'), `${lines.join('\n')}\n`);
    await zipper.run();
    return zipper;
  }

  /** Starts the program; again after `kill`. */
  async run(): Promise<void> {
    if (program === undefined) throw new Error(`yomo ${YOMO_VERSION} is not installed`);
    const child = spawn(program, ['serve', '--config', join(this.folder, 'yomo.yaml')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, RUST_LOG: 'info' },
    });
    this.#output = '';
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.#child = child;
    running.add(this);
    await eventually('the zipper listens', () => this.#output.includes('start zipper quic server'), 20).catch(
      (failure: unknown) => {
        throw new Error(`${String(failure)}\n${this.#output}`);
      },
    );
    await eventually('its HTTP port is open', () => isOpen(this.httpPort), 20);
  }

  /** What the program has printed since it was started. */
  get output(): string {
    return this.#output;
  }

  /** Calls a tool from outside of Node-RED. */
  async call(tool: string, body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`http://127.0.0.1:${String(this.httpPort)}/tool/${tool}`, {
      method: 'POST',
      headers,
      body,
    });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  }

  /** Ends the program at once, as a power cut would; its ports stay its own. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    running.delete(this);
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
