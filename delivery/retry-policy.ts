/** What follows from an error that nobody in the flow caught. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowError } from './outcome';

/**
 * - `count`: deliver again while there are attempts left
 * - `wait`: deliver again however often; the fault is not the message's and may be mended any time
 * - `give-up`: another delivery would end the same
 */
export type Retry = 'count' | 'wait' | 'give-up';

const BY_CODE: ReadonlyMap<string, Retry> = new Map([
  ['file', 'wait'],
  ['module', 'wait'],
  ['queue', 'wait'],
  ['closed', 'wait'],
  ['configuration', 'wait'],
  ['buffer', 'wait'],
  ['rejected', 'wait'],
  ['transport', 'wait'],
  ['arguments', 'give-up'],
  ['abi', 'give-up'],
  ['export', 'give-up'],
  ['result', 'give-up'],
  ['permission', 'give-up'],
  ['topic', 'give-up'],
  ['payload', 'give-up'],
  ['tag', 'give-up'],
  ['metadata', 'give-up'],
]);

export function retryAfter(error: FlowError): Retry {
  return BY_CODE.get(error.code ?? '') ?? 'count';
}

/** Milliseconds between deliveries at most, where each costs the flow its work again. */
const LONGEST_PAUSE = 30_000;
/** The same for `wait`: such a delivery is refused at once and costs next to nothing, and is to go on soon when mended. */
const LONGEST_WAIT = 5000;

/**
 * Milliseconds before the next delivery: 1 s, doubling to 30 s, or to 5 s for `wait`.
 * @param times how many deliveries have ended so, 1 or more
 */
export function backOff(times: number, retry: Exclude<Retry, 'give-up'> = 'count'): number {
  return Math.min(retry === 'wait' ? LONGEST_WAIT : LONGEST_PAUSE, 1000 * 2 ** (times - 1));
}

/** Resolves after so many milliseconds, or as soon as the signal is aborted. */
export async function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
