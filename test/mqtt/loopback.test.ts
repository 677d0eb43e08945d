import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLoopback } from '#dist/mqtt/loopback';

describe('whether an address is this machine only', () => {
  for (const [address, expected] of [
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.255.10.99', true],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['::2', false],
    ['::ffff:10.0.0.1', false],
    ['127.0.0.256', false],
    ['127.0.0', false],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com', false],
    ['10.127.0.0.1', false],
    [':', false],
    ['', false],
  ] as const) {
    test(`"${address}" ${expected ? 'is' : 'is not'}`, () => {
      assert.equal(isLoopback(address), expected);
    });
  }
});
