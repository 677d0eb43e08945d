import { join } from './mutate';

/** Milliseconds that are spent on making a case smaller. */
const PATIENCE = 3000;

/**
 * Takes pieces out of a case while it fails in the same way.
 * @param failure how it fails, in words; undefined where it does not
 */
export function minimise(bytes: Uint8Array, failure: (bytes: Uint8Array) => string | undefined): Uint8Array {
  const deadline = performance.now() + PATIENCE;
  const expected = failure(bytes);
  let smallest = bytes;
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length;) {
      if (performance.now() > deadline) return smallest;
      const candidate = join(smallest.subarray(0, at), smallest.subarray(at + size));
      if (failure(candidate) === expected) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}
