/** Modules that are made to cost whoever reads or compiles them as much as can be. */
import * as op from './instructions';
import { HEADER, leb, rawModule, section, text } from './wasm-builder';

const TYPES = [1, 0x60, 1, 0x7f, 1, 0x7f];
const EXPORT = [1, ...text('f'), 0, 0];
const MOST = [0xff, 0xff, 0xff, 0xff, 0x0f];

function bytesOf(id: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(id, ...leb(content.length)), content]);
}

function repeated(bytes: readonly number[], times: number): Uint8Array {
  return Buffer.alloc(bytes.length * times, Uint8Array.from(bytes));
}

/** `f(i32) → i32` with this body, and functions after it that are all alike. */
function withBody(locals: readonly number[], code: Uint8Array, others = 0): Uint8Array {
  const body = Buffer.concat([Uint8Array.from(locals), code, Uint8Array.of(...op.i32(7), 0x0b)]);
  return Buffer.concat([
    Uint8Array.from(HEADER),
    Uint8Array.from(section(1, TYPES)),
    bytesOf(3, Uint8Array.from(leb(others + 1)), new Uint8Array(others + 1)),
    Uint8Array.from(section(7, EXPORT)),
    bytesOf(
      10,
      Uint8Array.from([...leb(others + 1), ...leb(body.length)]),
      body,
      repeated([4, 0, ...op.i32(7), 0x0b], others),
    ),
  ]);
}

const NO_LOCALS = [0];
const locals = (count: number): number[] => [1, ...leb(count), 0x7f];

/** MB. */
const LARGEST = process.env.TEST_LONG === undefined ? 3 : 30;

export interface Bomb {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Absent where it is a module like any other, only large. */
  readonly says?: RegExp;
}

function bomb(name: string, says: RegExp | undefined, bytes: Uint8Array): Bomb {
  return says === undefined ? { name, bytes } : { name, bytes, says };
}

/** Each is made when it is needed: some are large. */
export function compileBombs(): Bomb[] {
  const nested = Buffer.concat([repeated([...op.localGet(0), 0x04, op.EMPTY], 4000), repeated(op.END, 4000)]);
  const blocks = Buffer.concat([repeated([0x02, op.EMPTY], 100_000), repeated(op.END, 100_000)]);
  const targets = Buffer.concat([
    Uint8Array.from([0x02, op.EMPTY, ...op.localGet(0), 0x0e, ...leb(900_000)]),
    new Uint8Array(900_001),
    Uint8Array.from(op.END),
  ]);
  const wide = [1, 0x60, ...leb(1000), ...new Array<number>(1000).fill(0x7f), 0];
  const imports = Array.from({ length: 20_000 }, (_, index) => [...text('m'), ...text(String(index)), 0, 0]);
  return [
    bomb('900000-functions', undefined, withBody(NO_LOCALS, new Uint8Array(0), 900_000)),
    bomb(
      `one-body-of-${LARGEST}-MB`,
      /at most 1048576 are compiled/,
      withBody(NO_LOCALS, repeated([...op.i32(0), ...op.DROP], (LARGEST * 1_000_000) / 3)),
    ),
    bomb(
      'a-million-branches',
      /too many branches|at most 1048576/,
      withBody(locals(1000), repeated([...op.localGet(0), ...op.when()], 200_000)),
    ),
    bomb('49000-locals-in-4000-branches', /49001 locals\) would take/, withBody(locals(49_000), nested)),
    bomb('100000-nested-blocks', undefined, withBody(NO_LOCALS, blocks)),
    bomb('branch-table-of-900000', /br_table|invalid|not valid/i, withBody(NO_LOCALS, targets)),
    bomb('4-billion-locals', /would take|local/, withBody([1, ...MOST, 0x7f], new Uint8Array(0))),
    bomb('4-billion-types', /4294967295 types are declared/, rawModule(section(1, MOST))),
    bomb('4-billion-functions', /4294967295 functions/, rawModule(section(1, TYPES), section(3, MOST))),
    bomb('4-billion-exports', /4294967295 exports/, rawModule(section(1, TYPES), section(7, MOST))),
    bomb('4-billion-bodies', /4294967295 function bodies|left/, rawModule(section(1, TYPES), section(10, MOST))),
    bomb('a-section-of-4-GB', /takes 4294967295 bytes/, rawModule([1, ...MOST])),
    bomb(
      '20000-imports-of-1000-values',
      /19995 more/,
      Buffer.concat([
        Uint8Array.from([...HEADER, ...section(1, wide)]),
        bytesOf(2, Uint8Array.from(leb(imports.length)), ...imports.map((item) => Uint8Array.from(item))),
      ]),
    ),
    bomb(
      'names-of-5-MB',
      /names of its imports and exports take more than 4 MiB/,
      Buffer.concat([
        Uint8Array.from([...HEADER, ...section(1, TYPES), ...section(3, [1, 0])]),
        bytesOf(
          7,
          Uint8Array.from(leb(50)),
          ...Array.from({ length: 50 }, (_, index) =>
            Uint8Array.from([...text(`${String(index)}`.padEnd(99_000, 'x')), 0, 0]),
          ),
        ),
      ]),
    ),
  ];
}
