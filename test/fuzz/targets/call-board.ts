/**
 * The ring and the claims between two threads. They hold nothing that a guest can write, so that the case is not their
 * bytes but an order of doings on both sides: records of any values, in any interleaving, come out once, in order and
 * unchanged, and the claims follow the table of `docs/architecture.md`.
 */
import assert from 'node:assert/strict';
import { BOARD_CALLS, CALL_NUMBERS, CallBoard } from '#dist/host/execution/call-board';
import type { GuestValue } from '#dist/host/values/signature';
import { Decisions, type Random } from '../random';
import type { Outcome, Target } from '../target';

interface Record {
  readonly call: number;
  readonly lane: number;
  readonly epoch: number;
  readonly values: readonly GuestValue[] | undefined;
}

export const callBoard: Target = {
  name: 'call-board',
  weight: 3,
  make: (random: Random) => random.bytes(30 + random.below(600)),
  check(bytes): Outcome {
    const decisions = new Decisions(bytes);
    // the memory of the other side is the same, its views are its own
    const board = new CallBoard();
    const other = new CallBoard(board.memory);
    const [writes, full] = interleave(board, other, decisions);
    claim(board, other, decisions);
    return writes > 0 && !full ? 'accepted' : 'refused';
  },
};

/** Writes and reads in turn. @returns how many were written, and whether it was full once */
function interleave(writer: CallBoard, reader: CallBoard, decisions: Decisions): [number, boolean] {
  const expected: Record[] = [];
  let written = 0;
  let full = false;
  const readAll = (): void => {
    reader.calls.read((call, lane, epoch, values) => {
      assert.deepEqual({ call, lane, epoch, values }, expected.shift());
    });
    assert.equal(expected.length, 0, 'a record is missing');
  };
  const doings = 2 + decisions.below(60);
  for (let doing = 0; doing < doings; doing += 1) {
    if (decisions.oneIn(5)) readAll();
    const values = decisions.list(4, () => value(decisions));
    const times = decisions.oneIn(6) ? 200 : 1;
    for (let time = 0; time < times; time += 1) {
      const record = { call: written, lane: written * 7, epoch: 3 - written, values };
      if (writer.calls.write(record.call, record.lane, record.epoch, values)) expected.push(record);
      else if (writer.calls.hasRoom()) {
        writer.calls.writeElsewhere(record.call, record.lane, record.epoch);
        expected.push({ ...record, values: undefined });
      } else full = true;
      written += 1;
    }
  }
  readAll();
  return [written, full];
}

function value(decisions: Decisions): GuestValue {
  const size = decisions.below(decisions.oneIn(5) ? 5000 : 40);
  const kinds: readonly (() => GuestValue)[] = [
    () => null,
    () => decisions.oneIn(2),
    () => decisions.pick([0, -0, NaN, Infinity, 1.5, -(2 ** 31), 2 ** 53]),
    () => decisions.pick([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]),
    () => decisions.pick(['x', 'ü', '世', '🌍', '\u0000', '\ufeff']).repeat(size),
    () => new Uint8Array(size).fill(decisions.below(256)),
  ];
  return decisions.pick(kinds)();
}

type State = 'waiting' | 'running' | 'done' | 'taken back' | 'condemned';

/** Calls whose numbers share places, one after the other, beside a table of what each doing may change. */
function claim(main: CallBoard, worker: CallBoard, decisions: Decisions): void {
  const first = decisions.pick([0, 5, CALL_NUMBERS - 2 * BOARD_CALLS, CALL_NUMBERS - BOARD_CALLS - 3]);
  for (const call of [first, first + 1, first + BOARD_CALLS]) {
    main.announce(call);
    let state = 'waiting' as State;
    const change = (done: boolean, from: State, to: State): void => {
      assert.equal(done, state === from, `${from} → ${to} while ${state}`);
      if (done) state = to;
    };
    for (let doing = decisions.below(8); doing > 0; doing -= 1) {
      switch (decisions.below(4)) {
        case 0:
          change(worker.start(call, doing), 'waiting', 'running');
          break;
        case 1:
          change(worker.finish(call), 'running', 'done');
          break;
        case 2:
          change(main.takeBack(call), 'waiting', 'taken back');
          break;
        default:
          change(main.condemn(call), 'running', 'condemned');
      }
      const running = main.running();
      assert.equal(running?.call, state === 'running' ? call : undefined);
    }
    worker.rest();
    assert.equal(main.running(), undefined);
    // a number of the same place that came before changes nothing
    if (call >= BOARD_CALLS) assert.equal(worker.start(call - BOARD_CALLS, 0), false);
  }
}
