/** The dialog's judgement of an export against the runtime's: what it takes for answered is called, the rest is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONVENTIONS, type AbiName, type Convention } from '#dist/host/abi/adapter';
import { ABIS, findAbi } from '#dist/host/abi/index';
import { inspectModule } from '#dist/host/module/inspect';
import { parseModule } from '#dist/host/module/parse';
import { parseSignature } from '#dist/host/values/parse-signature';
import { isLeftOpen } from '../../nodes/wasm-function/editor/open-question';
import { guestBytes } from '../support/guests';

const SIGNATURES = [
  '',
  '(string) -> string',
  '(bytes) -> bytes',
  '(string) -> u32',
  '(string, u32) -> string',
  '() -> string',
  '(i32, i32) -> i64',
  '(i32, i32) -> i32',
];

const MODULES: readonly (readonly [string, AbiName])[] = [
  ['c-conventions/conventions', 'bytes'],
  ['rust-bytes/guest', 'bytes'],
  ['rust-bindgen/guest', 'wasm-bindgen'],
  ['wat/add', 'numeric'],
];

describe('whether an export is left open', () => {
  for (const [guest, abi] of MODULES) {
    test(`${guest}: is judged as the runtime judges it`, async () => {
      const bytes = await guestBytes(guest);
      const description = parseModule(bytes);
      const { exports } = inspectModule(bytes, guest, ABIS, { abi, export: '' });
      const plan = findAbi(abi)?.caller?.plan;
      assert.ok(plan !== undefined && exports.length > 0);
      const isPlanned = (name: string, signature: string, convention: Convention | 'auto'): boolean => {
        try {
          const given = signature === '' ? {} : { signature: parseSignature(signature) };
          return plan(description, { export: name, convention, ...given }) !== undefined;
        } catch {
          return false;
        }
      };
      let open = 0;
      for (const item of exports.filter(({ question }) => question !== undefined)) {
        for (const signature of SIGNATURES) {
          for (const convention of abi === 'bytes' ? (['auto', ...CONVENTIONS] as const) : (['auto'] as const)) {
            const isOpen = isLeftOpen(item, abi, { signature, convention });
            const asked = `${item.name} ${item.type}: ${signature} ${convention}`;
            assert.equal(isOpen, !isPlanned(item.name, signature, convention), asked);
            if (isOpen) open += 1;
          }
        }
      }
      const isAsked = exports.some(({ question }) => question !== undefined);
      assert.equal(open > 0, isAsked);
    });
  }

  test('an export whose signature is known is not', () => {
    const known = { name: 'add', type: '(i32, i32) → i32', signature: '(i32, i32) → i32' };
    assert.equal(isLeftOpen(known, 'numeric', { signature: '', convention: 'auto' }), false);
  });

  test('a signature that cannot be read is a fault of its own', () => {
    const asked = { name: 'greet', type: '(i32, i32) → i64', question: 'Which?' };
    assert.equal(isLeftOpen(asked, 'bytes', { signature: '(text', convention: 'auto' }), false);
  });
});
