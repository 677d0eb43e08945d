import type { NumberRange } from '../host/number-range';
import { oneLine } from '../host/one-line';
import type { WasmFunction } from '../host/wasm-function';
import { FUNCTION_HELP, FUNCTION_OPTIONS, numberOption, withFunction } from './chosen-function';
import { parseCommandLine, UsageError } from './terminal';

/** Of each of the two measurements; a minute keeps the times of some ten million calls. */
const SECONDS: NumberRange = { least: 0.1, most: 60, unit: 'seconds' };
const DEFAULT_SECONDS = 2;

/** As many as the queue of a node takes by default. */
const IN_FLIGHT: NumberRange = { least: 1, most: 1000, whole: true };
/** What a busy flow has on its way; with more the rate hardly grows. */
const DEFAULT_IN_FLIGHT = 64;

export const BENCH_HELP = `Usage: wasm-function bench [options] FILE [EXPORT [ARG…]]

Calls a function again and again with the same arguments, in a worker as the wasm-function node does it, and prints
how long it takes to start, how many calls a second it makes with some in flight, and how long a single call takes
from being made to its result, with no other in flight. A call that fails ends it.

${FUNCTION_HELP}
  --seconds N           of each of the two measurements (${String(DEFAULT_SECONDS)})
  --in-flight N         calls on their way at once in the first one (${String(DEFAULT_IN_FLIGHT)})
  --json                the figures as JSON: milliseconds, calls per second`;

const OPTIONS = {
  ...FUNCTION_OPTIONS,
  seconds: { type: 'string' },
  'in-flight': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** Times in milliseconds. */
interface Figures {
  readonly signature: string;
  /** Until the module was loaded, and from there until the first call was answered: thread, instance and call. */
  readonly loading: number;
  readonly firstCall: number;
  readonly inFlight: number;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Of calls made one after the other. */
  readonly single: { readonly calls: number; readonly median: number; readonly p99: number };
}

/** @returns the exit code */
export async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, OPTIONS);
  if (positionals.length === 0) {
    throw new UsageError('bench takes a file, and behind it an export and its arguments where they are needed.');
  }
  const duration = 1000 * numberOption('--seconds', values.seconds, SECONDS, DEFAULT_SECONDS);
  const inFlight = numberOption('--in-flight', values['in-flight'], IN_FLIGHT, DEFAULT_IN_FLIGHT);
  await withFunction(positionals, values, inFlight, async ({ function: called, ready, input, loading }) => {
    const start = performance.now();
    await called.call(input);
    const firstCall = performance.now() - start;
    const many = await measureRate(called, input, inFlight, duration);
    const single = await measureSingle(called, input, duration);
    const figures = { signature: ready.signature, loading, firstCall, inFlight, ...many, single };
    process.stdout.write(`${values.json === true ? JSON.stringify(figures, null, 2) : describe(figures)}\n`);
  });
  return 0;
}

/** @param duration milliseconds */
async function measureRate(called: WasmFunction, input: unknown, inFlight: number, duration: number) {
  let calls = 0;
  const start = performance.now();
  const end = start + duration;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      do {
        await called.call(input);
        calls += 1;
      } while (performance.now() < end);
    }),
  );
  return { calls, callsPerSecond: (calls / (performance.now() - start)) * 1000 };
}

/** @param duration milliseconds */
async function measureSingle(called: WasmFunction, input: unknown, duration: number): Promise<Figures['single']> {
  const times: number[] = [];
  const end = performance.now() + duration;
  let before = performance.now();
  do {
    await called.call(input);
    const after = performance.now();
    times.push(after - before);
    before = after;
  } while (before < end);
  const sorted = Float64Array.from(times).sort();
  const quantile = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? NaN;
  return { calls: sorted.length, median: quantile(0.5), p99: quantile(0.99) };
}

function describe({ signature, loading, firstCall, inFlight, calls, callsPerSecond, single }: Figures): string {
  const rows = [
    ['function', oneLine(signature)],
    ['start', `${time(loading)} to load the module, ${time(firstCall)} to the result of the first call`],
    ['rate', `${count(callsPerSecond)} calls/s, ${count(inFlight)} in flight (${count(calls)} calls)`],
    ['one call', `${time(single.median)} median, ${time(single.p99)} p99 (${count(single.calls)} calls)`],
  ];
  return rows.map(([label = '', text = '']) => `${label.padEnd(10)}${text}`).join('\n');
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en');
}

/** @param milliseconds in the unit that fits, with three digits */
function time(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  return milliseconds >= 1 ? `${milliseconds.toPrecision(3)} ms` : `${(milliseconds * 1000).toPrecision(3)} µs`;
}
