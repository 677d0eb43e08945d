import { Worker } from 'node:worker_threads';

/** Seconds without a new case after which the case counts as endless; generous, for machines under load. */
const PATIENCE = 45;

/** The other thread: a case that does not end leaves this one no turn to say so. */
const SCRIPT = `
  const { workerData } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  const state = new Int32Array(workerData.state);
  let last = -1;
  for (;;) {
    const current = Atomics.load(state, 0);
    if (current === last) {
      writeSync(2, 'A case does not end: ' + workerData.label + current + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }
    last = current;
    if (Atomics.wait(state, 1, 0, workerData.patience) !== 'timed-out') break;
  }
`;

/** Ends the process, with the number of the case, when a case does not end. */
export class Watchdog {
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #thread: Worker;

  /** @param label what stands before the number of the case */
  constructor(label: string) {
    const workerData = { state: this.#state.buffer, label, patience: PATIENCE * 1000 };
    this.#thread = new Worker(SCRIPT, { eval: true, workerData, execArgv: [] });
    this.#thread.unref();
  }

  begin(number: number): void {
    Atomics.store(this.#state, 0, number);
  }

  end(): void {
    Atomics.store(this.#state, 1, 1);
    Atomics.notify(this.#state, 1);
  }
}
