/** A real zipper of YoMo 2 on ports of its own, on loopback. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './node-red';
import { isOpen, Program } from './program';

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
  readonly #program: Program;
  /** Length of what earlier runs have printed. */
  #earlier = 0;

  private constructor(
    readonly port: number,
    readonly httpPort: number,
    readonly folder: string,
  ) {
    if (program === undefined) throw new Error(`yomo ${YOMO_VERSION} is not installed`);
    this.#program = new Program({
      path: program,
      args: ['serve', '--config', join(folder, 'yomo.yaml')],
      env: { RUST_LOG: 'info' },
    });
  }

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
    running.add(this);
    this.#earlier = this.#program.output.length;
    await this.#program.run(() => this.output.includes('start zipper quic server') && isOpen(this.httpPort));
  }

  /** What the program has printed since it was started. */
  get output(): string {
    return this.#program.output.slice(this.#earlier);
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
    await this.#program.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    running.delete(this);
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
