import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BOARD_CALLS, CALL_NUMBERS, CallBoard } from '#dist/host/execution/call-board';

describe('a call on the board', () => {
  test('is started by the worker or taken back by the main thread, never both', () => {
    const board = new CallBoard();
    board.announce(0);
    assert.equal(board.start(0, 1), true);
    assert.equal(board.takeBack(0), false);
    board.announce(1);
    assert.equal(board.takeBack(1), true);
    assert.equal(board.start(1, 1), false);
  });

  test('is finished by the worker or condemned by the main thread, never both', () => {
    const board = new CallBoard();
    board.announce(0);
    board.start(0, 5);
    assert.deepEqual(board.running(), { call: 0, since: 5 });
    assert.equal(board.finish(0), true);
    assert.equal(board.running(), undefined);
    assert.equal(board.condemn(0), false);
    board.announce(1);
    board.start(1, 6);
    assert.equal(board.condemn(1), true);
    assert.equal(board.finish(1), false);
  });

  test('that was taken back is not started in the name of a later one in its place', () => {
    const board = new CallBoard();
    const [early, late] = [5, 5 + BOARD_CALLS];
    board.announce(early);
    assert.equal(board.takeBack(early), true);
    board.announce(late);
    assert.equal(board.start(early, 1), false);
    assert.equal(board.start(late, 1), true);
  });

  test('may have the largest number', () => {
    const board = new CallBoard();
    board.announce(CALL_NUMBERS - 1);
    assert.equal(board.start(CALL_NUMBERS - 1, 1), true);
    assert.equal(board.finish(CALL_NUMBERS - 1), true);
  });
});
