/** `npm start` in a process of its own, and what it has printed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually, repository } from './node-red';

/** A number as it is printed, on a line of its own. */
export const RESULT = /^[+-]\d\.\d{6}e[+-]\d{3}$/m;

export class Started {
  output = '';
  errors = '';
  readonly #child: ChildProcess;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [join(repository, 'scripts', 'start.mjs'), ...args], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', INIT_CWD: repository, ...environment },
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Numbers printed so far. */
  get results(): number[] {
    return this.output
      .split('\n')
      .slice(0, -1)
      .filter((line) => RESULT.test(line))
      .map(Number);
  }

  /** @returns the exit code, or the signal that ended it */
  async ended(): Promise<number | string | null> {
    if (this.running) await once(this.#child, 'exit');
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  interrupt(): Promise<number | string | null> {
    if (this.running) this.#child.kill('SIGINT');
    return this.ended();
  }

  async printed(pattern: RegExp): Promise<void> {
    await this.until(`npm start printed ${String(pattern)}`, () => pattern.test(this.output));
  }

  /** Waits for what it brings about once Node-RED runs; where that does not come, the error has what was printed. */
  async until(what: string, probe: () => boolean): Promise<void> {
    // as long as any other test gives a Node-RED to start
    await this.#within(60, 'npm start runs', () => this.output.includes('editor'));
    await this.#within(30, what, probe);
  }

  async #within(seconds: number, what: string, probe: () => boolean): Promise<void> {
    await eventually(
      what,
      () => {
        if (!this.running) throw new Error('it ended');
        return probe();
      },
      seconds,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.output}\n${this.errors}`);
    });
  }
}
