/** The worker: instantiates guests and runs their calls, one after the other, in the order they came. */
import { parentPort, workerData } from 'node:worker_threads';
import { findAbi } from '../abi';
import type { Guest } from '../abi/adapter';
import { toErrorData, WasmFunctionError } from '../errors';
import type { GuestValue } from '../values/signature';
import { CallBoard, monotonicClock } from './call-board';
import { fromEngine } from './engine-error';
import { type FromWorker, type LaneBinding, type ToWorker, type WorkerStart } from './worker-messages';

if (parentPort === null) throw new Error('worker-main runs in a worker thread only');
const port = parentPort;
const board = new CallBoard((workerData as WorkerStart).board);
const now = monotonicClock();

interface Lane {
  readonly binding: LaneBinding;
  guest: Guest | undefined;
  epoch: number;
}

const lanes = new Map<number, Lane>();

function send(message: FromWorker): void {
  port.postMessage(message);
}

/** A condemned worker starts nothing any more; it waits for its end. */
function park(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0);
}

function instantiate({ binding }: Lane): Guest {
  const caller = findAbi(binding.plan.abi)?.caller;
  if (caller === undefined) throw new WasmFunctionError('abi', `This version cannot call ${binding.plan.abi} modules.`);
  return caller.instantiate(binding.module, binding.description, binding.plan);
}

/** After these the instance is as it was before the call; after any other error it is thrown away. */
function leavesGuestUsable(error: WasmFunctionError, guest: Guest | undefined): boolean {
  return guest?.broken !== true && (error.code === 'arguments' || error.code === 'result' || error.code === 'guest');
}

function invoke(lane: Lane, epoch: number, args: readonly GuestValue[]): GuestValue[] | WasmFunctionError {
  if (lane.binding.fresh || lane.epoch !== epoch) lane.guest = undefined;
  lane.epoch = epoch;
  try {
    lane.guest ??= instantiate(lane);
    return lane.guest.call(args);
  } catch (thrown) {
    const error = fromEngine(thrown, lane.guest, lane.binding.memoryCap);
    if (!(thrown instanceof WasmFunctionError) || !leavesGuestUsable(error, lane.guest)) lane.guest = undefined;
    return error;
  }
}

function run(call: number, lane: Lane, epoch: number, args: readonly GuestValue[]): void {
  if (!board.start(call, now())) return;
  const outcome = invoke(lane, epoch, args);
  if (!board.finish(call)) park();
  if (outcome instanceof WasmFunctionError) send({ kind: 'error', call, error: toErrorData(outcome) });
  else if (!board.write(call, outcome)) send({ kind: 'result', call, values: outcome });
  else if (board.notify()) send({ kind: 'answers' });
}

function receive(message: ToWorker): void {
  switch (message.kind) {
    case 'bind':
      lanes.set(message.binding.lane, { binding: message.binding, guest: undefined, epoch: -1 });
      return;
    case 'release':
      lanes.delete(message.lane);
      return;
    case 'calls': {
      const { entries } = message;
      for (let at = 0; at < entries.length;) {
        const first = at + 4;
        const next = first + (entries[at + 3] as number);
        const lane = lanes.get(entries[at + 1] as number);
        if (lane !== undefined) {
          run(entries[at] as number, lane, entries[at + 2] as number, entries.slice(first, next));
        }
        at = next;
      }
      board.rest();
    }
  }
}

port.on('message', receive);
send({ kind: 'ready' });
