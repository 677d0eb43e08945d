import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { closedError, fromErrorData } from '../errors';
import { endThread } from '../thread';
import type { Call } from './call';
import { BOARD_CALLS, CALL_NUMBERS, CallBoard, monotonicClock } from './call-board';
import type { Lane } from './lane';
import { diedError, notHandedOverError } from './worker-errors';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages';

/**
 * JavaScript heap of a worker, in MiB: payloads on their way, never wasm memory (V8 counts that elsewhere).
 * A guest that makes the host hold more ends its worker, not Node-RED.
 */
const WORKER_HEAP = 256;

/**
 * Milliseconds after which a running call counts as stuck for the nodes that wait behind it in the same
 * worker: long enough that ordinary calls cause no moves, short enough that a flow does not notice.
 */
const STUCK_AFTER = 20;

/**
 * Milliseconds a call of a closed node may go on while others wait behind it. Nobody wants its answer, but ending it
 * costs the others their state: most calls end by themselves before.
 */
const CLOSED_PATIENCE = 1000;

const now = monotonicClock();

export interface WorkerOwner {
  /** A call ran into its deadline: the worker is ending, and these calls had not started. */
  timedOut(worker: ExecutionWorker, culprit: Call, lane: Lane, waiting: readonly Call[]): void;
  /** A call of this lane runs for long while others wait behind it. */
  stuck(worker: ExecutionWorker, lane: Lane): void;
  /** The thread ended by itself, as when its heap is full. */
  died(worker: ExecutionWorker, reason: Error, waiting: readonly Call[]): void;
}

/** The main thread's end of one worker: posts calls, watches the deadline of the running one, hands out answers. */
export class ExecutionWorker {
  /** The lanes whose calls run here. */
  readonly lanes = new Set<Lane>();
  /** Settles when the thread has come up, or never will. */
  readonly up: Promise<void>;
  /** Settles when the thread is gone. */
  readonly ended: Promise<void>;
  readonly #thread: Worker;
  readonly #board = new CallBoard();
  readonly #calls: (Call | undefined)[] = new Array<Call | undefined>(BOARD_CALLS).fill(undefined);
  #outstanding = 0;
  #nextNumber = 0;
  #waking = false;
  #watch: NodeJS.Timeout | undefined;
  /** Milliseconds the armed watch waits. */
  #watchWait = Infinity;
  /** The call that was last reported as stuck. */
  #stuck: Call | undefined;
  #ending = false;
  #isFull = false;
  #isReady = false;
  #isUp: () => void = () => undefined;
  #failure: Error | undefined;

  /** @throws whatever the machine refuses a thread or memory with: call it in `startThread` */
  constructor(private readonly owner: WorkerOwner) {
    const start: WorkerStart = { board: this.#board.memory };
    this.#thread = new Worker(join(__dirname, 'worker-main.js'), {
      workerData: start,
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP },
    });
    this.#thread.unref();
    this.#thread.on('message', this.#receive);
    this.#thread.on('messageerror', (error) => {
      // an answer is lost, and nobody knows whose: whoever waits for one gets an error when the thread has ended
      this.#fail(error);
      void endThread(this.#thread);
    });
    this.#thread.on('error', this.#fail);
    this.up = new Promise((resolve) => (this.#isUp = resolve));
    this.ended = new Promise((resolve) => {
      this.#thread.once('exit', () => {
        this.#exited();
        resolve();
      });
    });
  }

  /** Whether the thread has ever come up. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether what it runs has been running for long. */
  get isStuck(): boolean {
    const running = this.#board.running();
    return running !== undefined && now() - running.since >= STUCK_AFTER;
  }

  attach(lane: Lane): void {
    lane.worker = this;
    lane.hasState = false;
    // a lane that comes when a call here is known to be stuck is to hear of it, too
    this.#stuck = undefined;
    this.lanes.add(lane);
    this.#send({ kind: 'bind', binding: lane.binding });
  }

  detach(lane: Lane): void {
    lane.worker = undefined;
    lane.isLeaving = false;
    this.lanes.delete(lane);
    if (!this.#ending) this.#send({ kind: 'release', lane: lane.binding.lane });
  }

  /**
   * Posts a call of an attached lane; calls of one turn of the event loop wake the worker once.
   * @returns false when there is no room; the lane's owner hears when there is
   */
  post(call: Call, lane: Lane): boolean {
    const number = this.#nextNumber;
    if (this.#calls[number % BOARD_CALLS] !== undefined || !this.#board.calls.hasRoom()) {
      this.#isFull = true;
      return false;
    }
    this.#nextNumber = (number + 1) % CALL_NUMBERS;
    call.number = number;
    call.lane = lane;
    lane.inFlight += 1;
    this.#calls[number % BOARD_CALLS] = call;
    if (this.#outstanding === 0) this.#thread.ref();
    this.#outstanding += 1;
    this.#board.announce(number);
    try {
      this.#hand(call, lane);
    } catch (error) {
      // values of a signature can always be handed over; should one not be, it costs this call only
      this.#forget(call);
      call.reject(notHandedOverError(error));
      setImmediate(() => {
        lane.owner.ended(lane);
      });
      return true;
    }
    this.#wake();
    this.#watchWithin(this.#patience(lane));
    return true;
  }

  #hand({ number, epoch, args }: Call, lane: Lane): void {
    if (this.#board.calls.write(number, lane.binding.lane, epoch, args)) return;
    this.#send({ kind: 'arguments', call: number, args });
    this.#board.calls.writeElsewhere(number, lane.binding.lane, epoch);
  }

  /** Takes back the calls that have not started, in the order they were posted. */
  takeBack(isWanted: (call: Call) => boolean): Call[] {
    const taken = this.#held().filter((call) => isWanted(call) && this.#board.takeBack(call.number));
    for (const call of taken) this.#forget(call);
    return taken;
  }

  /** Refuses all calls of a lane; the one that runs goes on until its end or its deadline. */
  refuse(lane: Lane): void {
    const waiting = this.takeBack((call) => call.lane === lane);
    const running = this.#held().filter((call) => call.lane === lane);
    for (const call of [...waiting, ...running]) call.reject(closedError());
  }

  /** The lane's node is gone, though a call of it still runs. */
  close(lane: Lane): void {
    lane.closedAt = now();
    this.#watchWithin(CLOSED_PATIENCE);
  }

  /** Ends the thread, whatever it is doing; calls that have not ended are refused with `closed`. */
  terminate(): void {
    if (this.#ending) return;
    this.#ending = true;
    clearTimeout(this.#watch);
    // whoever awaits its end must not find the event loop empty before
    this.#thread.ref();
    void endThread(this.#thread);
  }

  /** Wakes the worker once for the calls of this turn of the event loop. */
  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      if (!this.#ending && this.#board.tellCalls()) this.#send({ kind: 'calls' });
    });
  }

  #send(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  readonly #receive = (message: FromWorker): void => {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        this.#isUp();
        return;
      case 'answers':
        this.#readBoard();
        return;
      case 'result':
        this.#release(message.call)?.resolve(message.values);
        return;
      case 'error':
        this.#release(message.call)?.reject(fromErrorData(message.error));
    }
  };

  readonly #fail = (error: unknown): void => {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  };

  #readBoard(): void {
    this.#board.hearAnswers();
    this.#board.answers.read((number, _lane, _epoch, values) => {
      if (values !== undefined) this.#release(number)?.resolve(values);
    });
  }

  /** A call has ended: forgets it and tells its lane's owner, which may post the next one. */
  #release(number: number): Call | undefined {
    const call = this.#calls[number % BOARD_CALLS];
    if (call?.number !== number) return undefined;
    const { lane } = call;
    this.#forget(call);
    if (lane !== undefined) {
      lane.hasState = true;
      lane.hasAnswered = true;
      lane.owner.ended(lane);
    }
    if (this.#isFull) {
      this.#isFull = false;
      for (const other of this.lanes) other.owner.ended(other);
    }
    return call;
  }

  #forget(call: Call): void {
    this.#calls[call.number % BOARD_CALLS] = undefined;
    if (call.lane !== undefined) call.lane.inFlight -= 1;
    call.lane = undefined;
    this.#outstanding -= 1;
    if (this.#outstanding > 0 || this.#ending) return;
    this.#thread.unref();
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.#watchWait = Infinity;
  }

  /** Calls that have not ended, in the order they were posted. */
  #held(): Call[] {
    const calls: Call[] = [];
    for (let offset = 0; offset < BOARD_CALLS; offset++) {
      const call = this.#calls[(this.#nextNumber + offset) % BOARD_CALLS];
      if (call !== undefined) calls.push(call);
    }
    return calls;
  }

  // ——— the deadline ———

  /** Milliseconds until this lane's calls want a look at the worker. */
  #patience(lane: Lane): number {
    return this.#delaysOthers(lane) ? Math.min(STUCK_AFTER, lane.timeout) : lane.timeout;
  }

  /** Whether a long call of this lane keeps calls waiting that could run elsewhere. */
  #delaysOthers(lane: Lane): boolean {
    return this.lanes.size > 1 || lane.hasSiblings;
  }

  /** Looks at the worker in at most this many milliseconds. One timer serves all calls. */
  #watchWithin(wait: number): void {
    if (this.#watchWait <= wait || this.#ending) return;
    clearTimeout(this.#watch);
    this.#watchWait = wait;
    this.#watch = setTimeout(this.#look, wait);
    this.#watch.unref();
  }

  readonly #look = (): void => {
    this.#watch = undefined;
    this.#watchWait = Infinity;
    // what has finished while this thread was busy is an answer, not a time-out
    this.#readBoard();
    if (this.#outstanding === 0 || this.#ending) return;
    const running = this.#board.running();
    const call = running === undefined ? undefined : this.#calls[running.call % BOARD_CALLS];
    if (running === undefined || call?.lane === undefined || call.number !== running.call) {
      this.#watchWithin(Math.min(...[...this.lanes].map((lane) => this.#patience(lane))));
      return;
    }
    const left = this.#deadline(call.lane, running.since) - now();
    if (left <= 0 && this.#board.condemn(call.number)) {
      this.#expire(call, call.lane);
      return;
    }
    const delaysOthers = this.#delaysOthers(call.lane);
    if (delaysOthers && this.#stuck !== call && now() - running.since >= STUCK_AFTER) {
      this.#stuck = call;
      this.owner.stuck(this, call.lane);
    }
    this.#watchWithin(Math.max(1, !delaysOthers || this.#stuck === call ? left : Math.min(left, STUCK_AFTER)));
  };

  #deadline(lane: Lane, since: number): number {
    const own = since + lane.timeout;
    const delaysNobody = this.#outstanding === lane.inFlight;
    return lane.closedAt === undefined || delaysNobody ? own : Math.min(own, lane.closedAt + CLOSED_PATIENCE);
  }

  #expire(culprit: Call, lane: Lane): void {
    this.terminate();
    const waiting = this.takeBack(() => true);
    this.#forget(culprit);
    this.owner.timedOut(this, culprit, lane, waiting);
  }

  #exited(): void {
    this.#isUp();
    this.#readBoard();
    const reason = this.#failure ?? new Error('its thread ended');
    if (!this.#ending) {
      this.#ending = true;
      clearTimeout(this.#watch);
      this.owner.died(
        this,
        reason,
        this.takeBack(() => true),
      );
    }
    for (const call of this.#held()) {
      const { lane } = call;
      this.#forget(call);
      call.reject(this.#failure === undefined ? closedError() : diedError(this.#failure));
      lane?.owner.ended(lane);
    }
  }
}
