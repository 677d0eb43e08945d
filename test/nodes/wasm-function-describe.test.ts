/** What the editor is told of an export before anything is deployed is what a deployed node says of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CONVENTIONS } from '#dist/host/abi/adapter';
import { createWasmHost } from '#dist/host/host';
import type { InspectedCall } from '#dist/host/inspection';
import { DEFAULT_LIMITS } from '#dist/host/limits';
import type { FunctionOptions, FunctionState, WasmHost } from '#dist/host/wasm-function';
import { readingsOf } from '../../nodes/wasm-function/editor/readings';
import { Admin } from '../support/admin';
import { guestFile } from '../support/guests';

const TRIPLE = 'triple/pkg/triple_lib_bg.wasm';
const GUESTS = ['c-conventions/conventions', 'rust-bytes/guest', 'rust-bindgen/guest', 'wat/add'] as const;
const SIGNATURES = ['', '(string) -> string', '(i32, i32) -> i64', '(string, u32) -> string', '() ->'] as const;

describe('describing a module', () => {
  let admin: Admin;
  before(async () => {
    admin = await Admin.start({});
  });
  after(() => admin.stop());

  async function call(body: object): Promise<InspectedCall | undefined> {
    const { inspection } = await admin.answer<{ inspection: { call?: InspectedCall } }>('describe', body);
    return inspection.call;
  }

  async function refusal(body: object): Promise<string> {
    const answer = await call(body);
    assert.ok(answer?.kind === 'refused', JSON.stringify(answer));
    return `${answer.refusal.code}: ${answer.refusal.message}`;
  }

  test('says what the export would be called with', async () => {
    const known = { kind: 'callable', export: 'triple', signature: '(f64) → f64' };
    assert.deepEqual(await call({ file: TRIPLE, export: 'triple' }), known);
    const add = { kind: 'callable', export: 'add', signature: '(u32, u32) → u32' };
    assert.deepEqual(await call({ file: guestFile('wat/add'), signature: ' (u32, u32) -> u32 ' }), add);
    const greet = { file: guestFile('rust-bytes/guest'), export: 'greet', convention: 'packed' };
    assert.deepEqual(await call(greet), { kind: 'callable', export: 'greet', signature: '(bytes) → bytes' });
  });

  test('says why an export cannot be called with a signature or a convention', async () => {
    const triple = { file: TRIPLE, export: 'triple' };
    assert.match(await refusal({ ...triple, signature: '(string) -> string' }), /^abi: .*\(string\) → string.* fit /);
    assert.match(await refusal({ ...triple, signature: '(text' }), /^abi: /);
    const greet = { file: guestFile('rust-bytes/guest'), export: 'greet' };
    assert.match(await refusal(greet), /^abi: The binary does not tell pointers from numbers/);
    assert.match(await refusal({ ...greet, convention: 'in-place' }), /^abi: .*in-place do not fit/);
  });

  test('says that there is no such export, or that none is chosen', async () => {
    assert.match(await refusal({ file: TRIPLE, export: 'double' }), /^export: .*no "double"/);
    assert.match(await refusal({ file: guestFile('rust-bindgen/guest') }), /^export: .*none is named/);
  });

  test('says nothing of a call where the module is refused', async () => {
    assert.equal(await call({ file: guestFile('wat/imports') }), undefined);
  });

  test('refuses a convention that there is not', async () => {
    const { status } = await admin.post('describe', { file: TRIPLE, convention: 'pigeon' });
    assert.equal(status, 400);
  });
});

describe('what is said of a call', () => {
  let host: WasmHost;
  before(() => {
    host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  });
  after(() => host.close());

  for (const guest of GUESTS) {
    test(`${guest}: is what a deployed node says`, async () => {
      const file = guestFile(guest);
      const { exports, abi } = await host.inspectFile(file);
      const conventions = abi === 'bytes' ? (['auto', ...CONVENTIONS] as const) : (['auto'] as const);
      const kinds = new Set<string>();
      for (const { name } of exports) {
        for (const signature of SIGNATURES) {
          for (const convention of conventions) {
            const choice = { export: name, signature, convention } as const;
            const { call } = await host.inspectFile(file, choice);
            assert.deepEqual(said(call), await deployed({ file, ...choice }), JSON.stringify(choice));
            kinds.add(call?.kind ?? 'none');
          }
        }
      }
      assert.deepEqual([...kinds].sort(), ['callable', 'refused']);
    });

    test(`${guest}: whatever the questions of the dialog offer as an answer can be called`, async () => {
      const file = guestFile(guest);
      const { exports, abi } = await host.inspectFile(file);
      for (const item of exports.filter(({ question }) => question !== undefined)) {
        for (const { signature, convention } of readingsOf(item, abi)) {
          const { call } = await host.inspectFile(file, { export: item.name, signature, convention });
          assert.equal(call?.kind, 'callable', `${item.name} ${item.type}: ${signature} ${convention}`);
        }
      }
    });
  }

  function said(call: InspectedCall | undefined): string | undefined {
    return call?.kind === 'callable' ? `${call.export} ${call.signature}` : call?.refusal.message;
  }

  async function deployed(choice: Pick<FunctionOptions, 'file' | 'export' | 'signature' | 'convention'>) {
    const { timeout, memory } = DEFAULT_LIMITS;
    const limits = { timeout, memory, instance: 'shared', concurrency: 1, queue: 1 } as const;
    const opened = host.open({ ...choice, ...limits, abi: 'auto', result: 'auto' });
    const state = await new Promise<FunctionState>((resolve) => opened.onState(resolve));
    await opened.close();
    if (state.kind === 'loading') return undefined;
    return state.kind === 'ready' ? state.signature : state.error.message;
  }
});
