import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeText, describeInvalidText } from '#dist/host/values/text';

/** The longest part from the start that is text: what follows it begins no character. */
function validLength(bytes: Uint8Array): number {
  let longest = 0;
  for (let length = 0; length <= bytes.length; length += 1) {
    if (decodeText(bytes.subarray(0, length)) !== undefined) longest = length;
  }
  return longest;
}

describe('bytes that are no UTF-8 are told', () => {
  const rows: [string, number[], string][] = [
    ['a byte that no text has', [0x61, 0xff], 'byte 1 (0xff)'],
    ['a continuation without a beginning', [0x80], 'byte 0 (0x80)'],
    ['a character that is cut short at the end', [0x61, 0xf0, 0x9f, 0x90], 'byte 1 (0xf0)'],
    ['a character that another one cuts short', [0xe2, 0x82, 0x61], 'byte 0 (0xe2)'],
    ['an overlong form', [0xc0, 0x80], 'byte 0 (0xc0)'],
    ['an overlong form of three bytes', [0xe0, 0x80, 0x80], 'byte 0 (0xe0)'],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80], 'byte 0 (0xed)'],
    ['what is past the last character', [0x61, 0xf4, 0x90, 0x80, 0x80], 'byte 1 (0xf4)'],
    ['a NUL before it', [0, 0xfe], 'byte 1 (0xfe)'],
  ];
  for (const [name, bytes, place] of rows) {
    test(`by the place of ${name}`, () => {
      assert.equal(decodeText(Uint8Array.from(bytes)), undefined);
      assert.equal(describeInvalidText(Uint8Array.from(bytes)), place);
    });
  }

  test('by the first place where the engine does not go on, whatever the bytes are', () => {
    const text = Buffer.from('a\u00e9\u20ac\ud7ff\ue000\u{10000}\u{1f41d}\u{10ffff}');
    let invalid = 0;
    for (let at = 0; at < text.length; at += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const bytes = Uint8Array.from(text);
        bytes[at] = byte;
        if (decodeText(bytes) !== undefined) continue;
        const length = validLength(bytes);
        const hex = (bytes[length] ?? 0).toString(16).padStart(2, '0');
        assert.equal(
          describeInvalidText(bytes),
          `byte ${String(length)} (0x${hex})`,
          Buffer.from(bytes).toString('hex'),
        );
        invalid += 1;
      }
    }
    assert.ok(invalid > 1000);
  });
});
