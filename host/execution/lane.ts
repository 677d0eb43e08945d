import type { Call } from './call';
import type { ExecutionWorker } from './execution-worker';
import type { LaneBinding } from './worker-messages';

/** What a lane belongs to: the calls of one node. */
export interface LaneOwner {
  /** A call of the lane has ended, or its worker has room again. */
  ended(lane: Lane): void;
  /** These calls had not started when their worker ended, or were taken back: run them elsewhere. */
  returned(calls: readonly Call[]): void;
  /**
   * A call of the node has timed out; where it shared a worker, it shares with its like only from now on.
   * @param ended settles when the thread is gone
   */
  timedOut(wasShared: boolean, ended: Promise<void>): void;
}

/** One instance's place: its calls run one after the other, in one worker. */
export class Lane {
  worker: ExecutionWorker | undefined;
  /** Calls posted that have not ended. */
  inFlight = 0;
  /** Whether an instance may hold state from calls before. */
  hasState = false;
  /** A call of it has ended by itself. Until then nobody knows whether one will. */
  hasAnswered = false;
  /** Its node has timed out: it works alone, or beside such nodes. */
  hasTimedOut = false;
  /** Its place is the worker that nodes which have timed out share, from its first call there on. */
  quarantined = false;
  /** Its call has been running for long; while it has siblings that are free, they take the calls. */
  isStuck = false;
  /** When its owner has gone (on the clock of calls); it leaves its worker when its running call ends. */
  closedAt: number | undefined;
  /** It leaves its worker when its running call ends, and is given no other call before. */
  isLeaving = false;

  constructor(
    readonly owner: LaneOwner,
    readonly binding: LaneBinding,
    /** Milliseconds a call may take from its start. */
    readonly timeout: number,
    /** Whether its owner has other lanes. */
    readonly hasSiblings: boolean,
    /** As logs name it. */
    readonly title: string,
  ) {}

  /** Its calls may run in any worker at any time. */
  get isMovable(): boolean {
    return this.binding.fresh || !this.hasState;
  }
}
