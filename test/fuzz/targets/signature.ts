/**
 * Signatures as people write them. Seeds: some of every form. A text gives a signature, which is read again from
 * what it is shown as, or an `abi` error of readable length.
 */
import assert from 'node:assert/strict';
import { WasmFunctionError } from '#dist/host/errors';
import { formatSignature, parseSignature } from '#dist/host/values/parse-signature';
import { type Signature, VALUE_TYPES } from '#dist/host/values/signature';
import { mutateText } from '../mutate';
import type { Random } from '../random';
import type { Outcome, Target } from '../target';
import { repeatedly } from './identify';

const TEXTS = [
  '(string, u32) -> bytes',
  '(x: f64) → f64',
  '() -> (i32, bytes?)',
  '(a: string?, $b: json, _c: bool) -> i64?',
  '(i32, u32, i64, u64, f32, f64, bool, string, bytes, json)',
  '()',
];
const WORDS = [
  ...VALUE_TYPES,
  '(',
  ')',
  ',',
  ':',
  '?',
  '->',
  '→',
  ' ',
  '\n',
  '__proto__',
  'toString',
  'i32, '.repeat(1001),
  '\ud800',
];

export const signature: Target = {
  name: 'signature',
  weight: 5,
  make(random: Random): Uint8Array {
    return Buffer.from(repeatedly(random.pick(TEXTS), random, (text) => mutateText(text, random, TEXTS, WORDS)));
  },
  check(bytes): Outcome {
    const read = parsed(Buffer.from(bytes).toString());
    if (read === undefined) return 'refused';
    // of more only the first are shown
    if (Math.max(read.parameters.length, read.results.length) > 20) return 'accepted';
    const again = parseSignature(formatSignature(read));
    assert.deepEqual(withoutNames(again), withoutNames(read));
    return 'accepted';
  },
};

function parsed(text: string): Signature | undefined {
  try {
    return parseSignature(text);
  } catch (error) {
    if (!(error instanceof WasmFunctionError)) throw error;
    assert.equal(error.code, 'abi');
    assert.ok(error.message.length < 400, error.message);
    return undefined;
  }
}

/** A single parameter is shown without its name. */
function withoutNames({ parameters, results }: Signature) {
  const names = parameters.length > 1;
  return { parameters: parameters.map((each) => (names ? each : { ...each, name: undefined })), results };
}
