/** What another computer says, as a part of our own sentences. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reasonText } from '#dist/yomo/reason';
import { rejectedError } from '#dist/yomo/session-end';

describe('the words of a zipper', () => {
  test('end without marks, since a sentence goes on behind them', () => {
    assert.equal(reasonText('invalid token:'), 'invalid token');
    assert.equal(reasonText(' Closed by the operator. \n'), 'Closed by the operator');
    assert.equal(reasonText('who are you?'), 'who are you?');
    assert.equal(reasonText('...'), '');
    assert.match(rejectedError('invalid token: ').message, /: invalid token\. Check the credential/);
    assert.match(rejectedError(':').message, /: it gives no reason\. /);
  });

  test('are one line, and hold no credential', () => {
    assert.equal(reasonText('one\r\ntwo\u001b[2J'), 'one two [2J');
    assert.equal(reasonText('no\u202e\u2028\u2066way\u200b\ufeff \ud800'), 'no way');
    assert.equal(reasonText('token: not-to-be-told.', 'token:not-to-be-told'), 'token: …');
  });
});
