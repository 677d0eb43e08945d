// What a run of node's test runner says of itself in TAP.

/**
 * @param {string} tap the whole output; its last summary counts
 * @returns {{ passed: number, failed: number, skipped: number } | undefined} undefined where there is no summary
 */
export function countTests(tap) {
  const count = (word) => Number([...tap.matchAll(new RegExp(`^# ${word} (\\d+)$`, 'gm'))].at(-1)?.[1]);
  const counts = {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  };
  return Object.values(counts).some(Number.isNaN) ? undefined : counts;
}

/** The part of a log that says why it failed: what is said after each failed test, or the end. */
export function excerpt(log, lines = 60) {
  const all = log.trimEnd().split('\n');
  const failures = all.flatMap((line, index) => (/^\s*not ok /.test(line) ? [index] : []));
  if (failures.length === 0) return all.slice(-lines).join('\n');
  const each = Math.max(12, Math.floor((lines * 2) / failures.length));
  const parts = [];
  let end = 0;
  for (const index of failures.slice(0, 10)) {
    if (index >= end) parts.push(all.slice(index, index + each).join('\n'));
    end = Math.max(end, index + each);
  }
  return parts.join('\n  …\n');
}
