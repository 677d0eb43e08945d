/**
 * The reader of `.d.ts` files. Seeds: those of the guests, and lines with the forms that wasm-bindgen and asc write.
 * Any text gives a map of signatures over types there are, in time in proportion; each fits a type in the binary or
 * does not, and is planned by the adapters or refused, in no time.
 */
import assert from 'node:assert/strict';
import { ABIS } from '#dist/host/abi/index';
import { readDeclarations, refine } from '#dist/host/module/declarations';
import type { FunctionType, ModuleDescription, WasmType } from '#dist/host/module/description';
import { planDeclared } from '#dist/host/module/declared-plan';
import { formatSignature } from '#dist/host/values/parse-signature';
import { type Signature, VALUE_TYPES } from '#dist/host/values/signature';
import { mutateText } from '../mutate';
import { Decisions, type Random } from '../random';
import { DECLARATIONS } from '../seeds';
import type { Outcome, Target } from '../target';
import { repeatedly } from './identify';

const LINES = [
  'export function a(x: number, y?: bigint | null): string | undefined;',
  'export function b(data: Uint8Array | number[], flag: boolean): Uint8Array;',
  'export function c(list: Float64Array | number[]): Float64Array;',
  '/** @param a `u32`\n * @returns `bool` */ export declare function d(a: number): boolean;',
  'export class P { free(): void; constructor(x: number); f(): number }',
  'declare namespace N { export function e(name: string | null): void }',
  'export function __proto__(constructor: number): void;',
  "export const s = '/* function x(): number; */';",
];
const TEXTS = [...DECLARATIONS, ...LINES];
const WORDS = [
  ...['function ', 'export ', 'declare ', '(', ')', ':', ': number', '?: ', ' | ', 'undefined', 'null', ', x: number'],
  ...[
    'string',
    'bigint',
    'Uint8Array',
    'number[]',
    '/**',
    '*/',
    '`u32`',
    '@param x',
    '//',
    "'",
    '"',
    ';',
    '{',
    '}',
    '=>',
  ],
  ...['Float32Array', 'any', 'void', '__proto__', 'Promise<number>', '\n', 'x?: number, '.repeat(40)],
];

export const declarations: Target = {
  name: 'declarations',
  weight: 8,
  make(random: Random): Uint8Array {
    return Buffer.from(repeatedly(random.pick(TEXTS), random, (text) => mutateText(text, random, TEXTS, WORDS)));
  },
  check(bytes): Outcome {
    const text = Buffer.from(bytes).toString();
    const read = readDeclarations(text);
    assert.deepEqual(readDeclarations(text), read);
    const decisions = new Decisions(bytes.subarray(-64));
    for (const [name, declared] of [...read].slice(0, 10)) {
      if (declared.kind === 'uncarried') {
        assert.ok(declared.question.length < 400, declared.question);
        continue;
      }
      const { signature } = declared;
      checkTypes(signature);
      planOver(name, signature, typeFor(signature, decisions));
    }
    return read.size > 0 ? 'accepted' : 'refused';
  },
};

function checkTypes({ parameters, results }: Signature): void {
  for (const { type } of [...parameters, ...results]) assert.ok(VALUE_TYPES.includes(type), type);
  assert.ok(results.length <= 1);
}

const SLOTS: readonly WasmType[] = ['i32', 'i64', 'f32', 'f64', 'i32', 'i32', 'externref'];

/** A type in the binary that the signature may fit: for each value one to three slots. */
function typeFor({ parameters, results }: Signature, decisions: Decisions): FunctionType {
  const most = decisions.below(4);
  const slots = (count: number): WasmType[] =>
    Array.from({ length: count * most }, () => (decisions.oneIn(4) ? decisions.pick(SLOTS) : 'i32'));
  return { parameters: slots(parameters.length), results: slots(results.length) };
}

function planOver(name: string, signature: Signature, type: FunctionType): void {
  const declared = { kind: 'signature', signature } as const;
  const refined = refine(signature, type);
  if (refined !== undefined) assert.equal(refined.parameters.length, signature.parameters.length);
  const memory = { minimum: 1, shared: false, index64: false };
  const allocate: FunctionType = { parameters: ['i32'], results: ['i32'] };
  const description: ModuleDescription = {
    ...{
      size: 0,
      hash: '',
      imports: [],
      memories: [memory],
      tables: [],
      functionCount: 1,

      hasStart: false,
    },
    ...{ customSections: [], tools: [], features: [] },
    exports: [
      { name, kind: 'function', type },
      { name: 'malloc', kind: 'function', type: allocate },
      { name: '__wbindgen_malloc', kind: 'function', type: allocate },
      { name: 'memory', kind: 'memory', limits: memory },
    ],
  };
  for (const { caller } of ABIS) {
    if (caller === undefined) continue;
    const plan = planDeclared(caller, description, { export: name, convention: 'auto' }, declared);
    if (plan !== undefined) assert.equal(typeof formatSignature(plan.signature), 'string');
  }
}
