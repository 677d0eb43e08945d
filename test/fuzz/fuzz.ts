/**
 * Runs targets. What is found is cut down, written to `corpus/<target>/` and replayed from then on by every `npm test`.
 *
 * - `FUZZ_MUTATIONS=100000 node scripts/test.mjs fuzz`: so many cases over all targets (20,000; with `--long` 3,000,000).
 * - `FUZZ_SEED=7`: other cases; the seed of a run is shown. The same seed gives the same cases.
 * - `FUZZ_CASE=123 FUZZ_SEED=7 node scripts/test.mjs fuzz/texts`: this case of each target alone, as after one that hung.
 *
 * A file of tests may take two minutes, so that a target ends after its part of 80 seconds, and says how far it came;
 * `FUZZ_SECONDS=3600 … --test-timeout=7200000` gives it longer.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { minimise } from './minimise';
import { Random } from './random';
import type { Target } from './target';
import { Watchdog } from './watchdog';

const LONG = process.env.TEST_LONG !== undefined;
export const MUTATIONS = Number(process.env.FUZZ_MUTATIONS ?? (LONG ? 3_000_000 : 20_000));
export const SEED = Number(process.env.FUZZ_SEED ?? 1);
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 80);
const CASE = process.env.FUZZ_CASE;

/** All targets' weights together, so that a file of tests knows its part. */
const WEIGHTS = 100;

/** Milliseconds a case may take, which is far more than any takes: a size that is believed before it is checked. */
const SLOW = 1000;
/** MiB that the process may grow while a target runs. */
const GROWTH = 600;

/** Declares the tests of targets: the found cases first, then new ones. */
export function fuzz(targets: readonly Target[]): void {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
  for (const target of targets) {
    describe(target.name, () => {
      const found = corpus(target.name);
      const none = found.length === 0 ? { skip: 'nothing has been found' } : {};
      test('what was found once is no fault any more', none, () => {
        for (const { name, bytes } of found) within(target, bytes, name);
      });
      const cases = Math.ceil((MUTATIONS * target.weight) / WEIGHTS);
      test(`new cases end in a result or an error of this package (seed ${SEED})`, (context) => {
        runCases(target, cases, (SECONDS * 1000 * target.weight) / weights, context);
      });
    });
  }
}

function corpus(name: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  const folder = join(__dirname, 'corpus', name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => ({ name: file, bytes: new Uint8Array(readFileSync(join(folder, file))) }));
}

function runCases(target: Target, cases: number, milliseconds: number, context: TestContext): void {
  const watchdog = new Watchdog(`${target.name}: FUZZ_SEED=${SEED} FUZZ_CASE=`);
  const peak = process.resourceUsage().maxRSS;
  const start = performance.now();
  let accepted = 0;
  let run = 0;
  try {
    const [first, end] = CASE === undefined ? [0, cases] : [Number(CASE), Number(CASE) + 1];
    for (let number = first; number < end; number += 1) {
      if (performance.now() - start > milliseconds) break;
      watchdog.begin(number);
      const bytes = target.make(new Random(SEED, target.name, number));
      if (within(target, bytes, `case ${number}`) === 'accepted') accepted += 1;
      run += 1;
    }
  } finally {
    watchdog.end();
  }
  const rate = Math.round((run * 1000) / (performance.now() - start));
  const share = Math.round((accepted * 100) / Math.max(run, 1));
  context.diagnostic(`${target.name}: ${run} of ${cases} cases, ${rate} a second, ${share} % accepted`);
  const grown = (process.resourceUsage().maxRSS - peak) / 1024;
  assert.ok(grown < GROWTH, `the process grew by ${Math.round(grown)} MiB`);
  // a target that takes nothing tries nothing
  if (run > 1000) assert.ok(accepted > 0, 'no case was accepted');
}

/** Runs one case under all that holds for every target: no other exception, no long time, nothing put into prototypes. */
function within(target: Target, bytes: Uint8Array, label: string) {
  const own = propertiesOfPrototypes();
  try {
    const start = performance.now();
    const outcome = target.check(bytes);
    // once more, since another process may have had the core
    if (performance.now() - start > SLOW) assert.ok(quickest(target, bytes) < SLOW, 'it takes too long');
    assert.equal(propertiesOfPrototypes(), own, 'a prototype has another number of properties');
    return outcome;
  } catch (error) {
    const kept = keep(target, bytes, label);
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`${target.name}, ${label}, seed ${SEED}: kept as ${kept}\n${reason}`, { cause: error });
  }
}

function quickest(target: Target, bytes: Uint8Array): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    target.check(bytes);
    return performance.now() - start;
  });
  return Math.min(...times);
}

const PROTOTYPES: readonly object[] = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  Uint8Array.prototype,
  Map.prototype,
];

function propertiesOfPrototypes(): number {
  return PROTOTYPES.reduce((sum, prototype) => sum + Reflect.ownKeys(prototype).length, 0);
}

/** Writes a failing case to the corpus, as small as it still fails. */
function keep(target: Target, bytes: Uint8Array, label: string): string {
  const smallest = minimise(bytes, (candidate) => {
    try {
      target.check(candidate);
      return undefined;
    } catch (error) {
      return error instanceof Error ? `${error.name} ${error.message.slice(0, 20)}` : String(error);
    }
  });
  const hash = createHash('sha256').update(smallest).digest('hex').slice(0, 8);
  const folder = join(__dirname, 'corpus', target.name);
  const file = join(folder, `seed-${SEED}-${label.replaceAll(/[^\w.]+/g, '-')}-${hash}`);
  if (label.startsWith('case')) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, smallest);
  }
  return `${file} (${Buffer.from(smallest.subarray(0, 200)).toString('hex')})`;
}
