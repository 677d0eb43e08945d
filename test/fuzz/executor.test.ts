/**
 * Whole modules through the worker executor. Seeds: the committed guests with their code, in which a few bytes are
 * changed so that the engine still accepts them. Whatever they do, a call ends in a value or a WasmFunctionError soon
 * after its deadline, and a good module answers in between. The 1/100th part of `FUZZ_MUTATIONS`, 5,000 at most.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ABIS } from '#dist/host/abi/index';
import type { CallPlan, Convention, GuestAbi } from '#dist/host/abi/adapter';
import { WasmFunctionError } from '#dist/host/errors';
import { UNCAUGHT } from '#dist/host/execution/engine-error';
import type { CompiledModule } from '#dist/host/execution/executor';
import { WorkerExecutor } from '#dist/host/execution/worker-executor';
import { MAX_REFERENCES, MAX_TABLE_ELEMENTS, MIB, PAGE_SIZE } from '#dist/host/limits';
import { capLimits } from '#dist/host/module/cap-limits';
import { makeInterruptible } from '#dist/host/module/interruption';
import { parseModule } from '#dist/host/module/parse';
import { parseSignature } from '#dist/host/values/parse-signature';
import type { GuestValue, Signature } from '#dist/host/values/signature';
import { module } from '../support/wasm-builder';
import { MUTATIONS, SEED } from './fuzz';
import { mutateBytes } from './mutate';
import { putTogether, takeApart } from './mutate-module';
import { Random } from './random';
import { GUESTS } from './seeds';
import { checkValue } from './targets/guest-values';

/** MiB of memory, seconds of time: little of both, so that much is tried. */
const OPTIONS = { memory: 4, timeout: 0.05, instance: 'shared', concurrency: 1, queue: 10 } as const;
const CAPS = {
  memoryPages: (OPTIONS.memory * MIB) / PAGE_SIZE,
  tableElements: MAX_TABLE_ELEMENTS,
  referenceElements: MAX_REFERENCES,
};
const MODULES = Math.min(5000, Math.ceil(MUTATIONS / 100));
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 80);
const SIGNATURES = ['(string) -> string', '(bytes) -> bytes', '(bytes, u32) -> string', '(string) -> i32'].map(
  parseSignature,
);
const CONVENTIONS: readonly (Convention | 'auto')[] = [
  'auto',
  'packed',
  'packed-low',
  'pair',
  'out-pointer',
  'cstring',
  'in-place',
];

const warnings: string[] = [];
const executor = new WorkerExecutor({ workers: 2, spare: true, log: { warn: (text) => warnings.push(text) } });
after(() => executor.close());

const CODE = 10;

/** Changes code, data or globals in place; where the engine refuses it, another change is tried. */
function mutated(random: Random): Uint8Array | undefined {
  const { list } = takeApart(random.pick(GUESTS).bytes);
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const changed = list.map(({ id, content }) => {
      if (id !== CODE && !random.oneIn(8)) return { id, content };
      return { id, content: random.oneIn(4) ? mutateBytes(content, random) : setByte(content, random) };
    });
    const bytes = putTogether({ list: changed });
    if (WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) return bytes;
  }
  return undefined;
}

function setByte(content: Uint8Array, random: Random): Uint8Array {
  const changed = Uint8Array.from(content);
  const at = random.below(changed.length);
  changed[at] = random.oneIn(2) ? (changed[at] ?? 0) ^ (1 << random.below(7)) : random.below(128);
  return changed;
}

function load(bytes: Uint8Array): CompiledModule | undefined {
  try {
    const { tailCalls, ...description } = parseModule(bytes);
    const rewritten = makeInterruptible(capLimits(bytes, CAPS), tailCalls);
    return { description, module: new WebAssembly.Module(rewritten as Uint8Array<ArrayBuffer>) };
  } catch (error) {
    if (error instanceof WasmFunctionError) return undefined;
    throw error;
  }
}

function plan({ name, caller }: GuestAbi, { description }: CompiledModule, random: Random): CallPlan | undefined {
  try {
    const offered = caller?.exports(description) ?? [];
    if (caller === undefined || offered.length === 0) return undefined;
    const choice = { export: random.pick(offered).name, convention: random.pick(CONVENTIONS) };
    const signature = random.oneIn(2) ? { signature: random.pick(SIGNATURES) } : {};
    return { ...caller.plan(description, { ...choice, ...signature }), abi: name, maxOutput: MIB };
  } catch (error) {
    if (error instanceof WasmFunctionError) return undefined;
    throw error;
  }
}

function argumentsOf({ parameters }: Signature, random: Random): GuestValue[] {
  return parameters.map(({ type }) => {
    if (type === 'string' || type === 'json') return '"text"'.repeat(random.below(3));
    if (type === 'bytes') return random.bytes(random.below(50));
    if (type === 'bool') return random.oneIn(2);
    return type === 'i64' || type === 'u64' ? BigInt(random.below(1000)) : random.below(1000);
  });
}

const GOOD = module({
  functions: [
    { export: 'triple', parameters: ['f64'], results: ['f64'], body: [0x20, 0, 0x44, 0, 0, 0, 0, 0, 0, 8, 0x40, 0xa2] },
  ],
});

test(`${MODULES} modules with changed code leave a good one answering (seed ${SEED})`, async (context) => {
  const good = load(GOOD);
  assert.ok(good !== undefined);
  const signature = parseSignature('(f64) -> f64');
  const goodPlan: CallPlan = { abi: 'numeric', export: 'triple', signature, emits: 'result', maxOutput: MIB };
  const answering = executor.open(good, goodPlan, { ...OPTIONS, timeout: 30 });
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const start = performance.now();
  for (let number = 0; number < MODULES && performance.now() - start < SECONDS * 1000; number += 1) {
    const random = new Random(SEED, 'executor', number);
    const bytes = mutated(random);
    const loaded = bytes === undefined ? undefined : load(bytes);
    const planned = loaded === undefined ? [] : ABIS.flatMap((abi) => plan(abi, loaded, random) ?? []);
    if (loaded === undefined || planned.length === 0) count('not callable');
    for (const each of planned) {
      const execution = executor.open(loaded as CompiledModule, each, OPTIONS);
      const calls = [1, 2].map(() => execution.call(argumentsOf(each.signature, random)));
      const settled = await Promise.allSettled([...calls, answering.call([number])]);
      for (const [index, outcome] of settled.entries()) {
        const shown = `case ${number}, ${each.abi} ${each.export}`;
        if (index === calls.length) assert.deepEqual(outcome, { status: 'fulfilled', value: [number * 3] }, shown);
        else count(outcomeOf(outcome, each.signature, shown));
      }
      await execution.close();
    }
  }
  await answering.close();
  context.diagnostic(`calls: ${[...outcomes].map(([outcome, times]) => `${times} ${outcome}`).join(', ')}`);
  assert.ok((outcomes.get('answered') ?? 0) > 0);
  const unstoppable = warnings.filter((text) => text.includes('goes on computing'));
  assert.deepEqual(unstoppable, [], 'a guest outlived the end of its thread');
});

function outcomeOf(
  outcome: PromiseSettledResult<readonly GuestValue[]>,
  { results }: Signature,
  shown: string,
): string {
  if (outcome.status === 'fulfilled') {
    assert.equal(outcome.value.length, results.length, shown);
    results.forEach((result, index) => {
      checkValue(outcome.value[index] as GuestValue, result);
    });
    return 'answered';
  }
  const error: unknown = outcome.reason;
  assert.ok(error instanceof WasmFunctionError, `${shown}: ${String(error)}`);
  // an exception that no guest threw
  assert.ok(!error.message.startsWith(UNCAUGHT), `${shown}: ${error.message}`);
  return error.code;
}
