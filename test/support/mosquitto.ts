/** A real mosquitto on a port of its own, on loopback, with a configuration of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from './node-red';

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
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(
    readonly port: number,
    readonly folder: string,
  ) {}

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
    if (program === undefined) throw new Error('mosquitto is not installed');
    const child = spawn(program, ['-v', '-c', join(this.folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.#child = child;
    running.add(this);
    await eventually(`mosquitto listens (${this.#output})`, () => isOpen(this.port), 10);
  }

  /** What the broker has logged: every packet. */
  get output(): string {
    return this.#output;
  }

  /** Ends the program and keeps its folder. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
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
  } finally {
    socket.destroy();
  }
}
