/**
 * The adapters. A case says which small module is built and what stands in its memory; there its functions find what
 * they return, what their allocator answers, and what they pass to their imports. So every pointer, length, index and
 * number that crosses is one nobody vouches for. A call ends in values of the signature's types, in a
 * WasmFunctionError, or in a trap of the guest; never in an exception of the host's own.
 */
import assert from 'node:assert/strict';
import type { AbiName, Guest } from '#dist/host/abi/adapter';
import { findAbi } from '#dist/host/abi/index';
import { WasmFunctionError } from '#dist/host/errors';
import { fromEngine } from '#dist/host/execution/engine-error';
import type { ModuleDescription } from '#dist/host/module/description';
import { parseModule } from '#dist/host/module/parse';
import type { GuestValue, Signature, ValueType } from '#dist/host/values/signature';
import { module } from '../../support/wasm-builder';
import { join } from '../mutate';
import { Decisions, Random } from '../random';
import type { Outcome, Target } from '../target';
import { checkResults } from './guest-values';
import { type Planned, shapeOf, SLOTS_AT } from './shapes';

const PAGE = 65_536;
/** Bytes one call may return, less than the memory has. */
const MAX_OUTPUT = 40_000;

interface Compiled {
  readonly module: WebAssembly.Module;
  readonly description: ModuleDescription;
}

/** Modules by their bytes' description: a shape comes again with other memory. */
const compiled = new Map<string, Compiled>();

function compile(planned: Planned): Compiled {
  const key = JSON.stringify(planned.spec);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const bytes = module(planned.spec) as Uint8Array<ArrayBuffer>;
  const made = { module: new WebAssembly.Module(bytes), description: parseModule(bytes) };
  if (compiled.size > 3000) compiled.clear();
  compiled.set(key, made);
  return made;
}

/** Bytes that decide on a module; what it leaves of them goes into the memory. */
const SHAPE = 90;

/** Most cases are about some modules that were compiled before, since compiling is what takes the time. */
function shape(name: AbiName, random: Random): Uint8Array {
  return (random.oneIn(8) ? random : new Random('shape', name, random.below(100))).bytes(SHAPE);
}

function adapter(name: AbiName, weight: number): Target {
  return {
    name,
    weight,
    make: (random: Random) => join(shape(name, random), random.bytes(40 + random.below(250))),
    check(bytes): Outcome {
      const decisions = new Decisions(bytes);
      return check(name, shapeOf(name, decisions), decisions);
    },
  };
}

export const numeric = adapter('numeric', 3);
export const byteGuests = adapter('bytes', 7);
export const bindgen = adapter('wasm-bindgen', 7);
export const assemblyscript = adapter('assemblyscript', 3);

function check(name: AbiName, planned: Planned, decisions: Decisions): Outcome {
  const caller = findAbi(name)?.caller;
  assert.ok(caller !== undefined);
  const { module: compiledModule, description } = compile(planned);
  let guest: Guest | undefined;
  try {
    const plan = caller.plan(description, {
      export: 'f',
      convention: planned.convention,
      signature: planned.signature,
    });
    guest = caller.instantiate(compiledModule, description, { ...plan, abi: name, maxOutput: MAX_OUTPUT });
    let outcome: Outcome = 'refused';
    for (let call = 0; call < 3; call += 1) {
      fillMemory(guest.memory, decisions);
      if (callOnce(guest, plan.signature, decisions) === 'accepted') outcome = 'accepted';
    }
    return outcome;
  } catch (error) {
    expectGuestFault(error, guest);
    return 'refused';
  }
}

function callOnce(guest: Guest, signature: Signature, decisions: Decisions): Outcome {
  try {
    const values = guest.call(
      signature.parameters.map((each) => argument(each.type, each.optional === true, decisions)),
    );
    checkResults(values, signature);
    const own = guest.memory?.buffer;
    for (const value of values) {
      if (!(value instanceof Uint8Array)) continue;
      assert.ok(value.length <= MAX_OUTPUT);
      assert.ok(value.buffer !== own, "a result lies in the guest's memory");
    }
    return 'accepted';
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    expectGuestFault(error, guest);
    if (guest.broken === true || !(error instanceof WasmFunctionError)) throw error;
    return 'refused';
  }
}

/** A trap is the guest's; another exception of the engine means that the host called or read what it should not have. */
function expectGuestFault(error: unknown, guest: Guest | undefined): void {
  if (error instanceof assert.AssertionError) throw error;
  if (error instanceof WasmFunctionError || error instanceof WebAssembly.RuntimeError) return;
  if (fromEngine(error, guest, PAGE * 4).code === 'guest') throw error;
}

function argument(type: ValueType, optional: boolean, decisions: Decisions): GuestValue {
  if (optional && decisions.oneIn(3)) return null;
  switch (type) {
    case 'i64':
    case 'u64':
      return BigInt(decisions.below(2 ** 32));
    case 'bool':
      return decisions.oneIn(2);
    case 'string':
      return 'grüße'.repeat(decisions.below(4));
    case 'json':
      return '{"a":1}';
    case 'bytes':
      return new Uint8Array(decisions.below(300)).fill(decisions.below(256));
    default:
      return decisions.below(100);
  }
}

const FILLINGS: readonly Uint8Array[] = [
  new Uint8Array(PAGE),
  new Uint8Array(PAGE).fill(0xff),
  new Uint8Array(PAGE).fill(0x61),
  Uint8Array.from({ length: PAGE }, (_, index) => (index * 2_654_435_761) >>> 24),
  new Uint8Array(Buffer.from('{"a":[1,2.5,"ü"]}\0'.repeat(4000))).subarray(0, PAGE),
];

/** Numbers that are taken for a pointer, a length, a flag or an index. */
const WORDS = [
  ...[0, 1, 2, 3, 4, 5, 8, 100, 132, 1024, 2048, 2049, PAGE - 8, PAGE - 4, PAGE - 1, PAGE, PAGE + 1, MAX_OUTPUT],
  ...[MAX_OUTPUT + 1, 0xffffff, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 8, 2 ** 32 - 4, 2 ** 32 - 1, 0x7ff80000, 0x43400000],
];

function fillMemory(memory: WebAssembly.Memory | undefined, decisions: Decisions): void {
  if (memory === undefined) return;
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(decisions.pick(FILLINGS).subarray(0, Math.min(PAGE, bytes.length)));
  const view = new DataView(memory.buffer);
  for (let slot = 0; slot < 16; slot += 1) {
    const word = decisions.oneIn(3) ? decisions.below(2 ** 32) : decisions.pick(WORDS);
    view.setUint32(SLOTS_AT + slot * 4, word, true);
  }
}
