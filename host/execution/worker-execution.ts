import type { CallPlan } from '../abi/adapter';
import { closedError, queueError, type WasmFunctionError } from '../errors';
import { memoryCap } from '../limits';
import type { GuestValue } from '../values/signature';
import { CallQueue, type Call } from './call';
import { shareDescription } from './description-share';
import { ExecutionWorker } from './execution-worker';
import type { CompiledModule, Execution, ExecutionOptions } from './executor';
import { Lane, type LaneOwner } from './lane';
import { unstoppableError } from './worker-errors';
import type { WorkerExecutor } from './worker-executor';

/**
 * Calls of one lane that are posted ahead of their turn. Enough to keep a worker busy while the main thread
 * does other things; the rest waits here, where it costs no copy.
 */
const WINDOW = 128;

/** The calls of one node: they wait here in order, and go to the lane that has the least to do. */
export class WorkerExecution implements Execution, LaneOwner {
  readonly #lanes: readonly Lane[];
  readonly #waiting = new CallQueue();
  #epoch = 0;
  /** Of the module's content. */
  readonly #module: string;
  /** Ends the waiting for a thread of the module to end. */
  #stopWaiting: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #drained: (() => void)[] = [];

  constructor(
    private readonly executor: WorkerExecutor,
    compiled: CompiledModule,
    plan: CallPlan,
    private readonly options: ExecutionOptions,
    nextLane: () => number,
  ) {
    this.#module = compiled.description.hash;
    this.#lanes = Array.from(
      { length: options.concurrency },
      () =>
        new Lane(
          this,
          {
            lane: nextLane(),
            module: compiled.module,
            description: shareDescription(compiled.description),
            plan,
            fresh: options.instance === 'fresh',
            memoryCap: memoryCap(options.memory),
          },
          options.timeout * 1000,
          options.concurrency > 1,
          `Function "${plan.export}"`,
        ),
    );
  }

  call(args: readonly GuestValue[]): Promise<readonly GuestValue[]> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    const { queue, concurrency } = this.options;
    if (this.#unfinished() >= queue + concurrency) return Promise.reject(queueError(queue));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ owner: this, args, epoch: this.#epoch, resolve, reject, lane: undefined, number: -1 });
      this.#pump();
    });
  }

  /** Whether it shares the worker of those that have timed out. */
  get isQuarantined(): boolean {
    return this.#lanes.some((lane) => lane.quarantined);
  }

  reset(): void {
    this.#epoch += 1;
  }

  async drain(): Promise<void> {
    if (this.#unfinished() > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#leave();
    return this.#closed;
  }

  ended(lane: Lane): void {
    lane.isStuck = false;
    if ((lane.closedAt !== undefined || lane.isLeaving) && lane.inFlight === 0) void this.executor.leave(lane);
    this.#pump();
    this.#tellDrained();
  }

  returned(calls: readonly Call[]): void {
    this.#waiting.putBack(calls);
    this.#pump();
  }

  timedOut(wasShared: boolean, ended: Promise<void>): void {
    for (const lane of this.#lanes) {
      lane.hasTimedOut = true;
      if (wasShared) lane.quarantined = true;
    }
    this.executor.endingThreads.add(this.#module, ended);
  }

  /** Calls accepted that have not ended. */
  #unfinished(): number {
    let count = this.#waiting.length;
    for (const lane of this.#lanes) count += lane.inFlight;
    return count;
  }

  #pump(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    let lanes = this.#lanes;
    while (this.#closed === undefined && this.#waiting.length > 0) {
      const lane = leastBusy(lanes);
      if (lane === undefined || lane.inFlight >= WINDOW) return;
      const worker = this.#workerOf(lane);
      if (!(worker instanceof ExecutionWorker)) {
        // without a thread for this one, the lanes that have theirs do the work
        lanes = this.#lanes.filter((each) => each.worker !== undefined);
        if (lanes.length > 0) continue;
        if (worker !== undefined) this.#refuseWaiting(worker);
        return;
      }
      const call = this.#waiting.shift() as Call;
      if (worker.post(call, lane)) continue;
      this.#waiting.putBack([call]);
      return;
    }
  }

  /** @returns where the lane has none, the error why it gets none, or undefined while threads of its module are ending */
  #workerOf(lane: Lane): ExecutionWorker | WasmFunctionError | undefined {
    const { endingThreads } = this.executor;
    if (lane.worker === undefined && endingThreads.areMany(this.#module)) {
      if (endingThreads.areOverdue(this.#module)) return unstoppableError();
      this.#stopWaiting ??= endingThreads.onChange(() => {
        this.#pump();
      });
      return undefined;
    }
    try {
      return lane.worker ?? this.executor.place(lane);
    } catch (error) {
      return error as WasmFunctionError;
    }
  }

  #refuseWaiting(reason: WasmFunctionError): void {
    for (const call of this.#waiting.takeAll()) call.reject(reason);
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (this.#unfinished() > 0) return;
    for (const drained of this.#drained.splice(0)) drained();
  }

  async #leave(): Promise<void> {
    this.executor.forget(this);
    this.#stopWaiting?.();
    this.#refuseWaiting(closedError());
    for (const lane of this.#lanes) lane.worker?.refuse(lane);
    await Promise.all(this.#lanes.map((lane) => this.executor.leave(lane)));
    for (const drained of this.#drained.splice(0)) drained();
  }
}

function leastBusy(lanes: readonly Lane[]): Lane | undefined {
  let least: Lane | undefined;
  for (const lane of lanes) {
    if (lane.isStuck || lane.isLeaving) continue;
    if (least === undefined || lane.inFlight < least.inFlight) least = lane;
  }
  return least;
}
