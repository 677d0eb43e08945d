/** A real mosquitto on a port of its own, on loopback, with a configuration of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './node-red';
import { isOpen, Program } from './program';

const candidates = ['mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];
const program = candidates.find((candidate) => spawnSync(candidate, ['-h']).error === undefined);

/** For a test's options: `{ skip: mosquittoMissing }`. */
export const mosquittoMissing: string | false = program === undefined ? 'mosquitto is not installed' : false;

export interface MosquittoOptions {
  /** Lines of the configuration after the first listener; `$folder` is the broker's own folder. */
  readonly lines?: readonly string[];
  /** Accepts clients without credentials; true unless told. */
  readonly anonymous?: boolean;
  /** Files written into the broker's folder first. */
  readonly files?: Readonly<Record<string, string>>;
  readonly port?: number;
}

const running = new Set<Mosquitto>();

/** Stops every broker that is still there, such as that of a test which failed half-way: for `after` of a file. */
export async function stopBrokers(): Promise<void> {
  await Promise.all([...running].map((broker) => broker.stop()));
}

export class Mosquitto {
  readonly #program: Program;

  private constructor(
    readonly port: number,
    readonly folder: string,
  ) {
    if (program === undefined) throw new Error('mosquitto is not installed');
    this.#program = new Program({ path: program, args: ['-v', '-c', join(folder, 'mosquitto.conf')] });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${String(this.port)}`;
  }

  static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
    const mosquitto = new Mosquitto(options.port ?? (await freePort()), folder);
    for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), text);
    const lines = [
      'per_listener_settings false',
      `listener ${String(mosquitto.port)} 127.0.0.1`,
      `allow_anonymous ${String(options.anonymous ?? true)}`,
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...(options.lines ?? []),
    ];
    await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n').replaceAll('$folder', folder)}\n`);
    await mosquitto.run();
    return mosquitto;
  }

  /** Starts the program; again after `kill`. */
  async run(): Promise<void> {
    running.add(this);
    await this.#program.run(() => isOpen(this.port));
  }

  /** What the broker has logged: every packet. */
  get output(): string {
    return this.#program.output;
  }

  /** Ends the program and keeps its folder. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#program.kill(signal);
  }

  async stop(): Promise<void> {
    running.delete(this);
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
