import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { declarationPaths, readDeclarations, refine } from '#dist/host/module/declarations';
import type { FunctionType } from '#dist/host/module/description';
import { formatSignature, parseSignature } from '#dist/host/values/parse-signature';

function read(text: string): Record<string, string> {
  return Object.fromEntries(
    [...readDeclarations(text)].flatMap(([name, declared]) =>
      declared.kind === 'signature' ? [[name, formatSignature(declared.signature)]] : [],
    ),
  );
}

describe('where declarations are looked for', () => {
  const CASES: readonly (readonly [file: string, paths: readonly string[]])[] = [
    ['/flows/triple_lib_bg.wasm', ['/flows/triple_lib.d.ts', '/flows/triple_lib_bg.d.ts']],
    ['/flows/add.wasm', ['/flows/add.d.ts']],
    ['/flows/a.b/ADD.WASM', ['/flows/a.b/ADD.d.ts']],
    ['/flows/module', ['/flows/module.d.ts']],
    ['/flows/_bg.wasm', ['/flows/_bg.d.ts']],
  ];
  for (const [file, paths] of CASES) {
    test(file, { skip: process.platform === 'win32' ? 'paths of this form are for POSIX' : false }, () => {
      assert.deepEqual(declarationPaths(file), paths);
    });
  }
});

describe('declarations of wasm-bindgen', () => {
  test('for nodejs and bundlers', () => {
    const text = `/* tslint:disable */
/* eslint-disable */
/**
 * Three times the number. function fake(x: number): number;
 */
export function triple(x: number): number;
export function greet(name: string, times?: number | null): string | undefined;
export function big(a: bigint, b: boolean): bigint;
export function reverse(data: Uint8Array): Uint8Array;
export function checksum(data: Uint8Array | number[]): number;
export function maybe(data?: Uint8Array | number[] | null): Uint8Array | undefined;
export function words(data: Uint16Array | number[]): string;
export function list(data: number[]): string[];
export function broken(data: number[): string;
export function log(text: string): void;
export function now(): number;
export function elements(list: Int32Array): Float64Array;
export function whatever(value: any): any;
export function later(x: number): Promise<string>;
export function both(x: string | number): number;
export function made(p: Point): number;
export function call(f: Function): void;
export class Point {
  free(): void;
  [Symbol.dispose](): void;
  constructor(x: number);
  length(): number;
}
`;
    assert.deepEqual(read(text), {
      triple: '(f64) → f64',
      greet: '(name: string, times: f64?) → string?',
      big: '(a: i64, b: bool) → i64',
      reverse: '(bytes) → bytes',
      checksum: '(bytes) → f64',
      maybe: '(bytes?) → bytes?',
      log: '(string) → ()',
      now: '() → f64',
    });
  });

  test('of lists other than bytes say which one is not carried, and what to do', () => {
    const questions = (text: string): string[] =>
      [...readDeclarations(text).values()].flatMap((declared) =>
        declared.kind === 'uncarried' ? [declared.question] : [],
      );
    for (const [line, does] of [
      ['export function sum(list: Float64Array): number;', /it takes "list" as Float64Array; of lists only bytes/],
      ['export function sum(list?: Int32Array | null): number;', /it takes "list" as Int32Array;/],
      ['export function words(data: Uint16Array | number[]): string;', /it takes "data" as Uint16Array;/],
      ['export function list(x: number): BigUint64Array;', /it returns BigUint64Array;/],
      ['export function names(): string[];', /it returns string\[\];.*as bytes .*Vec<u8>.*JSON text/],
    ] as const) {
      const [question, ...others] = questions(line);
      assert.match(question ?? '', does);
      assert.deepEqual(others, []);
    }
    assert.deepEqual(questions('export function both(x: string | number, list: Float64Array): void;'), []);
  });

  test('for the web', () => {
    const text = `export function triple(x: number): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
  readonly memory: WebAssembly.Memory;
  readonly triple: (a: number) => number;
  readonly greet: (a: number, b: number) => [number, number];
}

export type SyncInitInput = BufferSource | WebAssembly.Module;
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> }): Promise<InitOutput>;
`;
    assert.deepEqual(read(text), { triple: '(f64) → f64' });
  });
});

describe('declarations of asc', () => {
  const functions = (prefix: string): string => `
  /** Exported memory */
  ${prefix}const memory: WebAssembly.Memory;
  /**
   * assembly/index/add
   * @param a \`i32\`
   * @param b \`u8\`
   * @returns \`u32\`
   */
  ${prefix}function add(a: number, b: number): number;
  /**
   * assembly/index/unsigned
   * @param a \`u64\`
   * @returns \`bool\`
   */
  ${prefix}function unsigned(a: bigint): boolean;
  ${prefix}function plain(a: number): number;
  /**
   * assembly/index/greet
   * @param name \`~lib/string/String | null\`
   * @returns \`~lib/string/String\`
   */
  ${prefix}function greet(name: string | null): string;
  /**
   * assembly/index/sum
   * @param list \`~lib/array/Array<i32>\`
   * @returns \`i32\`
   */
  ${prefix}function sum(list: Array<number>): number;
`;
  const expected = {
    add: '(a: i32, b: u32) → u32',
    unsigned: '(u64) → bool',
    plain: '(f64) → f64',
    greet: '(string?) → string',
  };

  test('as ES module', () => assert.deepEqual(read(functions('export declare ')), expected));

  test('raw, in a name space', () => {
    const text = `declare namespace __AdaptedExports {${functions('export ')}}
/** Instantiates the compiled WebAssembly module with the given imports. */
export declare function instantiate(module: WebAssembly.Module, imports: {
  env: unknown,
}): Promise<typeof __AdaptedExports>;
`;
    assert.deepEqual(read(text), expected);
  });
});

describe('any other text', () => {
  test('is no failure', () => {
    for (const text of [
      '',
      'function',
      'function f',
      'function f(',
      'function f(x',
      'function f(x:',
      'export {',
      '/*',
      '"',
    ]) {
      assert.deepEqual(read(text), {}, text);
    }
    assert.deepEqual(read('function f(): number'), { f: '() → f64' });
    assert.deepEqual(read('export function f<T>(x: T): number;'), {});
  });

  test('with a function declared in two ways gives none of them', () => {
    assert.deepEqual(read('export function f(x: number): void; export function f(x: string): void;'), {});
    assert.deepEqual(read('export function f(x: number): void; export function f(x: number): void;'), {
      f: '(f64) → ()',
    });
  });

  test('with names that mean something in JavaScript is read', () => {
    const declared = readDeclarations('export function __proto__(constructor: number): void;').get('__proto__');
    assert.ok(declared?.kind === 'signature');
    assert.deepEqual(declared.signature.parameters, [{ name: 'constructor', type: 'f64' }]);
    assert.deepEqual(read('export function f(x: constructor): toString;'), {});
  });

  test('with a name of a megabyte keeps its beginning', () => {
    const declared = readDeclarations(`export function f(${'x'.repeat(1_000_000)}: number): void;`).get('f');
    assert.ok(declared?.kind === 'signature');
    assert.equal(declared.signature.parameters[0]?.name, 'x'.repeat(40));
  });

  test('of great length takes time in proportion', () => {
    for (const part of ['/*', '/**', "'", '"', 'function f(', '(', 'function f(x: number | ', '//']) {
      assert.deepEqual(readDeclarations(part.repeat(200_000)).size, 0, part);
    }
    const comment = `/** ${'@returns `x '.repeat(100_000)} */`;
    assert.deepEqual(read(`${comment} ${'function f(): number '.repeat(10_000)}`), {});
  });
});

describe('a declaration and the type in the binary', () => {
  const CASES: readonly (readonly [declared: string, type: FunctionType, refined: string | undefined])[] = [
    ['(f64) → f64', { parameters: ['i32'], results: ['f32'] }, '(i32) → f32'],
    ['(u32) → u32', { parameters: ['i32'], results: ['i32'] }, '(u32) → u32'],
    ['(bool) → bool', { parameters: ['i32'], results: ['i32'] }, '(bool) → bool'],
    ['(i64) → u64', { parameters: ['i64'], results: ['i64'] }, '(i64) → u64'],
    ['(f64)', { parameters: ['i64'], results: [] }, undefined],
    ['(f64, f64)', { parameters: ['i32'], results: [] }, undefined],
    ['(f64) → f64', { parameters: ['f64'], results: ['i64'] }, undefined],
    // a pointer and a length each, as wasm-bindgen passes text
    [
      '(string, f64) → string',
      { parameters: ['i32', 'i32', 'i32'], results: ['i32', 'i32'] },
      '(string, i32) → string',
    ],
    // a pointer alone, as AssemblyScript does
    ['(string, f64) → f64', { parameters: ['i32', 'f64'], results: ['i32'] }, '(string, f64) → i32'],
    // the place of the result first, as wasm-bindgen once did
    ['(bytes, f64) → string', { parameters: ['i32', 'i32', 'i32', 'f32'], results: [] }, '(bytes, f32) → string'],
    // an Option is the adapter's matter
    ['(f64?) → f64', { parameters: ['i32', 'f64'], results: ['f64'] }, '(f64?) → f64'],
  ];
  for (const [declared, type, refined] of CASES) {
    test(`${declared} over ${type.parameters.join(', ')}`, () => {
      const signature = refine(parseSignature(declared), type);
      assert.equal(signature === undefined ? undefined : formatSignature(signature), refined);
    });
  }
});
