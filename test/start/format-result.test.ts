import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repository } from '../support/node-red';

describe('a result in the terminal', () => {
  let formatResult: (text: string, numeric: boolean) => string;

  before(async () => {
    const script = pathToFileURL(join(repository, 'scripts', 'start', 'result-lines.mjs')).href;
    ({ formatResult } = (await import(script)) as { formatResult: (text: string, numeric: boolean) => string });
  });

  const numbers: [string, string][] = [
    ['481.1279', '+4.811279e+002'],
    ['0', '+0.000000e+000'],
    ['-0', '-0.000000e+000'],
    ['-1.5', '-1.500000e+000'],
    ['1e-7', '+1.000000e-007'],
    ['9.9999999', '+1.000000e+001'],
    ['1e+300', '+1.000000e+300'],
    ['Infinity', '+Inf'],
    ['-Infinity', '-Inf'],
  ];
  for (const [text, line] of numbers) {
    test(`${text} is ${line}`, () => {
      assert.equal(formatResult(text, true), line);
    });
  }

  test('text that looks like a number is text where the function returns text', () => {
    for (const text of ['481.1279', '007', '1e3', 'Infinity', '-0']) assert.equal(formatResult(text, false), text);
  });

  test('what is no number is printed as it came, on one line and without control characters', () => {
    for (const numeric of [true, false]) {
      assert.equal(formatResult('{"level":"loud"}', numeric), '{"level":"loud"}');
      assert.equal(formatResult('a\u001b[2Jb\nc', numeric), 'a [2Jb c');
      assert.equal(formatResult('NaN', numeric), 'NaN');
      assert.equal(formatResult('', numeric), '');
      assert.match(formatResult('x'.repeat(5000), numeric), /^x{200} … \(5000 characters\)$/);
    }
  });
});
