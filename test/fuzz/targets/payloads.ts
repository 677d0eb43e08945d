/**
 * Values in and out: what a message carries becomes arguments of a signature, or an `arguments` error. Seeds: every
 * kind of JavaScript value, strange ones among them (proxies, getters that throw, detached memory, other prototypes).
 * Arguments are of their types, share no memory with the message, cross to another thread as they are, and given back
 * by the same types they are the values they were made of.
 */
import assert from 'node:assert/strict';
import { WasmFunctionError } from '#dist/host/errors';
import { acceptArguments } from '#dist/host/values/accept';
import { describeValue } from '#dist/host/values/describe';
import { produceValue } from '#dist/host/values/produce';
import { type GuestValue, type Parameter, type Signature, VALUE_TYPES } from '#dist/host/values/signature';
import { Decisions, type Random } from '../random';
import type { Outcome, Target } from '../target';
import { checkCrossing, checkResults, checkValue } from './guest-values';

export const payloads: Target = {
  name: 'payloads',
  weight: 7,
  make: (random: Random) => random.bytes(20 + random.below(200)),
  check(bytes): Outcome {
    const decisions = new Decisions(bytes);
    const parameters = decisions.list(3, (): Parameter => {
      const type = decisions.pick(VALUE_TYPES);
      const optional = decisions.oneIn(5) ? { optional: true } : {};
      return { type, ...optional, ...(type.startsWith('i') && decisions.oneIn(2) ? { eitherSign: true } : {}) };
    });
    const values = parameters.map(({ type }) =>
      decisions.oneIn(4) ? anyValue(decisions, 0) : fitting(type, decisions),
    );
    const input = decisions.oneIn(10) ? anyValue(decisions, 0) : values.length === 1 ? values[0] : values;
    const shown = describeValue(input);
    assert.ok(shown.length < 300, shown);
    const signature: Signature = { parameters, results: parameters };
    const args = accepted(input, signature);
    if (args === undefined) return 'refused';
    checkRoundTrip(input, args, signature);
    return 'accepted';
  },
};

function accepted(input: unknown, signature: Signature): GuestValue[] | undefined {
  try {
    return acceptArguments(input, signature);
  } catch (error) {
    if (!(error instanceof WasmFunctionError)) throw error;
    assert.equal(error.code, 'arguments');
    assert.ok(error.message.length < 3000);
    return undefined;
  }
}

function checkRoundTrip(input: unknown, args: readonly GuestValue[], signature: Signature): void {
  const { parameters } = signature;
  assert.equal(args.length, parameters.length);
  parameters.forEach((parameter, index) => {
    checkValue(args[index] as GuestValue, parameter);
  });
  checkCrossing(args);
  assert.deepEqual(structuredClone(args), args);
  // what a guest returns has one range, and no sign that was left open
  const results = parameters.map(({ type, optional }) => ({ type, ...(optional === true ? { optional } : {}) }));
  if (parameters.every(({ eitherSign }) => eitherSign !== true)) checkResults(args, { parameters, results });
  const produced = produceValue(args, { parameters, results }, 'auto');
  if (produced.kind !== 'value') return;
  const outputs = parameters.length === 1 ? [produced.value] : (produced.value as unknown[]);
  const again = acceptArguments(parameters.length === 1 ? outputs[0] : outputs, signature);
  // an absent value and JSON's null are one where a parameter may be absent
  const expected = args.map((value, index) =>
    value === 'null' && parameters[index]?.optional === true ? again[index] : value,
  );
  assert.deepEqual(again, expected, 'what comes back is taken for something else');
  // read by position: an array of a payload may have no iterator
  for (let index = 0; index < parameters.length; index += 1) {
    const value = parameters.length === 1 ? input : (input as ArrayLike<unknown>)[index];
    const own = args.find(
      (each) => each instanceof Uint8Array && ArrayBuffer.isView(value) && each.buffer === value.buffer,
    );
    assert.equal(own, undefined, 'an argument shares its memory with the message');
  }
}

function fitting(type: Parameter['type'], decisions: Decisions): unknown {
  const integer = decisions.below(2 ** 32);
  switch (type) {
    case 'bool':
      return decisions.pick([true, false, 0, 1]);
    case 'string':
      return decisions.pick(TEXTS);
    case 'bytes':
      return decisions.pick([
        Uint8Array.of(1, 2),
        Buffer.from('x'),
        'text',
        [1, 2, 255],
        new Float64Array(2),
        new DataView(new ArrayBuffer(3)),
      ]);
    case 'json':
      return decisions.pick([{ a: [1, null] }, 'x', 5, null, [], new Date(0), { a: undefined }]);
    case 'f32':
    case 'f64':
      return decisions.pick([integer, -0, NaN, Infinity, 0.1, '-2.5e3']);
    default:
      return decisions.pick([integer, -integer, BigInt(integer) * 2n ** 31n, String(integer), `+${integer}`, 0]);
  }
}

const TEXTS = [
  '',
  'text',
  'grüße 🌍',
  '\u0000',
  '\ud800',
  '\ufeffx',
  '21.5',
  '-7',
  'x'.repeat(5000),
  '9'.repeat(200),
  '__proto__',
];

/** One of everything that JavaScript has. */
function anyValue(decisions: Decisions, depth: number): unknown {
  const inner = (): unknown => (depth > 3 ? 1 : anyValue(decisions, depth + 1));
  const kinds: readonly (() => unknown)[] = [
    () => decisions.below(2 ** 32),
    () => decisions.pick([null, undefined, true, -0, NaN, 1.5, 2 ** 53, -(2 ** 31), 1e300]),
    () => decisions.pick(TEXTS),
    () => decisions.pick([0n, -1n, 2n ** 63n, 2n ** 64n, -(2n ** 63n), 10n ** 50n]),
    () => Buffer.from([decisions.below(256), 0xff]),
    () => decisions.list(4, inner),
    () =>
      Object.fromEntries(decisions.list(3, () => [decisions.pick(['a', '__proto__', 'toJSON', 'length']), inner()])),
    () => decisions.pick(STRANGE)(),
  ];
  return decisions.pick(kinds)();
}

const fail = (): never => {
  throw new Error('a getter of the value');
};

class Unreadable extends Error {
  override get message(): string {
    throw new Error('a message that cannot be read');
  }
}

/** Values that run code, or are not what they look like. */
const STRANGE: readonly (() => unknown)[] = [
  () => new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail }),
  () => new Proxy([1, 2], { get: (target, key) => (key === 'length' ? { toString: fail } : Reflect.get(target, key)) }),
  () => new Proxy([1], { get: (target, key) => (key === 'length' ? Symbol('length') : Reflect.get(target, key)) }),
  () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  },
  () => Object.create(Buffer.prototype) as unknown,
  () => Object.create(Uint8Array.prototype) as unknown,
  () => Object.create(Date.prototype) as unknown,
  () => Object.setPrototypeOf([1, 2], null) as unknown,
  () => Object.defineProperty(Buffer.from('ab'), 'length', { get: fail }),
  () => Object.defineProperty(new Uint16Array(2), 'byteLength', { value: 2 ** 40 }),
  () => Object.defineProperty([1, 2], '0', { get: fail }),
  () => ({ toJSON: fail }),
  () => ({ toJSON: () => Symbol('json') }),
  () => ({
    toJSON: () => {
      throw new Unreadable();
    },
  }),
  () => ({
    get a(): never {
      throw { toString: fail };
    },
  }),
  () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    return circle;
  },
  () => JSON.parse('['.repeat(2000) + ']'.repeat(2000)) as unknown,
  () => {
    const { buffer } = structuredClone(new Uint8Array(4));
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    return view;
  },
  () => new ArrayBuffer(3),
  () => new SharedArrayBuffer(3),
  () => new Map([[1, 2]]),
  () => new Set([1]),
  () => new Date(NaN),
  () => Object(5) as unknown,
  () => Object(Symbol('boxed')) as unknown,
  () => Symbol('symbol'),
  () => fail,
  () => new Float32Array([NaN, 1]),
  () => Object.assign([], { length: 5000 }),
];
