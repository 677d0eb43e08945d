import type { CallPlan } from '../abi/adapter';
import { WasmFunctionError } from '../errors';
import { notStartedError, startThread } from '../thread';
import type { Call } from './call';
import { EndingThreads } from './ending-threads';
import { ExecutionWorker, type WorkerOwner } from './execution-worker';
import type { CompiledModule, Execution, ExecutionOptions, Executor } from './executor';
import type { Lane, LaneOwner } from './lane';
import { timeoutError } from './worker-errors';
import { WorkerExecution } from './worker-execution';

export interface WorkerExecutorOptions {
  /** Workers that nodes have of their own; beyond them nodes share. One more is started for those that time out. */
  readonly workers: number;
  /** Whether to keep one idle worker warm, so that a time-out costs the next message nothing. */
  readonly spare: boolean;
  readonly log: { warn(text: string): void };
  /** Threads that are told to end; those of the whole process unless given. */
  readonly endingThreads?: EndingThreads;
}

/** Milliseconds after a worker was taken before the next spare is started: its start is not to compete with theirs. */
const SPARE_DELAY = 100;

/** Threads outlive the executor that started them where they cannot be ended. */
const PROCESS_THREADS = new EndingThreads();

const UNSTOPPABLE =
  'A function goes on computing though its thread was told to end: it does something for long that the engine does not ' +
  'interrupt. It takes a core until then. Restart Node-RED to be rid of it.';

/** Runs calls in worker threads: the one that is right for any guest, since a thread can be ended from outside. */
export class WorkerExecutor implements Executor, WorkerOwner {
  readonly endingThreads: EndingThreads;
  readonly #executions = new Set<WorkerExecution>();
  readonly #workers = new Set<ExecutionWorker>();
  /** Shared by nodes that have timed out and have no worker of their own. */
  #quarantine: ExecutionWorker | undefined;
  #spare: ExecutionWorker | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  readonly #ending = new Set<Promise<void>>();
  #nextLane = 0;
  #closed = false;

  constructor(private readonly options: WorkerExecutorOptions) {
    this.endingThreads = options.endingThreads ?? PROCESS_THREADS;
  }

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

  /**
   * Starts the worker that the next one to need one gets.
   * @returns settles when it is up
   * @throws WasmFunctionError (rejects) `closed` where no thread can be started
   */
  async warm(): Promise<void> {
    if (this.#closed) return;
    this.#spare ??= this.#start();
    await this.#spare.up;
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

  /**
   * Gives the lane a worker, when it has its first call or has lost the one it had.
   * @throws WasmFunctionError `closed` where no thread can be started
   */
  place(lane: Lane): ExecutionWorker {
    const worker = this.#choose(lane);
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
    const besideOthers = this.#besideOthers(lane.owner);
    const lanes = this.#abandon(worker, lane.owner);
    lane.owner.timedOut(besideOthers.length > 0, worker.ended);
    culprit.reject(timeoutError(lane.timeout / 1000));
    giveBack([...waiting, ...this.#moveOut(besideOthers)]);
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
    const moved = [...movable].filter((lane) => lane.inFlight === 0 && this.#moveFrom(worker, lane));
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

  /**
   * There are never more workers than the limit and one: the quarantine, or, as long as there is none, one for those
   * who wait behind a stuck call. Who times out while there is a quarantine goes there, and a worker that ends with a
   * time-out leaves its place free: so among the others there always is one that no such node holds.
   */
  #choose(lane: Lane): ExecutionWorker {
    if (lane.hasTimedOut && (this.#isCrowded || this.#isQuarantineInUse)) lane.quarantined = true;
    if (lane.quarantined) return this.#chooseQuarantine();
    if (!this.#isCrowded) return this.#takeOwn();
    const shared = mostAlike([...this.#workers].filter(isShareable), lane);
    if (shared !== undefined) return shared;
    if (this.#setApart() && !this.#isCrowded) return this.#takeOwn();
    // lanes of nodes that time out are on their way out of all of them
    return mostAlike([...this.#workers], lane) ?? this.#takeOwn();
  }

  #chooseQuarantine(): ExecutionWorker {
    if (this.#isCrowded) this.#setApart();
    return (this.#quarantine ??= this.#take());
  }

  /** A worker held by nodes that have timed out becomes the one in quarantine. @returns whether there was one */
  #setApart(): boolean {
    if (this.#quarantine !== undefined) return false;
    const worker = [...this.#workers].find(({ lanes }) => [...lanes].every((lane) => lane.hasTimedOut));
    if (worker === undefined) return false;
    this.#workers.delete(worker);
    this.#quarantine = worker;
    for (const lane of worker.lanes) lane.quarantined = true;
    return true;
  }

  /** Takes a lane without calls from beside a stuck one. @returns false where there is no other worker for it */
  #moveFrom(stuck: ExecutionWorker, lane: Lane): boolean {
    const other = this.#chooseBeside(stuck, lane);
    if (other === undefined) return false;
    stuck.detach(lane);
    other.attach(lane);
    return true;
  }

  #chooseBeside(stuck: ExecutionWorker, lane: Lane): ExecutionWorker | undefined {
    if (lane.hasTimedOut) return undefined;
    if (this.#isCrowded) {
      const free = [...this.#workers].filter((worker) => worker !== stuck && !worker.isStuck && isShareable(worker));
      const shared = mostAlike(free, lane);
      // a newcomer may be the next that gets stuck: it rather waits than that those who have answered do
      if (shared !== undefined && (lane.hasAnswered || !hasAnswered(shared))) return shared;
      if (this.#isQuarantineInUse || this.#workers.size > this.options.workers) return undefined;
    }
    try {
      return this.#takeOwn();
    } catch {
      // no thread is to be had; the calls wait where they are
      return undefined;
    }
  }

  /** The lanes of a node that are in one worker with another node's. */
  #besideOthers(owner: LaneOwner): readonly Lane[] {
    const shared = [...this.#workers].filter(({ lanes }) => [...lanes].some((lane) => lane.owner !== owner));
    return shared.flatMap(({ lanes }) => [...lanes].filter((lane) => lane.owner === owner));
  }

  /** Lanes of a node that has timed out leave the others. @returns their calls that had not started */
  #moveOut(lanes: readonly Lane[]): readonly Call[] {
    return lanes.flatMap((lane) => {
      const calls = lane.worker?.takeBack((call) => call.lane === lane) ?? [];
      this.#vacate(lane);
      return calls;
    });
  }

  /** The lane leaves the others: at once, or when the call that it runs has ended. */
  #vacate(lane: Lane): void {
    if (lane.inFlight > 0) lane.isLeaving = true;
    else lane.worker?.detach(lane);
  }

  get #isCrowded(): boolean {
    return this.#workers.size >= this.options.workers;
  }

  get #isQuarantineInUse(): boolean {
    return this.#quarantine !== undefined || [...this.#executions].some(({ isQuarantined }) => isQuarantined);
  }

  #takeOwn(): ExecutionWorker {
    const worker = this.#take();
    this.#workers.add(worker);
    return worker;
  }

  #start(): ExecutionWorker {
    return startThread(() => new ExecutionWorker(this));
  }

  #take(): ExecutionWorker {
    const worker = this.#spare ?? this.#start();
    this.#spare = undefined;
    if (this.options.spare) {
      clearTimeout(this.#spareTimer);
      this.#spareTimer = setTimeout(() => {
        // whoever needs a worker tries again, and says why there is none
        this.warm().catch(() => undefined);
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

  /** @returns settles when the thread is gone, or is not waited for any longer */
  #end(worker: ExecutionWorker): Promise<void> {
    worker.terminate();
    const ending = this.endingThreads.whenGone(worker.ended).then((isGone) => {
      this.#ending.delete(ending);
      if (!isGone) this.options.log.warn(UNSTOPPABLE);
    });
    this.#ending.add(ending);
    return ending;
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

/** Whether a node may be placed there: one that has timed out would take it along the next time. */
function isShareable(worker: ExecutionWorker): boolean {
  return ![...worker.lanes].some((lane) => lane.hasTimedOut);
}

function hasAnswered({ lanes }: ExecutionWorker): boolean {
  return [...lanes].some((lane) => lane.hasAnswered);
}

/**
 * Newcomers, any of which may be one that does not end, rather share with newcomers, and those that have answered with
 * their like; of equal workers it is the emptiest.
 */
function mostAlike(workers: readonly ExecutionWorker[], lane: Lane): ExecutionWorker | undefined {
  const others = ({ lanes }: ExecutionWorker): number =>
    [...lanes].filter(({ hasAnswered }) => hasAnswered !== lane.hasAnswered).length;
  return [...workers].sort((a, b) => others(a) - others(b) || a.lanes.size - b.lanes.size)[0];
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
