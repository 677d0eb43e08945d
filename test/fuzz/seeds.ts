/** The modules that mutations start from: the committed guests, and some by hand with what no guest has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { module, producers, targetFeatures } from '../support/wasm-builder';
import { type Sections, skeleton, takeApart } from './mutate-module';

const repository = join(__dirname, '..', '..');
const guestFolder = join(repository, 'test', 'guests');

export interface SeedModule {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Every committed module, as `wat/add`. */
export const GUESTS: readonly SeedModule[] = [
  ...readdirSync(guestFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.wasm'))
    .sort()
    .map((name) => ({
      name: name.slice(0, -'.wasm'.length),
      bytes: new Uint8Array(readFileSync(join(guestFolder, name))),
    })),
  {
    name: 'triple',
    bytes: new Uint8Array(readFileSync(join(repository, 'triple', 'pkg', 'triple_lib_bg.wasm'))),
  },
];

/** Declarations that stand beside them. */
export const DECLARATIONS: readonly string[] = [
  join(guestFolder, 'assemblyscript-numbers', 'numbers.d.ts'),
  join(guestFolder, 'assemblyscript-text', 'text.d.ts'),
  join(guestFolder, 'rust-bindgen', 'guest.d.ts'),
  join(repository, 'triple', 'pkg', 'triple_lib.d.ts'),
].map((file) => readFileSync(file, 'utf8'));

const HANDMADE: readonly Uint8Array[] = [
  module({
    types: [
      [0x4e, 1, 0x50, 0, 0x5f, 1, 0x7f, 1],
      [0x4f, 0, 0x5e, 0x78, 0],
    ],
    imports: [
      { module: 'env', name: 'a', parameters: ['i32'] },
      { module: 'env', name: 'm', kind: 'memory', minimum: 1 },
      { module: 'env', name: 't', kind: 'table', minimum: 1, maximum: 2 },
      { module: 'env', name: 'g', kind: 'global', type: 'i64' },
    ],
    functions: [
      { export: 'f', parameters: ['i32', 'i64', 'f32', 'f64'], results: ['i32', 'i32'] },
      { export: 'g', results: ['externref'] },
    ],
    tables: [
      { minimum: 1, initialised: true },
      { minimum: 3, maximum: 20 },
    ],
    memories: [{ minimum: 1 }, { minimum: 1, maximum: 3 }, { minimum: 1, index64: true }],
    tags: [{ parameters: ['i32'] }],
    globals: [{ type: 'i32' }, { type: 'v128' }],
    exports: [
      { name: 'memory', kind: 'memory', index: 1 },
      { name: 'global', kind: 'global', index: 1 },
      { name: 'tag', kind: 'tag', index: 0 },
    ],
    start: 0,
    custom: [producers({ language: [['C', '11']], sdk: [['x', 'y']] }), targetFeatures(['+gc', '-simd128'])],
  }),
  module({
    functions: [
      { export: 'f', parameters: ['i32', 'externref'], results: ['i32'], body: [0x20, 0, 0x20, 1, 0x12, 0] },
      { locals: ['f64', 'v128'], body: [0x41, 0, 0x13, 1, 0] },
    ],
    tables: [{ minimum: 1 }],
    globals: [{ type: 'i32', mutable: true }],
    elements: [{ offset: 0, functions: [1] }],
  }),
  // what every Node since 20 accepts, so that the engine can be asked
  module({
    imports: [{ module: '__proto__', name: 'constructor', parameters: ['externref'], results: ['f32'] }],
    functions: [
      { export: 'f', parameters: ['i32', 'i64', 'f32', 'f64'], results: ['i32', 'i32'] },
      { export: '__proto__', parameters: ['v128'], results: ['externref'] },
      {},
    ],
    tables: [
      { minimum: 3, maximum: 20 },
      { minimum: 1, element: 'externref' },
    ],
    memories: [{ minimum: 2, maximum: 30 }],
    globals: [{ type: 'i32', mutable: true }, { type: 'f64' }, { type: 'v128' }, { type: 'externref' }],
    exports: [
      { name: 'memory', kind: 'memory', index: 0 },
      { name: 'table', kind: 'table', index: 1 },
      { name: 'global', kind: 'global', index: 0 },
    ],
    start: 3,
    custom: [
      producers({ language: [['Rust', '']], 'processed-by': [['rustc', '1.95.0']] }),
      targetFeatures(['+simd128']),
    ],
  }),
  module({ memories: [{ minimum: 1, maximum: 2, shared: true }], tables: [{ minimum: 0 }] }),
  module({ memories: [{ minimum: 0 }, { minimum: 3 }, { minimum: 1, maximum: 65536 }] }),
  module({
    imports: [
      {
        module: 'wasi_snapshot_preview1',
        name: 'fd_write',
        parameters: ['i32', 'i32', 'i32', 'i32'],
        results: ['i32'],
      },
    ],
    functions: [{ export: '_start' }, { export: '_initialize' }],
  }),
];

/** Without code: what is read of a module is before it. */
export const MODULES: readonly Sections[] = [...GUESTS.map(({ bytes }) => skeleton(bytes)), ...HANDMADE].map(takeApart);
