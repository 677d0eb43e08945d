/** The worker: instantiates guests and runs their calls, one after the other, in the order they came. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { findAbi } from '../abi';
import type { Guest } from '../abi/adapter';
import { messageOf, toErrorData, WasmFunctionError } from '../errors';
import type { ModuleDescription } from '../module/description';
import type { GuestValue } from '../values/signature';
import { CallBoard, monotonicClock } from './call-board';
import { readDescription } from './description-share';
import { fromEngine } from './engine-error';
import { STACK_DEPTH } from './trap-site';
import { type FromWorker, type LaneBinding, type ToWorker, type WorkerStart } from './worker-messages';

if (parentPort === null) throw new Error('worker-main runs in a worker thread only');
const port = parentPort;
const board = new CallBoard((workerData as WorkerStart).board);
const now = monotonicClock();
Error.stackTraceLimit = STACK_DEPTH;

interface Lane {
  readonly binding: LaneBinding;
  readonly description: ModuleDescription;
  guest: Guest | undefined;
  epoch: number;
}

const lanes = new Map<number, Lane>();
/** Arguments too large for the board, by call. */
const largeArguments = new Map<number, readonly GuestValue[]>();

function send(message: FromWorker): void {
  port.postMessage(message);
}

/** A condemned worker starts nothing any more; it waits for its end. */
function park(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0);
}

function instantiate({ binding, description }: Lane): Guest {
  const caller = findAbi(binding.plan.abi)?.caller;
  if (caller !== undefined) return caller.instantiate(binding.module, description, binding.plan);
  throw new WasmFunctionError('abi', `This version cannot call ${binding.plan.abi} modules. Choose another ABI.`);
}

/** After these the guest has all its memory back and may be called again; after any other error it is thrown away. */
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
  try {
    answer(call, outcome);
  } catch (error) {
    const text = `The function's result could not be handed over (${messageOf(error)}). Return less at once.`;
    answer(call, new WasmFunctionError('result', text));
  }
}

function answer(call: number, outcome: GuestValue[] | WasmFunctionError): void {
  if (outcome instanceof WasmFunctionError) send({ kind: 'error', call, error: toErrorData(outcome) });
  else if (!board.answers.write(call, 0, 0, outcome)) send({ kind: 'result', call, values: outcome });
  else if (board.tellAnswers()) send({ kind: 'answers' });
}

/** What was sent before a record was written is here already, though the event loop has not handed it out. */
function receiveUntil<T>(found: () => T | undefined): T | undefined {
  for (;;) {
    const value = found();
    if (value !== undefined) return value;
    const pending = receiveMessageOnPort(port) as { message: ToWorker } | undefined;
    if (pending === undefined) return undefined;
    take(pending.message);
  }
}

function runCalls(): void {
  board.calls.read((call, laneNumber, epoch, values) => {
    const args = values ?? receiveUntil(() => largeArguments.get(call));
    largeArguments.delete(call);
    const lane = receiveUntil(() => lanes.get(laneNumber));
    // a call without its lane was taken back before the lane was released
    if (args !== undefined && lane !== undefined) run(call, lane, epoch, args);
  });
  board.rest();
}

function bind(binding: LaneBinding): void {
  const description = readDescription(binding.description);
  lanes.set(binding.lane, { binding, description, guest: undefined, epoch: -1 });
}

/** What a message says; the calls themselves are on the board. */
function take(message: ToWorker): void {
  switch (message.kind) {
    case 'bind':
      bind(message.binding);
      return;
    case 'release':
      lanes.delete(message.lane);
      return;
    case 'arguments':
      largeArguments.set(message.call, message.args);
      return;
    case 'calls':
      // heard wherever it is met, also in the middle of a run: from here on the main thread tells again
      board.hearCalls();
  }
}

port.on('message', (message: ToWorker) => {
  take(message);
  runCalls();
});
send({ kind: 'ready' });
