import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identify } from '#dist/host/module/identify';
import { HEADER } from '../../support/wasm-builder';

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

test('a core module and a component are told by their headers', () => {
  assert.deepEqual(identify(Uint8Array.from(HEADER)), { kind: 'core' });
  assert.deepEqual(identify(Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])), { kind: 'component' });
});

const tar = new Uint8Array(512);
tar.set(latin1('ustar'), 257);

const OTHERS: readonly (readonly [what: string, bytes: Uint8Array, kind: RegExp, remedy: RegExp])[] = [
  ['nothing', new Uint8Array(0), /empty file/, /Copy or download/],
  ['two bytes of a module', latin1('\0a'), /cut short/, /Copy or download/],
  ['seven bytes of a module', latin1('\0asm\x01\0\0'), /cut short/, /Copy or download/],
  ['a module of version 2', latin1('\0asm\x02\0\0\0'), /another version/, /current compiler/],
  ['a component of an older draft', latin1('\0asm\x0a\0\x01\0'), /component of an older draft/, /current tools/],
  ['a ZIP archive', latin1('PK\x03\x04secret'), /ZIP/, /Unpack/],
  ['an empty ZIP archive', latin1('PK\x05\x06secret'), /ZIP/, /Unpack/],
  ['gzip', Uint8Array.from([0x1f, 0x8b, 8, 0]), /gzip/, /Unpack/],
  ['xz', Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /xz/, /Unpack/],
  ['Zstandard', Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd]), /Zstandard/, /Unpack/],
  ['bzip2', latin1('BZh91AY'), /bzip2/, /Unpack/],
  ['tar', tar, /tar archive/, /Unpack/],
  ['HTML', latin1('\n  <!DOCTYPE html><title>secret</title>'), /web page/, /direct address/],
  ['HTML without doctype', latin1('<html lang="en">secret'), /web page/, /direct address/],
  ['XML', latin1('<?xml version="1.0"?><Error>secret</Error>'), /XML/, /\.wasm file/],
  ['WAT', latin1('(module (func $secret))'), /text \(\.wat\)/, /wat2wasm/],
  ['WAT after a comment', latin1(';; secret\n(module)'), /text \(\.wat\)/, /wat2wasm/],
  ['WAT in UTF-8 with a mark', latin1('\xef\xbb\xbf(module)'), /text \(\.wat\)/, /wat2wasm/],
  ['WAT in UTF-16', Uint8Array.from(Buffer.from('\ufeff(module)', 'utf16le')), /text \(\.wat\)/, /wat2wasm/],
  ['ELF', latin1('\x7fELF\x02secret'), /ELF/, /wasm32/],
  ['Mach-O', Uint8Array.from([0xcf, 0xfa, 0xed, 0xfe, 7]), /Mach-O/, /wasm32/],
  ['a universal binary', Uint8Array.from([0xca, 0xfe, 0xba, 0xbe]), /universal binary/, /wasm32/],
  ['PE', latin1('MZ\x90\0'), /Windows/, /wasm32/],
  ['bitcode', Uint8Array.from([0x42, 0x43, 0xc0, 0xde]), /LLVM bitcode/, /wasm32/],
  ['a static library', latin1('!<arch>\nsecret.o/'), /static library/, /cdylib/],
  [
    'a Git LFS pointer',
    latin1('version https://git-lfs.github.com/spec/v1\noid sha256:secret'),
    /Git LFS/,
    /git lfs pull/,
  ],
  ['base64', latin1('AGFzbQEAAAAsecret'), /base64/, /base64 -d/],
  ['JSON', latin1('{"secret": 1}'), /JSON/, /\.wasm file/],
  ['a JSON list', latin1('[\n  1, 2]'), /JSON/, /\.wasm file/],
  ['JavaScript', latin1('"use strict";\nlet secret;'), /JavaScript/, /_bg\.wasm/],
  ['TypeScript', latin1('export function secret(): void;'), /JavaScript/, /_bg\.wasm/],
  ['JavaScript after a comment', latin1('/* secret */ module.exports = {}'), /JavaScript/, /_bg\.wasm/],
  ['JavaScript behind #!', latin1('#!/usr/bin/env node\nsecret()'), /JavaScript/, /\.wasm file/],
  [
    'C',
    latin1('#include <stdint.h>\nint secret;'),
    /^C or C\+\+ source code$/,
    /^Compile it first: `clang --target=wasm32/,
  ],
  ['C after a comment', latin1('/* secret */\n// more\n\ndouble secret(double a)'), /^C or C\+\+ source/, /clang/],
  ['C with a qualifier', latin1('static const unsigned char secret[] = {'), /^C or C\+\+ source/, /clang/],
  ['Rust', latin1('use wasm_bindgen::prelude::*;\n'), /^Rust source code$/, /wasm-pack build/],
  ['Rust after a comment', latin1('//! secret\n\npub fn secret() {'), /^Rust source code$/, /wasm-pack build/],
  ['Rust with an attribute', latin1('#![no_std]\n'), /^Rust source code$/, /wasm-pack build/],
  ['a Rust constant', latin1('const SECRET: u32 = 1;'), /^Rust source code$/, /wasm-pack build/],
  ['Go', latin1('// secret\npackage main\n'), /^Go source code$/, /tinygo build/],
  ['Zig', latin1('const std = @import("std");'), /^Zig source code$/, /zig build-exe/],
  ['a Zig function', latin1('export fn secret(a: f64) f64 {'), /^Zig source code$/, /zig build-exe/],
  ['AssemblyScript', latin1('export function secret(a: f64): f64 {'), /TypeScript/, /asc/],
  ['a JavaScript constant', latin1("const secret = require('fs');"), /JavaScript/, /_bg\.wasm/],
  ['a TypeScript constant', latin1('const SECRET: string = 1;'), /TypeScript/, /_bg\.wasm/],
  ['a program that is all comment', latin1('/* secret'), /^source code$/, /wasm32/],
  ['a script', latin1('#!/bin/sh\necho secret'), /script/, /\.wasm file/],
  ['other text', latin1('404: secret not found'), /text file/, /\.wasm file/],
  ['other bytes', Uint8Array.from([1, 2, 3, 4, 0, 0, 0, 0xff]), /no WebAssembly file/, /\.wasm file/],
];

describe('any other file is refused by what it looks like', () => {
  for (const [what, bytes, kind, remedy] of OTHERS) {
    test(what, () => {
      const identified = identify(bytes);
      assert.ok(identified.kind === 'other');
      const { refusal } = identified;
      assert.match(refusal.kind, kind);
      assert.match(refusal.remedy, remedy);
      assert.ok(refusal.because.length > 0);
      assert.doesNotMatch(JSON.stringify(refusal), /secret/, 'what the file holds is not repeated');
    });
  }
});

test('a character that the look at the start cuts in two is no sign of another file', () => {
  const text = `// ${'x'.repeat(1020)}é`;
  const identified = identify(Uint8Array.from(Buffer.from(text)));
  assert.ok(identified.kind === 'other');
  assert.match(identified.refusal.kind, /^source code$/);
});
