/**
 * Files that are no module. Seeds: the first bytes and words of every kind that is known, and source code in several
 * languages. The answer is one of three kinds, the same each time, and a refusal says what, why and what to do.
 */
import assert from 'node:assert/strict';
import { identify } from '#dist/host/module/identify';
import { join, mutateBytes, mutateText } from '../mutate';
import type { Random } from '../random';
import type { Outcome, Target } from '../target';

const TEXTS = [
  '(module (func (export "f")))',
  ';; comment\n(component)',
  '<!doctype html><html><body>404</body></html>',
  '<?xml version="1.0"?><a/>',
  'AGFzbQEAAAA=',
  '{ "a": [1, 2, {}] }',
  '[1, true, null]',
  '#!/usr/bin/env node\nconsole.log(1)',
  '#!/bin/sh\nexit 1',
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a',
  '// a comment\n/* another */ pub fn triple(x: f64) -> f64 { x * 3.0 }',
  'use wasm_bindgen::prelude::*;\n#[wasm_bindgen]\npub fn f() {}',
  'const std = @import("std");\nexport fn add(a: i32, b: i32) i32 { return a + b; }',
  'package main\n\nfunc main() {}',
  '#include <stdint.h>\nint32_t add(int32_t a, int32_t b) { return a + b; }',
  'static unsigned  const \t\n  char x;',
  "'use strict';\nexport function f() {}",
  '\ufeffplain words, grüße',
];
const WORDS = [
  '/*',
  '*/',
  '//',
  '\n',
  ' ',
  'static ',
  'pub ',
  'fn ',
  'const ',
  '<!',
  '{',
  '[',
  '(module',
  '#',
  '\u0000',
  '\ufeff',
];
const STARTS: readonly Uint8Array[] = [
  Uint8Array.of(),
  Uint8Array.of(0, 0x61, 0x73),
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x01),
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0a, 0, 1, 0),
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x01, 0, 0, 0),
  Uint8Array.of(0x1f, 0x8b, 8),
  Uint8Array.of(0xcf, 0xfa, 0xed, 0xfe),
  Uint8Array.of(0xff, 0xfe, 0x28, 0, 0x6d, 0),
  Uint8Array.of(0xfe, 0xff, 0, 0x3c),
  ...['PK\u0003\u0004', 'BZh', 'MZ', '!<arch>\n', '\u007fELF'].map((start) => new Uint8Array(Buffer.from(start))),
  join(new Uint8Array(257), Buffer.from('ustar')),
];

export const identification: Target = {
  name: 'identify',
  weight: 8,
  make(random: Random): Uint8Array {
    if (random.oneIn(3)) return repeatedly(random.pick(STARTS), random, (bytes) => mutateBytes(bytes, random));
    return Buffer.from(repeatedly(random.pick(TEXTS), random, (text) => mutateText(text, random, TEXTS, WORDS)));
  },
  check(bytes): Outcome {
    const found = identify(bytes);
    assert.deepEqual(identify(bytes), found);
    if (found.kind !== 'other') {
      assert.deepEqual([...bytes.subarray(0, 4)], [0x00, 0x61, 0x73, 0x6d]);
      return 'accepted';
    }
    const { kind, because, remedy } = found.refusal;
    for (const part of [kind, because, remedy]) assert.ok(part.length > 3 && part.length < 400, part);
    return 'refused';
  },
};

/** One to four changes, one after the other. */
export function repeatedly<T>(start: T, random: Random, change: (from: T) => T): T {
  let changed = start;
  for (let times = 1 + random.below(4); times > 0; times -= 1) changed = change(changed);
  return changed;
}
