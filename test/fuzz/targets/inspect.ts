/**
 * Detection, the list of exports and their plans. Seeds: as for the parser; the names that ABIs are told by are put
 * in at random, and declarations of the guests beside them.
 * An inspection is plain data of a size in proportion to the file, and never an exception; a plan, where an adapter
 * makes one, has the export's name and a signature.
 */
import assert from 'node:assert/strict';
import { ABIS } from '#dist/host/abi/index';
import { ABI_NAMES, CONVENTIONS } from '#dist/host/abi/adapter';
import { WasmFunctionError } from '#dist/host/errors';
import { formatSignature, parseSignature } from '#dist/host/values/parse-signature';
import { inspectModule } from '../../support/inspect-module';
import { text } from '../../support/wasm-builder';
import { join } from '../mutate';
import { mutateModule } from '../mutate-module';
import { Decisions, type Random } from '../random';
import { DECLARATIONS, MODULES } from '../seeds';
import type { Outcome, Target } from '../target';
import { describe } from './parse';

/** Names by which modules are told apart. */
const MARKS = [
  ...['__wbindgen_malloc', '__wbindgen_free', '__wbindgen_start', '__wbindgen_describe_x', '__wbindgen_placeholder__'],
  ...['./x_bg.js', 'wbg', '__wbg_error_1', '__wbindgen_throw', '__new', '__pin', '__rtti_base', 'env', 'abort'],
  ...[
    'proxy_abi_version_0_2_0',
    'extism:host/env',
    'redpanda_transform',
    'benthos_wasm',
    'yomo_handler',
    'copy_records',
  ],
  ...['map', 'gojs', 'a', 'invoke_ii', 'javy_quickjs_provider_v3', 'wasi_snapshot_preview1', '_start', '_initialize'],
  ...['alloc', 'malloc', 'free', 'cabi_realloc', 'memory', 'toString', '__proto__', 'constructor'],
];
const SIGNATURES = ['(string) -> bytes', '(f64?, bytes?) -> json?', '(i32, u64, bool) -> (f32, string)', '() -> i64?'];
/** Characters an inspection of a file may have beyond a multiple of the file's bytes. */
const ROOM = 100_000;
const CHOICES = ['auto', ...ABI_NAMES] as const;
const DECLARED = ['', ...DECLARATIONS];

export const inspect: Target = {
  name: 'inspect',
  weight: 14,
  make: (random) => renamed(mutateModule(MODULES, random), random),
  check(bytes): Outcome {
    // the choices are taken from the case, so that it is one by itself
    const decisions = new Decisions(bytes.subarray(-16));
    const abi = decisions.pick(CHOICES);
    const inspection = inspectModule(bytes, 'x.wasm', ABIS, { abi, export: '' }, decisions.pick(DECLARED));
    const characters = JSON.stringify(inspection).length;
    assert.ok(characters < ROOM + bytes.length * 200, `the inspection has ${characters} characters`);
    for (const name of [...ABI_NAMES, 'auto' as const].slice(0, inspection.exports.length === 0 ? 0 : undefined)) {
      planAll(bytes, name, decisions);
    }
    return inspection.refusal === undefined ? 'accepted' : 'refused';
  },
};

function planAll(bytes: Uint8Array, name: (typeof CHOICES)[number], decisions: Decisions): void {
  const description = describe(bytes);
  if (description instanceof WasmFunctionError) return;
  const caller = ABIS.find((abi) => abi.name === name)?.caller;
  if (caller === undefined) return;
  const signature = decisions.oneIn(2) ? { signature: parseSignature(decisions.pick(SIGNATURES)) } : {};
  const convention = decisions.pick([...CONVENTIONS, 'auto'] as const);
  for (const item of caller.exports(description).slice(0, 5)) {
    try {
      const plan = caller.plan(description, { export: item.name, convention, ...signature });
      assert.equal(plan.export, item.name);
      assert.equal(typeof formatSignature(plan.signature), 'string');
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw error;
      assert.ok(error.code === 'abi' || error.code === 'export', error.message);
    }
  }
}

/** Puts a telling name where a name may stand, with its length. */
function renamed(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = bytes;
  for (let change = random.below(3); change > 0; change -= 1) {
    const names = [...starts(changed)];
    if (names.length === 0) break;
    const { at, length } = random.pick(names);
    changed = withSize(changed, at, length, text(random.pick(MARKS)));
  }
  return changed;
}

interface Place {
  readonly at: number;
  /** Bytes of the length and the name. */
  readonly length: number;
}

/** Where a length stands in front of as many letters. */
function* starts(bytes: Uint8Array): Generator<Place> {
  for (let at = 8; at < bytes.length; at += 1) {
    const length = bytes[at] ?? 0;
    if (length === 0 || length > 40 || at + length >= bytes.length) continue;
    if (bytes.subarray(at + 1, at + 1 + length).every((byte) => byte >= 0x20 && byte < 0x7f)) {
      yield { at, length: length + 1 };
      at += length;
    }
  }
}

/** Where the section's size has one byte it is set right again. */
function withSize(bytes: Uint8Array, at: number, length: number, name: readonly number[]): Uint8Array {
  const changed = join(bytes.subarray(0, at), name, bytes.subarray(at + length));
  for (let start = 8; start + 1 < at;) {
    const size = bytes[start + 1] ?? 0;
    if (size >= 0x80) break;
    if (start + 2 + size > at) {
      changed[start + 1] = (size + name.length - length) & 0x7f;
      break;
    }
    start += 2 + size;
  }
  return changed;
}
