export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param at 0–1 */
export function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? NaN;
}

/** The median of the quotients, round by round: what slows one round slows both of it. */
export function medianRatio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, round) => value / (base[round] ?? NaN)));
}
