import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with the promise, or after so many milliseconds. */
export async function within(time: number, promise: Promise<void>): Promise<void> {
  const timeOut = new AbortController();
  const { signal } = timeOut;
  await Promise.race([promise, sleep(time, undefined, { signal }).catch(() => undefined)]);
  timeOut.abort();
}
