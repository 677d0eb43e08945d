/** What holds for every value that passes between host and guest, whatever the guest is. */
import assert from 'node:assert/strict';
import { WasmFunctionError } from '#dist/host/errors';
import { RING_BYTES, RING_STATE_WORDS, ValueRing } from '#dist/host/execution/value-ring';
import type { GuestValue, Parameter, Result, Signature } from '#dist/host/values/signature';
import { produceValue } from '#dist/host/values/produce';
import { RESULT_KINDS } from '#dist/host/wasm-function';

const RANGES = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
} as const;

/** @throws where a value is none of its type */
export function checkValue(value: GuestValue, { type, ...about }: Parameter | Result): void {
  const shown = `a ${type} is ${typeof value} ${String(value).slice(0, 40)}`;
  if (value === null) {
    assert.ok(about.optional === true, shown);
    return;
  }
  switch (type) {
    case 'i32':
    case 'u32':
    case 'i64':
    case 'u64': {
      assert.equal(typeof value, type.endsWith('32') ? 'number' : 'bigint', shown);
      assert.ok(typeof value === 'bigint' || Number.isInteger(value), shown);
      const either = 'eitherSign' in about && about.eitherSign === true;
      const [minimum] = RANGES[type];
      const [, maximum] = RANGES[either ? (type.replace('i', 'u') as 'u32' | 'u64') : type];
      assert.ok(BigInt(value as number) >= minimum && BigInt(value as number) <= maximum, shown);
      return;
    }
    case 'f32':
    case 'f64':
      assert.equal(typeof value, 'number', shown);
      return;
    case 'bool':
      assert.equal(typeof value, 'boolean', shown);
      return;
    case 'string':
    case 'json':
      assert.ok(typeof value === 'string' && !/\p{Surrogate}/u.test(value), shown);
      return;
    case 'bytes':
      assert.ok(value instanceof Uint8Array, shown);
  }
}

const memory = new SharedArrayBuffer(RING_STATE_WORDS * 4 + RING_BYTES);
const writer = new ValueRing(memory, 0, RING_STATE_WORDS * 4);
const reader = new ValueRing(memory, 0, RING_STATE_WORDS * 4);

/** They cross to another thread as they are. */
export function checkCrossing(values: readonly GuestValue[]): void {
  if (!writer.write(1, 2, 3, values)) return;
  reader.read((call, lane, epoch, read) => {
    assert.deepEqual({ call, lane, epoch, read }, { call: 1, lane: 2, epoch: 3, read: [...values] });
  });
}

/** What a guest returned is given as every kind there is, or refused with `result`. */
export function checkResults(values: readonly GuestValue[], signature: Signature): void {
  assert.equal(values.length, signature.results.length);
  signature.results.forEach((result, index) => {
    const value = values[index];
    assert.ok(value !== undefined, 'a result is undefined');
    checkValue(value, result);
  });
  checkCrossing(values);
  for (const kind of RESULT_KINDS) {
    try {
      produceValue(values, signature, kind);
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw error;
      assert.equal(error.code, 'result');
    }
  }
}
