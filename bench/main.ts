/**
 * Measures what a user of the node would feel, in one run of a real Node-RED, the candidates by turns, so that
 * a busy machine slows all of them alike. Quote the ratios: absolute figures belong to this machine and moment.
 */
import { join } from 'node:path';
import { guestFile } from '../test/support/guests';
import { NodeRed, nodeRedVersion, repository } from '../test/support/node-red';
import { measureBridges } from './bridges';
import { post, type Flood } from './nodes';
import { median, medianRatio } from './statistics';

const isShort = process.argv.includes('--short');
/** Only what the project asks of itself. */
const isRatio = process.argv.includes('--ratio');
/** Only YoMo beside MQTT. */
const isBridges = process.argv.includes('--bridges');
/** A zipper for these, instead of the one of the tests. */
const zipper = process.argv.find((argument) => argument.startsWith('--zipper='))?.slice('--zipper='.length);
const IN_FLIGHT = 64;
const ROUNDS = isShort ? 3 : 9;
const MILLISECONDS = isShort ? 500 : 1500;
/** Seconds, as the time-out of the function that never ends. */
const TIMEOUT = 0.5;
/** What the project asks of itself: messages per second beside the core function node. */
const GOAL = 1.3;

const CANDIDATES = ['pass-through', 'function', 'exec', 'wasm-function'] as const;
type Candidate = (typeof CANDIDATES)[number];

function candidateNode(candidate: Candidate): Record<string, unknown> {
  switch (candidate) {
    case 'pass-through':
      return { type: 'bench-pass' };
    case 'function':
      return { type: 'function', func: 'msg.payload = msg.payload * 3; return msg;', outputs: 1, libs: [] };
    case 'exec':
      // the cheapest program there is: what is measured is the start of a process
      return {
        type: 'exec',
        command: 'echo',
        addpay: 'payload',
        append: '',
        useSpawn: 'false',
        timer: '',
        oldrc: false,
      };
    case 'wasm-function':
      return { type: 'wasm-function', file: guestFile('wat/triple'), export: 'triple' };
  }
}

function line(name: string, node: Record<string, unknown>): object[] {
  return [
    { id: name, type: 'bench-source', z: 'tab', x: 100, y: 100, wires: [[`${name}-x`]] },
    { id: `${name}-x`, z: 'tab', x: 300, y: 100, wires: [[`${name}-sink`]], ...node },
    { id: `${name}-sink`, type: 'bench-sink', z: 'tab', x: 500, y: 100, source: name, wires: [] },
  ];
}

function flows(): object[] {
  const busy = { type: 'wasm-function', file: guestFile('wat/busy'), export: 'work', timeout: 20 };
  const spin = { type: 'wasm-function', file: guestFile('wat/loop'), export: 'spin', timeout: TIMEOUT };
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    ...CANDIDATES.flatMap((candidate) => line(candidate, candidateNode(candidate))),
    ...line('busy', busy),
    ...line('inline', {
      type: 'function',
      func: 'const end = Date.now() + msg.payload; while (Date.now() < end); return msg;',
      outputs: 1,
    }),
    ...line('idle', { type: 'delay', pauseType: 'delay', timeout: '200', timeoutUnits: 'milliseconds' }),
    ...line('spin', spin),
    { id: 'catch', type: 'catch', z: 'tab', x: 100, y: 200, scope: ['spin-x'], wires: [['spin-sink']] },
  ];
}

interface Together {
  readonly times: readonly number[];
  readonly answers: readonly unknown[];
  readonly worstLoopDelay: number;
}

async function measureThroughput(nodeRed: NodeRed): Promise<boolean> {
  const rates: Record<Candidate, number[]> = { 'pass-through': [], function: [], exec: [], 'wasm-function': [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const candidate of CANDIDATES) {
      const body = { payload: 1.5, inFlight: IN_FLIGHT, milliseconds: MILLISECONDS };
      const { messages, seconds } = await post<Flood>(nodeRed, `${candidate}/flood`, body);
      // the first round warms up the engine and the worker
      if (round > 0) rates[candidate].push(messages / seconds);
    }
  }
  console.log(`\nMessages per second, ${String(IN_FLIGHT)} in flight (median of ${String(ROUNDS)} rounds):`);
  for (const candidate of CANDIDATES) {
    console.log(`  ${candidate.padEnd(14)} ${(median(rates[candidate]) / 1000).toFixed(1).padStart(7)} k/s`);
  }
  const toFunction = medianRatio(rates['wasm-function'], rates.function);
  const toPass = medianRatio(rates['wasm-function'], rates['pass-through']);
  console.log(
    `  wasm-function is ${toFunction.toFixed(2)} × function (goal ${String(GOAL)}), ${toPass.toFixed(2)} × pass-through`,
  );
  return toFunction >= GOAL;
}

async function measureTimeout(nodeRed: NodeRed): Promise<void> {
  const toError: number[] = [];
  const toNext: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { times } = await post<Together>(nodeRed, 'spin/together', { payloads: [1] });
    const { times: two } = await post<Together>(nodeRed, 'spin/together', { payloads: [1, 1] });
    toError.push((times[0] ?? NaN) - TIMEOUT * 1000);
    // the second call starts in the replacement at once, and is over one time-out later
    toNext.push((two[1] ?? NaN) - (two[0] ?? NaN) - TIMEOUT * 1000);
  }
  console.log(`\nA function that never ends (time-out ${String(TIMEOUT)} s):`);
  console.log(`  error at the Catch node   ${median(toError).toFixed(1)} ms after the time-out`);
  console.log(`  next call at work again   ${median(toNext).toFixed(1)} ms after that`);
}

async function measureLoopDelay(nodeRed: NodeRed): Promise<void> {
  const probe = await post<Together>(nodeRed, 'busy/together', { payloads: [10_000_000] });
  const again = await post<Together>(nodeRed, 'busy/together', { payloads: [10_000_000] });
  const milliseconds = Math.min(probe.times[0] ?? NaN, again.times[0] ?? NaN);
  const iterations = Math.round((10_000_000 * 200) / milliseconds);
  const delays = { idle: [] as number[], busy: [] as number[], inline: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    delays.idle.push((await post<Together>(nodeRed, 'idle/together', { payloads: [1] })).worstLoopDelay);
    delays.busy.push((await post<Together>(nodeRed, 'busy/together', { payloads: [iterations] })).worstLoopDelay);
    delays.inline.push((await post<Together>(nodeRed, 'inline/together', { payloads: [200] })).worstLoopDelay);
  }
  console.log('\nWorst delay of the event loop within 200 ms (median):');
  console.log(`  nothing to do             ${median(delays.idle).toFixed(1)} ms`);
  console.log(`  a 200 ms wasm call        ${median(delays.busy).toFixed(1)} ms`);
  console.log(`  200 ms in a function node ${median(delays.inline).toFixed(1)} ms`);
}

async function main(): Promise<void> {
  console.log(`Node ${process.version}, Node-RED ${nodeRedVersion}`);
  if (!isBridges) await measureNodes();
  if (!isRatio) await measureBridges(isShort, zipper);
}

async function measureNodes(): Promise<void> {
  const nodeRed = await NodeRed.start({
    flows: flows(),
    settings: { nodesDir: [repository, join(repository, 'bench', 'fixture')] },
  });
  try {
    const isFast = await measureThroughput(nodeRed);
    if (!isFast) process.exitCode = 1;
    if (isRatio) return;
    await measureTimeout(nodeRed);
    await measureLoopDelay(nodeRed);
  } finally {
    await nodeRed.stop();
  }
}

void main();
