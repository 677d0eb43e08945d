/** A program that a test runs beside Node-RED, such as a broker: started, read, killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from './node-red';

export interface ProgramOptions {
  readonly path: string;
  readonly args: readonly string[];
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Program {
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  /**
   * Starts it; again after `kill`.
   * @param isReady whether it does its work; tried again where it throws
   */
  async run(isReady: () => boolean | Promise<boolean>): Promise<void> {
    const { path, args, env } = this.#options;
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.#child = child;
    try {
      await eventually(`${path} is ready`, isReady);
    } catch (failure) {
      throw new Error(`${String(failure)}\n${this.#output}`, { cause: failure });
    }
  }

  /** What it has printed, over all its runs. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** @throws where nothing accepts connections on this port of loopback */
export async function isOpen(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
