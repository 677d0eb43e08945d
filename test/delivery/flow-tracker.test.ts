import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { FlowLedger } from '#dist/delivery/flow-tracker';
import type { FlowMessage, FlowNode, Receipt } from '#dist/delivery/flow-node';
import type { FlowOutcome } from '#dist/delivery/outcome';

const OWNER = {};

function node(id: string, type = 'function', wires: string[][] = []): FlowNode {
  return { id, type, wires };
}

const source = node('source', 'mqtt-source');
const a = node('a');
const b = node('b');
const catcher = node('catcher', 'catch');

/** A runtime played by hand: events go in, turns pass when told. */
class Script {
  readonly running = new Map<string, FlowNode>([source, a, b, catcher].map((each) => [each.id, each]));
  lags = false;
  due = 0;
  readonly outcomes: Record<string, FlowOutcome> = {};
  readonly ledger = new FlowLedger({
    decideSoon: () => {
      this.due++;
    },
    isRunning: (id, wanted) => (wanted === undefined ? this.running.has(id) : this.running.get(id) === wanted),
    deliveryMayLag: () => this.lags,
  });

  follow(id: string, settle = 60, owner: object = OWNER): FlowMessage {
    void this.ledger.follow(id, settle, owner).then((outcome) => {
      this.outcomes[id] = outcome;
    });
    return { _msgid: id };
  }

  send(msg: FlowMessage, to: FlowNode, from: FlowNode = source): void {
    this.ledger.delivered(msg, from, to);
  }

  /** Lets `to` receive `msg`; `handler` is what its input handler does at once. */
  receive(msg: FlowMessage, to: FlowNode, handler: () => void = () => undefined, saysDone = true): void {
    const receipt: Receipt = { msg, destination: { node: to } };
    this.ledger.received(receipt);
    handler();
    this.ledger.handled(receipt, saysDone);
  }

  done(msg: FlowMessage, from: FlowNode, error?: unknown): void {
    this.ledger.completed(msg, from, error);
  }

  async turn(): Promise<void> {
    while (this.due > 0) {
      this.due--;
      this.ledger.decide();
    }
    await Promise.resolve();
  }

  async outcome(id: string): Promise<string | undefined> {
    await this.turn();
    return this.outcomes[id]?.kind;
  }
}

describe('a message ends when its last branch ends', () => {
  test('one node after another', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    assert.equal(await script.outcome('1'), undefined);
    script.receive(msg, a, () => {
      script.send(msg, b, a);
      script.done(msg, a);
    });
    assert.equal(await script.outcome('1'), undefined, 'on its way to b');
    script.receive(msg, b);
    assert.equal(await script.outcome('1'), undefined, 'held by b');
    script.done(msg, b);
    assert.equal(await script.outcome('1'), 'completed');
    assert.equal(script.ledger.entries, 0);
  });

  test('fan-out waits for the slowest', async () => {
    const script = new Script();
    const msg = script.follow('1');
    const clone = { ...msg };
    script.send(msg, a);
    script.send(clone, b);
    script.receive(msg, a);
    script.receive(clone, b);
    script.done(clone, b);
    assert.equal(await script.outcome('1'), undefined);
    script.done(msg, a);
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('several messages to one node are counted apart', async () => {
    const script = new Script();
    const msg = script.follow('1');
    for (let i = 0; i < 3; i++) script.send(msg, a);
    for (let i = 0; i < 3; i++) script.receive(msg, a);
    script.done(msg, a);
    script.done(msg, a);
    assert.equal(await script.outcome('1'), undefined);
    script.done(msg, a);
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('a second done of one node does not end the branch of another', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.send(msg, b);
    script.receive(msg, a);
    script.receive(msg, b);
    script.done(msg, a);
    script.done(msg, a);
    assert.equal(await script.outcome('1'), undefined);
  });

  test('a node without done is done when its handler returns', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a, () => script.send(msg, b, a), false);
    script.receive(msg, b, undefined, false);
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('done first and send second, in one turn', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a, () => {
      script.done(msg, a);
      script.send(msg, b, a);
    });
    assert.equal(await script.outcome('1'), undefined);
  });

  test('a message that goes nowhere is completed', async () => {
    const script = new Script();
    script.follow('1');
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('where deliveries may lag, a message not yet seen stays open until it settles', async () => {
    const script = new Script();
    script.lags = true;
    script.follow('1', 1);
    assert.equal(await script.outcome('1'), undefined);
    script.ledger.sweep(1);
    script.ledger.sweep(1);
    assert.equal(await script.outcome('1'), 'settled');
  });

  test('messages nobody follows leave no trace', async () => {
    const script = new Script();
    const followed = script.follow('1');
    script.send(followed, a);
    await script.turn();
    const before = script.ledger.entries;
    script.send({ _msgid: 'other' }, a);
    script.receive({ _msgid: 'other' }, a);
    script.receive({}, b);
    script.done({ _msgid: 'other' }, a, new Error('x'));
    assert.equal(script.ledger.entries, before);
  });

  test('an id in use is refused', async () => {
    const script = new Script();
    script.follow('1');
    await assert.rejects(script.ledger.follow('1', 1, OWNER), /_msgid of its own/);
  });
});

describe('messages made of a followed one', () => {
  test('parts with ids of their own are followed, and the original that lost its id', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a, () => {
      delete msg._msgid;
      script.send({ _msgid: 'part 1' }, b, a);
      script.send({ _msgid: 'part 2' }, b, a);
      script.done(msg, a);
    });
    script.receive({ _msgid: 'part 1' }, b);
    script.receive({ _msgid: 'part 2' }, b);
    script.done({ _msgid: 'part 1' }, b);
    assert.equal(await script.outcome('1'), undefined);
    script.done({ _msgid: 'part 2' }, b);
    assert.equal(await script.outcome('1'), 'completed');
    assert.equal(script.ledger.entries, 0);
  });

  test('a node that removes the id and is done later', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a, () => delete msg._msgid);
    assert.equal(await script.outcome('1'), undefined);
    script.done(msg, a);
    assert.equal(await script.outcome('1'), 'completed');
    assert.equal(script.ledger.entries, 0);
  });

  test('what another node sends meanwhile is not', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a, () => script.send({ _msgid: 'unrelated' }, b, source));
    script.send({ _msgid: 'later' }, b, a);
    script.done(msg, a);
    assert.equal(await script.outcome('1'), 'completed');
  });
});

describe('errors', () => {
  const error = Object.assign(new Error('a trap'), { code: 'trap' });

  test('one that nobody catches fails the message when its other branches have ended', async () => {
    const script = new Script();
    const msg = script.follow('1');
    const named = { ...a, type: 'wasm-function', name: 'triple' };
    script.send(msg, named);
    script.send(msg, b);
    script.receive(msg, named, () => script.done(msg, named, error));
    script.receive(msg, b);
    assert.equal(await script.outcome('1'), undefined);
    script.done(msg, b);
    await script.turn();
    assert.deepEqual(script.outcomes['1'], {
      kind: 'failed',
      error: { code: 'trap', message: 'a trap', source: 'wasm-function "triple"' },
    });
  });

  test('one that is caught: the branch behind Catch counts', async () => {
    const script = new Script();
    const msg = script.follow('1');
    const caught = { ...msg, error: { message: 'a trap', source: { id: 'a' } } };
    script.send(msg, a);
    script.receive(msg, a, () => {
      script.done(msg, a, error);
      script.receive(caught, catcher, () => {
        script.send(caught, b, catcher);
        script.done(caught, catcher);
      });
    });
    assert.equal(await script.outcome('1'), undefined);
    script.receive(caught, b);
    script.done(caught, b);
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('a Catch node that receives another error does not catch this one', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a, () => {
      script.done(msg, a, error);
      script.receive({ ...msg, error: { source: { id: 'b' } } }, catcher);
    });
    script.done(msg, catcher);
    assert.equal(await script.outcome('1'), 'failed');
  });

  test('texts and plain objects', async () => {
    for (const [given, message] of [
      ['just text', 'just text'],
      [{ code: 7, message: 'of an object' }, 'of an object'],
      [Object.create(null), '[Object: null prototype] {}'],
    ]) {
      const script = new Script();
      const msg = script.follow('1');
      script.send(msg, a);
      script.receive(msg, a, () => script.done(msg, a, given));
      await script.turn();
      assert.deepEqual(script.outcomes['1'], { kind: 'failed', error: { message, source: 'function "a"' } });
    }
  });
});

describe('the settle clock', () => {
  test('runs while nothing moves and is wound by every event', async () => {
    const script = new Script();
    const msg = script.follow('1', 3);
    script.send(msg, a);
    script.ledger.sweep(1);
    script.ledger.sweep(2);
    script.receive(msg, a);
    script.ledger.sweep(1);
    script.ledger.sweep(2);
    assert.equal(await script.outcome('1'), undefined);
    script.ledger.sweep(1);
    assert.equal(await script.outcome('1'), 'settled');
    assert.equal(script.ledger.entries, 0);
    script.done(msg, a);
    assert.equal(script.ledger.entries, 0);
  });

  for (const type of ['wasm-function', 'mqtt-sink', 'yomo-sink']) {
    test(`stands still while ${type} holds the message`, async () => {
      const script = new Script();
      const own = node('own', type);
      const msg = script.follow('1', 3);
      script.send(msg, own);
      script.receive(msg, own);
      script.send(msg, a, own);
      for (let i = 0; i < 10; i++) script.ledger.sweep(1);
      assert.equal(await script.outcome('1'), undefined);
      script.done(msg, own);
      for (let i = 0; i < 4; i++) script.ledger.sweep(1);
      assert.equal(await script.outcome('1'), 'settled');
    });
  }

  test('an uncaught error is told even if another branch never ends', async () => {
    const script = new Script();
    const msg = script.follow('1', 1);
    script.send(msg, a);
    script.send(msg, b);
    script.receive(msg, b, () => script.done(msg, b, new Error('x')));
    await script.turn();
    for (let i = 0; i < 3; i++) script.ledger.sweep(1);
    assert.equal(await script.outcome('1'), 'failed');
  });
});

describe('deploys and closing', () => {
  test('a node stopped while it holds the message', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a);
    script.ledger.deployStarts();
    script.running.set('a', node('a'));
    script.ledger.nodesStopped();
    assert.equal(await script.outcome('1'), 'abandoned');
    assert.equal(script.ledger.entries, 0);
  });

  test('a node that says done because it is closed', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a);
    script.ledger.deployStarts();
    script.running.delete('a');
    script.done(msg, a);
    assert.equal(await script.outcome('1'), 'abandoned');
  });

  test('a node that sends to one that is stopped', async () => {
    const script = new Script();
    const wired = node('wired', 'function', [['b']]);
    script.running.set('wired', wired);
    const msg = script.follow('1');
    script.send(msg, wired);
    script.receive(msg, wired);
    script.ledger.deployStarts();
    script.running.delete('b');
    script.done(msg, wired);
    assert.equal(await script.outcome('1'), 'abandoned');
  });

  test('a node that sends to one that is stopped and says done after the deploy', async () => {
    const script = new Script();
    const sentInTime = script.follow('1');
    const sentTooEarly = script.follow('2');
    for (const msg of [sentInTime, sentTooEarly]) {
      script.send(msg, a);
      script.receive(msg, a);
    }
    script.ledger.deployStarts();
    script.running.delete('b');
    script.ledger.routed(sentTooEarly, a, 'b');
    script.running.set('b', node('b'));
    script.ledger.routed(sentInTime, a, 'b');
    script.ledger.deployEnds();
    script.done(sentInTime, a);
    script.done(sentTooEarly, a);
    assert.equal(await script.outcome('1'), 'completed');
    assert.equal(await script.outcome('2'), 'abandoned');
  });

  test('a wire that leads nowhere is no loss, but during a deploy', async () => {
    const script = new Script();
    const msg = script.follow('1');
    script.send(msg, a);
    script.receive(msg, a);
    script.ledger.routed(msg, a, 'never there');
    script.done(msg, a);
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('nodes that a deploy leaves alone go on, and after it nothing is doubted', async () => {
    const script = new Script();
    const wired = node('wired', 'function', [['removed']]);
    script.running.set('wired', wired);
    const first = script.follow('1');
    const second = script.follow('2');
    script.send(first, a);
    script.receive(first, a);
    script.send(second, wired);
    script.receive(second, wired);
    script.ledger.deployStarts();
    script.ledger.nodesStopped();
    script.done(first, a);
    script.ledger.deployEnds();
    script.done(second, wired);
    assert.equal(await script.outcome('1'), 'completed');
    assert.equal(await script.outcome('2'), 'completed');
  });

  test('our own nodes hand over what they hold before they close', async () => {
    const script = new Script();
    const own = node('own', 'wasm-function', [['a']]);
    const msg = script.follow('1');
    script.send(msg, own);
    script.receive(msg, own);
    script.ledger.deployStarts();
    script.send(msg, a, own);
    script.done(msg, own);
    script.receive(msg, a);
    script.done(msg, a);
    script.ledger.nodesStopped();
    assert.equal(await script.outcome('1'), 'completed');
  });

  test('an owner gives up its own messages only', async () => {
    const script = new Script();
    const other = {};
    script.send(script.follow('1'), a);
    script.send(script.follow('2', 60, other), a);
    script.ledger.abandon(other);
    assert.equal(await script.outcome('2'), 'abandoned');
    assert.equal(await script.outcome('1'), undefined);
    assert.equal(script.ledger.size, 1);
  });
});

test('100,000 messages open at once leave nothing behind', async () => {
  const script = new Script();
  const COUNT = 100_000;
  const messages = Array.from({ length: COUNT }, (_, i) => script.follow(`m${String(i)}`));
  for (const msg of messages) script.send(msg, a);
  await script.turn();
  for (const msg of messages) script.receive(msg, a, () => script.send({ _msgid: `${String(msg._msgid)} part` }, b, a));
  await script.turn();
  assert.equal(script.ledger.size, COUNT);
  assert.equal(script.ledger.entries, COUNT * 3, 'one record and two ids each');
  script.ledger.sweep(1);
  for (const msg of messages) {
    script.done(msg, a);
    const part = { _msgid: `${String(msg._msgid)} part` };
    script.receive(part, b);
    script.done(part, b);
  }
  await script.turn();
  await Promise.resolve();
  assert.equal(script.ledger.entries, 0);
  assert.equal(Object.values(script.outcomes).filter(({ kind }) => kind === 'completed').length, COUNT);
});
