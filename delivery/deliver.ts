/** One message of a source, delivered into the flow until the flow is done with it. */
import type { FlowError, FlowOutcome, FlowState, FlowTracker } from './outcome';
import { backOff, retryAfter, waitFor } from './retry-policy';

export interface DeliverOptions {
  tracker: FlowTracker;
  /** Deliveries at most, the first included, after errors that count. */
  attempts: number;
  /** Seconds without progress after which the message is taken for done. */
  settle: number;
  /**
   * Makes the message for one delivery, with a new `_msgid`.
   * @param delivery 1 for the first; those that do not count against `attempts` are numbered too
   */
  message(delivery: number): { _msgid: string };
  /** Hands the message to the flow before it returns. */
  send(message: { _msgid: string }): void;
  /** Aborted when the source closes. */
  signal: AbortSignal;
  log: { warn(text: string): void };
  /** Resolves after so many milliseconds or as soon as the signal is aborted; the clock's own unless told. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export type Delivered =
  /** Tell the broker that the message is done. */
  | { kind: 'acknowledge' }
  /** Write it to the dead-letter topic, where there is one, then tell the broker. */
  | {
      kind: 'dead-letter';
      error: FlowError;
      /** Deliveries that ended in an error that counts. */
      attempts: number;
    }
  /** The source closes: tell the broker nothing. */
  | { kind: 'abandoned' };

/**
 * Resolves once the message's fate is known. Rejects only with what `message` or `send` throws.
 *
 * A message that a deploy stopped on its way is delivered again, like one whose node answers `closed`: neither counts
 * against `attempts`.
 */
export async function deliver(options: DeliverOptions): Promise<Delivered> {
  const { signal, attempts, log, wait = waitFor } = options;
  // Each kind has a pause that grows of its own: a message that has waited long for a module has not failed yet.
  let failures = 0;
  let waits = 0;
  let warned = false;
  for (let delivery = 1; !signal.aborted; delivery++) {
    const outcome = await deliverOnce(options, delivery);
    if (signal.aborted) break;
    switch (outcome.kind) {
      case 'completed':
        return { kind: 'acknowledge' };
      case 'settled':
        log.warn(settledText(options.settle));
        return { kind: 'acknowledge' };
      case 'failed': {
        const { error } = outcome;
        const retry = retryAfter(error);
        if (retry === 'wait') {
          if (!warned) log.warn(`A message waits and is delivered again until its error is mended: ${error.message}`);
          warned = true;
          break;
        }
        failures++;
        if (retry === 'give-up' || failures >= attempts) return { kind: 'dead-letter', error, attempts: failures };
        await wait(backOff(failures, 'count'), signal);
        continue;
      }
      case 'abandoned':
    }
    waits++;
    await wait(backOff(waits, 'wait'), signal);
  }
  return { kind: 'abandoned' };
}

/** The outcome of one delivery; `abandoned` as soon as the signal is aborted, whatever the tracker does. */
async function deliverOnce(options: DeliverOptions, delivery: number): Promise<FlowOutcome> {
  const { tracker, settle, signal } = options;
  await untilFlowsRun(tracker, signal);
  if (signal.aborted) return { kind: 'abandoned' };
  const message = options.message(delivery);
  const followed = tracker.follow(message._msgid, settle);
  options.send(message);
  return (await unlessAborted(followed, signal)) ?? { kind: 'abandoned' };
}

/** Resolves when what is sent reaches the nodes it goes to, or as soon as the signal is aborted. */
export async function untilFlowsRun(flows: FlowState, signal: AbortSignal): Promise<void> {
  while (flows.deploy !== undefined && !signal.aborted) await unlessAborted(flows.deploy, signal);
}

/** What `promise` gives; undefined as soon as the signal is aborted. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let abort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    abort = (): void => {
      resolve(undefined);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function settledText(settle: number): string {
  return (
    `A message has made no progress in the flow for ${String(settle)} s and is acknowledged as if it were done. ` +
    'A node keeps it without saying so. Give it a way on, or raise the settle time of the source.'
  );
}
