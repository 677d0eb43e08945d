import type { CallPlan } from '../abi/adapter';
import { WasmFunctionError } from '../errors';
import type { Call } from './call';
import { ExecutionWorker, type WorkerOwner } from './execution-worker';
import type { CompiledModule, Execution, ExecutionOptions, Executor } from './executor';
import type { Lane, LaneOwner } from './lane';
import { notStartedError, timeoutError } from './worker-errors';
import { WorkerExecution } from './worker-execution';

export interface WorkerExecutorOptions {
  /** Workers for nodes that have not timed out; beyond them nodes share. */
  readonly workers: number;
  /** Whether to keep one idle worker warm, so that a time-out costs the next message nothing. */
  readonly spare: boolean;
  readonly log: { warn(text: string): void };
}

/** Milliseconds after a worker was taken before the next spare is started: its start is not to compete with theirs. */
const SPARE_DELAY = 100;

/** Runs calls in worker threads: the one that is right for any guest, since a thread can be ended from outside. */
export class WorkerExecutor implements Executor, WorkerOwner {
  readonly #executions = new Set<WorkerExecution>();
  readonly #workers = new Set<ExecutionWorker>();
  /** Shared by nodes that have timed out while they shared a worker with others. */
  #quarantine: ExecutionWorker | undefined;
  #spare: ExecutionWorker | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  readonly #ending = new Set<Promise<void>>();
  #nextLane = 0;
  #closed = false;

  constructor(private readonly options: WorkerExecutorOptions) {}

  /** Threads that run or wait for work, the spare included. */
  get threads(): number {
    return this.#workers.size + (this.#quarantine === undefined ? 0 : 1) + (this.#spare === undefined ? 0 : 1);
  }

  open(compiled: CompiledModule, plan: CallPlan, options: ExecutionOptions): Execution {
    if (this.#closed) throw new WasmFunctionError('closed', 'The wasm host has been closed. Deploy again.');
    const execution = new WorkerExecution(this, compiled, plan, options, () => this.#nextLane++);
    this.#executions.add(execution);
    return execution;
  }

  /** Starts the worker that the next one to need one gets. @returns settles when it is up */
  warm(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#spare ??= new ExecutionWorker(this);
    return this.#spare.up;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spareTimer);
    await Promise.all([...this.#executions].map((execution) => execution.close()));
    for (const worker of [...this.#workers, this.#quarantine, this.#spare]) {
      if (worker !== undefined) void this.#end(worker);
    }
    this.#workers.clear();
    this.#quarantine = undefined;
    this.#spare = undefined;
    await Promise.all(this.#ending);
  }

  // ——— for executions ———

  /** Gives the lane a worker, when it has its first call or has lost the one it had. */
  place(lane: Lane, notIn?: ExecutionWorker): ExecutionWorker {
    const worker = this.#choose(lane, notIn);
    worker.attach(lane);
    return worker;
  }

  /** The lane needs no worker any more. @returns settles when nothing of it is left */
  leave(lane: Lane): Promise<void> {
    const { worker } = lane;
    if (worker === undefined) return Promise.resolve();
    const others = [...worker.lanes].filter((other) => other !== lane);
    if (others.some(({ closedAt }) => closedAt === undefined)) {
      // a running call may end by itself: the other nodes here keep their state then
      if (lane.inFlight > 0) worker.close(lane);
      else worker.detach(lane);
      return Promise.resolve();
    }
    const isBusy = lane.inFlight > 0 || others.length > 0;
    for (const each of [lane, ...others]) worker.detach(each);
    this.#remove(worker);
    if (isBusy || this.#spare !== undefined || !this.options.spare || this.#closed) return this.#end(worker);
    this.#spare = worker;
    return Promise.resolve();
  }

  forget(execution: WorkerExecution): void {
    this.#executions.delete(execution);
  }

  // ——— for workers ———

  timedOut(worker: ExecutionWorker, culprit: Call, lane: Lane, waiting: readonly Call[]): void {
    const isShared = [...worker.lanes].some(({ owner }) => owner !== lane.owner);
    const lanes = this.#abandon(worker, lane.owner);
    lane.owner.timedOut(isShared);
    culprit.reject(timeoutError(lane.timeout / 1000));
    giveBack(waiting);
    // also those that had no call to give back: they may have waited for room in the worker that is gone
    for (const each of lanes) each.owner.ended(each);
  }

  stuck(worker: ExecutionWorker, stuck: Lane): void {
    if (stuck.hasSiblings) {
      stuck.isStuck = true;
      giveBack(worker.takeBack(({ lane }) => lane === stuck));
    }
    const movable = new Set([...worker.lanes].filter((lane) => lane.owner !== stuck.owner && lane.isMovable));
    const calls = worker.takeBack(({ lane }) => lane !== undefined && movable.has(lane));
    // one whose call is just being answered stays; it is not in the way
    const moved = [...movable].filter((lane) => lane.inFlight === 0);
    for (const lane of moved) {
      worker.detach(lane);
      this.place(lane, worker);
    }
    giveBack(calls);
    // also those that had no call to give back: they may have waited for room in the stuck worker
    for (const lane of moved) lane.owner.ended(lane);
  }

  died(worker: ExecutionWorker, reason: Error, waiting: readonly Call[]): void {
    const lanes = this.#abandon(worker, undefined);
    if (worker.isReady) giveBack(waiting);
    // one that never came up would not come up the next time either
    else for (const call of waiting) call.reject(notStartedError(reason));
    for (const lane of lanes) lane.owner.ended(lane);
  }

  // ——— workers ———

  #choose(lane: Lane, notIn: ExecutionWorker | undefined): ExecutionWorker {
    if (lane.quarantined) return (this.#quarantine ??= this.#take());
    if (this.#workers.size >= this.options.workers) {
      // one held by a node that has timed out is not shared; where all are, one more is taken
      const others = [...this.#workers].filter((worker) => worker !== notIn && !hasTimedOut(worker));
      const emptiest = others.sort((a, b) => a.lanes.size - b.lanes.size)[0];
      if (emptiest !== undefined) return emptiest;
    }
    const worker = this.#take();
    this.#workers.add(worker);
    return worker;
  }

  #take(): ExecutionWorker {
    const worker = this.#spare ?? new ExecutionWorker(this);
    this.#spare = undefined;
    if (this.options.spare) {
      clearTimeout(this.#spareTimer);
      this.#spareTimer = setTimeout(() => {
        if (!this.#closed) this.#spare ??= new ExecutionWorker(this);
      }, SPARE_DELAY);
      this.#spareTimer.unref();
    }
    return worker;
  }

  #remove(worker: ExecutionWorker): void {
    this.#workers.delete(worker);
    if (this.#quarantine === worker) this.#quarantine = undefined;
    if (this.#spare === worker) this.#spare = undefined;
  }

  #end(worker: ExecutionWorker): Promise<void> {
    worker.terminate();
    this.#ending.add(worker.ended);
    return worker.ended.then(() => {
      this.#ending.delete(worker.ended);
    });
  }

  /** The worker is gone, and with it the instances of its lanes. @returns the lanes, which are without a worker now */
  #abandon(worker: ExecutionWorker, culprit: LaneOwner | undefined): readonly Lane[] {
    const lanes = [...worker.lanes];
    this.#remove(worker);
    void this.#end(worker);
    for (const lane of lanes) {
      if (lane.owner !== culprit && lane.hasState && !lane.binding.fresh) {
        this.options.log.warn(
          `${lane.title} starts anew: it shared a worker with a function that had to be ended, and its state went with it.`,
        );
      }
      worker.detach(lane);
    }
    return lanes;
  }
}

function hasTimedOut(worker: ExecutionWorker): boolean {
  return [...worker.lanes].some((lane) => lane.hasTimedOut);
}

/** Calls that have not started go back to the front of their queues, which find them another worker. */
function giveBack(calls: readonly Call[]): void {
  const byOwner = new Map<LaneOwner, Call[]>();
  for (const call of calls) {
    const own = byOwner.get(call.owner);
    if (own === undefined) byOwner.set(call.owner, [call]);
    else own.push(call);
  }
  for (const [owner, own] of byOwner) owner.returned(own);
}
