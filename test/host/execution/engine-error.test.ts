import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WasmFunctionError } from '#dist/host/errors';
import { fromEngine } from '#dist/host/execution/engine-error';
import { demangle } from '#dist/host/execution/trap-site';
import { leb, module, type ModuleSpec, text, vector } from '../../support/wasm-builder';

const CAP = 1024 * 1024;
const CALL = 0x10;
const THROW = 0x08;
const UNREACHABLE = 0x00;

/** A `name` section with the functions' names and, where it is given, the module's. */
function nameSection(functions: readonly string[], moduleName?: string) {
  const part = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
  const names = vector(functions.map((name, index) => [...leb(index), ...text(name)]));
  const own = moduleName === undefined ? [] : part(0, text(moduleName));
  return { name: 'name', bytes: [...own, ...part(1, names)] };
}

/** What the engine throws from the export `run`, as a message gets it. */
function failureOf(spec: ModuleSpec): WasmFunctionError {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module(spec) as Uint8Array<ArrayBuffer>));
  try {
    (instance.exports.run as () => void)();
  } catch (thrown) {
    return fromEngine(thrown, undefined, CAP);
  }
  throw new Error('the guest did not fail');
}

/** Function 0, exported, calls 1, which calls 2, and so on; the last one traps. */
function chain(length: number): NonNullable<ModuleSpec['functions']> {
  return Array.from({ length }, (_, index) => ({
    ...(index === 0 ? { export: 'run' } : {}),
    body: index === length - 1 ? [UNREACHABLE] : [CALL, index + 1],
  }));
}

const LEGACY = (path: string): string => `_ZN${path}17h0123456789abcdefE`;

describe('where a trap happened', () => {
  test('the functions on the way are named, the one that trapped first', () => {
    const { code, message } = failureOf({ functions: chain(2), custom: [nameSection(['triple', 'add_one'])] });
    assert.equal(code, 'trap');
    assert.match(message, /^The function trapped \(unreachable\) in "add_one", called by "triple": it reached/);
  });

  test('four of them at most, and without the name of the module', () => {
    const names = nameSection(['a', 'b', 'c', 'd', 'e', 'f'], 'my-module.wasm');
    const { message } = failureOf({ functions: chain(6), custom: [names] });
    assert.match(message, / in "f", called by "e", called by "d", called by "c": /);
  });

  test('a function that calls itself is named once', () => {
    const { message } = failureOf({
      functions: [{ export: 'run', body: [CALL, 1] }, { body: [CALL, 1] }],
      custom: [nameSection(['run', 'rec'])],
    });
    assert.match(message, /^The function ran out of stack in "rec": it calls itself/);
  });

  test('without names the number and the offset are shown, as disassemblers do', () => {
    assert.match(
      failureOf({ functions: chain(2) }).message,
      / in "function 1" \(at 0x[0-9a-f]+\), called by "function 0": /,
    );
    const named = failureOf({ functions: chain(2), custom: [nameSection([], 'module.wasm')] });
    assert.match(named.message, / in "function 1" \(at 0x[0-9a-f]+\), called by "function 0": /);
  });

  test('the machinery of a Rust panic is left out, so that who panicked comes first', () => {
    const names = [
      LEGACY('4demo5outer'),
      LEGACY('4demo5inner'),
      LEGACY('4core9panicking18panic_bounds_check'),
      LEGACY('4core9panicking9panic_fmt'),
      'rust_begin_unwind',
    ];
    const { message } = failureOf({ functions: chain(5), custom: [nameSection(names)] });
    assert.match(
      message,
      / in "core::panicking::panic_bounds_check", called by "demo::inner", called by "demo::outer"\. /,
    );
  });

  test('a panic with the hashes of crates in its names is told as one, at the function that panicked', () => {
    const names = [
      'pick',
      'panicky::inner::nth::h96404a7b4cca11b5',
      'core[c5930c85a12de822]::panicking::panic_bounds_check',
      'core[c5930c85a12de822]::panicking::panic_fmt',
      '__rustc[b7974e8690430dd9]::rust_begin_unwind',
      'std[a543996e6e7dbf1e]::sys::backtrace::__rust_end_short_backtrace::<std[a543996e6e7dbf1e]::panicking::panic_handler::{closure#0}, !>',
      'std[a543996e6e7dbf1e]::panicking::panic_with_hook',
      '__rustc[b7974e8690430dd9]::__rust_abort',
    ];
    assert.equal(
      failureOf({ functions: chain(8), custom: [nameSection(names, 'panicky.wasm')] }).message,
      'The function panicked in "core::panicking::panic_bounds_check", called by "panicky::inner::nth", ' +
        'called by "pick". Mend it there, or keep such input from it. ' +
        'With wasm-bindgen, the crate console_error_panic_hook brings the text and line of the panic.',
    );
  });

  test('a refused allocation is no panic', () => {
    const names = ['grow', 'std[a543996e6e7dbf1e]::alloc::rust_oom', '__rustc[b7974e8690430dd9]::rust_panic'];
    const { message } = failureOf({ functions: chain(3), custom: [nameSection(names)] });
    assert.match(message, /^The function trapped \(unreachable\) in "grow": /);
  });

  test('a hostile name stays in its line and is cut', () => {
    const { message } = failureOf({
      functions: chain(1),
      custom: [nameSection([`a\u001b[2J\u2028${'x'.repeat(300)}`])],
    });
    assert.match(message, / in "a\ufffd\[2J\ufffdx{1,80}…": /);
    const endless = failureOf({ functions: chain(1), custom: [nameSection([' ('.repeat(20_000)])] });
    assert.match(endless.message, /^The function trapped \(unreachable\)/);
  });
});

describe('names of Rust', () => {
  for (const [mangled, shown] of [
    [LEGACY('4demo7add_one'), 'demo::add_one'],
    [LEGACY('41_$LT$demo..Point$u20$as$u20$demo..Add$GT$3add'), '<demo::Point as demo::Add>::add'],
    ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
    ['_RNvNtCs5l0EXMQXRMU_4demo5inner7add_one', 'demo::inner::add_one'],
    ['_RNCNvCs1234_7mycrate3foo0', 'mycrate::foo::{closure}'],
    ['_RINvCs1234_7mycrate3foolE', 'mycrate::foo'],
    ['_ZN3foo3barEv', '_ZN3foo3barEv'],
    ['_R', '_R'],
    [LEGACY('99short'), LEGACY('99short')],
    ['plain', 'plain'],
  ] as const) {
    test(`${mangled} is ${shown}`, () => {
      assert.equal(demangle(mangled), shown);
    });
  }
});

describe('exceptions that nothing caught', () => {
  test('one of the guest’s language', () => {
    const { code, message } = failureOf({
      tags: [{}],
      functions: [{ export: 'run', body: [THROW, 0] }],
    });
    assert.equal(code, 'guest');
    assert.match(message, /exception of its language .*Catch it in the module/);
  });

  test('one of JavaScript, with its words', () => {
    const error = fromEngine('out of cheese', undefined, CAP);
    assert.deepEqual([error.code, error.cause], ['guest', { guest: 'out of cheese' }]);
    assert.match(error.message, /\(out of cheese\)/);
    const forged = 'a\n\u001b]0;b\u0007 \u202ec'.repeat(1000);
    const { message, cause } = fromEngine(forged, undefined, CAP);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
    assert.ok(message.length < 700);
    assert.ok(cause.guest?.startsWith('a\n\u001b]0;b'), 'as it is, for whoever wrote it');
    assert.deepEqual(fromEngine(new TypeError('no'), undefined, CAP).cause, { guest: 'TypeError: no' });
  });
});
