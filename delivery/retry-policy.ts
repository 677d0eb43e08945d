/** What follows from an error that nobody in the flow caught. */
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
  ['arguments', 'give-up'],
  ['abi', 'give-up'],
  ['export', 'give-up'],
  ['result', 'give-up'],
  ['permission', 'give-up'],
]);

export function retryAfter(error: FlowError): Retry {
  return BY_CODE.get(error.code ?? '') ?? 'count';
}

/** Milliseconds before the next delivery, after `deliveries` of them: 1 s, doubling to 30 s. */
export function backOff(deliveries: number): number {
  return Math.min(30_000, 1000 * 2 ** (deliveries - 1));
}
