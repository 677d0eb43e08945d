/** Every kind of flow that is followed, in a real Node-RED: one process, all flows deployed at once. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { trackerFor, type Runtime } from '#dist/delivery/node-red-tracker';
import { eventually, NodeRed, repository } from '../support/node-red';

type Config = Record<string, unknown> & { id: string; type: string };

/** Seconds without progress in flows that are expected to settle; the others never come near. */
const SHORT = 0.5;
const LONG = 60;

/** A flow on a tab of its own: its nodes' ids are given this prefix, and `source` and `arrived` are there already. */
class TestFlow {
  readonly nodes: Config[];

  constructor(
    readonly id: string,
    first: string[],
    nodes: Config[],
    readonly settle = LONG,
    /** Nodes without `z`: subflow definitions, groups of other tabs. */
    private readonly global: Config[] = [],
  ) {
    this.nodes = [
      { id: 'source', type: 'follow-source', settle, wires: [first] },
      { id: 'arrived', type: 'follow-arrived', wires: [] },
      ...nodes,
    ];
  }

  get source(): string {
    return `${this.id}.source`;
  }

  config(): object[] {
    const own = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(own);
      return typeof value === 'string' && this.nodes.some(({ id }) => id === value) ? `${this.id}.${value}` : value;
    };
    const placed = this.nodes.map(({ id, wires = [], scope, links, g, nodes, ...rest }) => ({
      ...rest,
      id: own(id),
      z: this.id,
      // Without a place on the canvas the runtime takes it for a configuration node.
      x: 0,
      y: 0,
      wires: own(wires),
      ...(scope === undefined ? {} : { scope: own(scope) }),
      ...(links === undefined ? {} : { links: own(links) }),
      ...(g === undefined ? {} : { g: own(g) }),
      ...(nodes === undefined ? {} : { nodes: own(nodes) }),
    }));
    return [{ id: this.id, type: 'tab', label: this.id }, ...this.global, ...placed];
  }
}

interface Outcome {
  kind: string;
  arrivals: number;
  error?: { code?: string; message: string; source?: string };
  attempts?: number;
  waits?: number[];
  warnings?: number;
}

const flows: TestFlow[] = [];
let nodeRed: NodeRed;

async function run(flow: TestFlow, msg: object = { payload: 'x' }): Promise<Outcome> {
  return nodeRed.json<Outcome>(`/follow-test/${flow.source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(msg),
  });
}

interface State {
  waiting: number;
  followed: Record<string, number>;
  sources: number;
  hooks: string[];
  listeners: number[];
}
const state = () => nodeRed.json<State>('/follow-state');

/** Declares a flow and what becomes of a message in it. */
function row(
  name: string,
  expected: Partial<Outcome>,
  first: string[],
  nodes: Config[],
  options: { msg?: object; settle?: number; global?: Config[] } = {},
): void {
  const flow = new TestFlow(`flow${String(flows.length)}`, first, nodes, options.settle, options.global);
  flows.push(flow);
  test(name, async () => {
    const outcome = await run(flow, options.msg);
    assert.deepEqual({ ...outcome, ...expected }, outcome, JSON.stringify(outcome));
  });
}

const func = (id: string, code: string, ...wires: string[][]): Config => ({
  id,
  type: 'function',
  func: code,
  outputs: wires.length,
  timeout: 0,
  noerr: 0,
  initialize: '',
  finalize: '',
  libs: [],
  wires,
});
const pass = (id: string, ...to: string[]): Config => func(id, 'return msg;', to);
const odd = (id: string, does: string, ...to: string[]): Config => ({ id, type: 'follow-node', does, wires: [to] });
const link = (id: string, type: string, links: string[], rest: object = {}): Config => ({ id, type, links, ...rest });
const catchAll = (id: string, rest: object, ...to: string[]): Config => ({
  id,
  type: 'catch',
  scope: null,
  uncaught: false,
  ...rest,
  wires: [to],
});
const split: Config = { id: 'split', type: 'split', splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len' };
const join_: Config = { id: 'join', type: 'join', mode: 'auto', build: 'string', count: '', joiner: '\\n' };
const trigger = (rest: object): Config => ({
  id: 'trigger',
  type: 'trigger',
  op1: '1',
  op2: '0',
  op1type: 'str',
  op2type: 'nul',
  duration: '50',
  units: 'ms',
  bytopic: 'all',
  topic: 'topic',
  outputs: 1,
  wires: [['arrived']],
  ...rest,
});
const rules = [{ t: 'eq', v: 'x', vt: 'str' }];
const ENDED = { kind: 'completed', arrivals: 1 };

describe('followed in a real Node-RED', () => {
  before(async () => {
    nodeRed = await NodeRed.start({
      packageFolder: join(repository, 'test', 'delivery', 'fixture'),
      flows: flows.flatMap((flow) => flow.config()),
      settings: { nodeCloseTimeout: 2000 },
    });
  });
  after(async () => {
    await nodeRed.stop();
  });

  describe('nodes of one way', { concurrency: 8 }, () => {
    row('straight to the end', ENDED, ['arrived'], []);
    row('nothing wired to the source', { kind: 'completed', arrivals: 0 }, [], []);
    row('a disabled node', { kind: 'completed', arrivals: 0 }, ['off'], [{ ...pass('off', 'arrived'), d: true }]);
    row('function', ENDED, ['f'], [pass('f', 'arrived')]);
    row(
      'function that returns a new object',
      ENDED,
      ['f'],
      [func('f', 'return { payload: 1, source: msg.source };', ['arrived'])],
    );
    row(
      'asynchronous function with node.done',
      ENDED,
      ['f'],
      [func('f', 'setTimeout(() => { node.send(msg); node.done(); }, 100);', ['arrived'])],
    );
    row(
      'async function that awaits',
      ENDED,
      ['f'],
      [func('f', 'await new Promise((resolve) => setTimeout(resolve, 100)); return msg;', ['arrived'])],
    );
    row(
      'function that drops the message',
      { kind: 'completed', arrivals: 0 },
      ['f'],
      [func('f', 'return null;', ['arrived'])],
    );
    row(
      'change',
      ENDED,
      ['n'],
      [
        {
          id: 'n',
          type: 'change',
          rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '1', tot: 'num' }],
          wires: [['arrived']],
        },
      ],
    );
    row(
      'template',
      ENDED,
      ['n'],
      [
        {
          id: 'n',
          type: 'template',
          field: 'payload',
          fieldType: 'msg',
          syntax: 'mustache',
          template: '{{payload}}',
          output: 'str',
          wires: [['arrived']],
        },
      ],
    );
    row(
      'range',
      ENDED,
      ['n'],
      [
        {
          id: 'n',
          type: 'range',
          minin: 0,
          maxin: 10,
          minout: 0,
          maxout: 100,
          action: 'scale',
          property: 'payload',
          wires: [['arrived']],
        },
      ],
      { msg: { payload: 5 } },
    );
    row('json', ENDED, ['n'], [{ id: 'n', type: 'json', property: 'payload', action: '', wires: [['arrived']] }], {
      msg: { payload: '{"a":1}' },
    });
    row(
      'delay',
      ENDED,
      ['n'],
      [
        {
          id: 'n',
          type: 'delay',
          pauseType: 'delay',
          timeout: '100',
          timeoutUnits: 'milliseconds',
          rate: '1',
          nbRateUnits: '1',
          rateUnits: 'second',
          wires: [['arrived']],
        },
      ],
    );
    row(
      'exec',
      { kind: 'completed', arrivals: 2 },
      ['n'],
      [
        {
          id: 'n',
          type: 'exec',
          command: 'exit 0',
          addpay: '',
          append: '',
          useSpawn: 'false',
          timer: '',
          wires: [['arrived'], [], ['arrived']],
        },
      ],
    );
    row(
      'switch',
      ENDED,
      ['n'],
      [{ id: 'n', type: 'switch', property: 'payload', propertyType: 'msg', rules, outputs: 1, wires: [['arrived']] }],
    );
    row(
      'switch that matches nothing',
      { kind: 'completed', arrivals: 0 },
      ['n'],
      [{ id: 'n', type: 'switch', property: 'payload', propertyType: 'msg', rules, outputs: 1, wires: [['arrived']] }],
      { msg: { payload: 'y' } },
    );
    row(
      'filter (rbe)',
      ENDED,
      ['n'],
      [{ id: 'n', type: 'rbe', func: 'rbe', property: 'payload', wires: [['arrived']] }],
    );
    row(
      'debug',
      { kind: 'completed', arrivals: 0 },
      ['n'],
      [{ id: 'n', type: 'debug', active: false, complete: 'payload' }],
    );
    row('junction', ENDED, ['n'], [{ id: 'n', type: 'junction', wires: [['arrived']] }]);
  });

  describe('branches', { concurrency: 8 }, () => {
    row(
      'fan-out to three',
      { kind: 'completed', arrivals: 3 },
      ['a', 'b', 'c'],
      [
        pass('a', 'arrived'),
        func('b', 'setTimeout(() => { node.send(msg); node.done(); }, 100);', ['arrived']),
        pass('c', 'arrived'),
      ],
    );
    row(
      'function that sends several',
      { kind: 'completed', arrivals: 3 },
      ['f'],
      [func('f', 'return [[msg, { payload: 2, source: msg.source }], msg];', ['arrived'], ['arrived'])],
    );
    row(
      'link out to link in',
      ENDED,
      ['out'],
      [link('out', 'link out', ['in'], { mode: 'link' }), link('in', 'link in', ['out'], { wires: [['arrived']] })],
    );
    row(
      'link call and return',
      ENDED,
      ['call'],
      [
        link('call', 'link call', ['in'], { linkType: 'static', timeout: '30', wires: [['arrived']] }),
        link('in', 'link in', [], { wires: [['f']] }),
        func('f', 'setTimeout(() => { node.send(msg); node.done(); }, 50);', ['return']),
        link('return', 'link out', [], { mode: 'return' }),
      ],
    );
    row(
      'link call without an answer, caught',
      ENDED,
      ['call'],
      [
        link('call', 'link call', ['in'], { linkType: 'static', timeout: '0.1', wires: [['arrived']] }),
        link('in', 'link in', [], { wires: [[]] }),
        catchAll('catch', {}, 'arrived'),
      ],
    );
    row('subflow', ENDED, ['sub'], [{ id: 'sub', type: 'subflow:subflow1', wires: [['arrived']] }], {
      global: [
        {
          id: 'subflow1',
          type: 'subflow',
          name: 'one',
          in: [{ wires: [{ id: 'inside' }] }],
          out: [{ wires: [{ id: 'inside', port: 0 }] }],
        },
        { ...func('inside', 'setTimeout(() => { node.send(msg); node.done(); }, 50);', []), z: 'subflow1', x: 0, y: 0 },
      ],
    });
    row(
      'Complete node',
      { kind: 'completed', arrivals: 2 },
      ['f'],
      [
        pass('f', 'arrived'),
        { id: 'complete', type: 'complete', scope: ['f'], uncaught: false, wires: [['slow']] },
        func('slow', 'setTimeout(() => { node.send(msg); node.done(); }, 50);', ['arrived']),
      ],
    );
    row(
      'Status node: its message is another one',
      ENDED,
      ['f'],
      [
        func('f', 'node.status("busy"); return msg;', ['arrived']),
        { id: 'status', type: 'status', scope: null, wires: [['never']] },
        odd('never', 'never done'),
      ],
    );
  });

  describe('sequences', { concurrency: 8 }, () => {
    row('split', { kind: 'completed', arrivals: 3 }, ['split'], [{ ...split, wires: [['f']] }, pass('f', 'arrived')], {
      msg: { payload: 'a\nb\nc' },
    });
    row(
      'split → join',
      ENDED,
      ['split'],
      [
        { ...split, wires: [['f']] },
        func('f', 'setTimeout(() => { node.send(msg); node.done(); }, 50);', ['join']),
        { ...join_, wires: [['arrived']] },
      ],
      { msg: { payload: 'a\nb\nc' } },
    );
    row(
      'split of an array → join → what follows fails',
      { kind: 'failed', arrivals: 0 },
      ['split'],
      [{ ...split, wires: [['join']] }, { ...join_, wires: [['error']] }, odd('error', 'error')],
      { msg: { payload: [1, 2, 3] } },
    );
    row(
      'split → join that never completes settles',
      { kind: 'settled', arrivals: 0 },
      ['split'],
      [
        { ...split, wires: [['f']] },
        func('f', 'return msg.parts.index === 1 ? null : msg;', ['join']),
        { ...join_, wires: [['arrived']] },
      ],
      { msg: { payload: 'a\nb\nc' }, settle: SHORT },
    );
    row(
      'sort',
      { kind: 'completed', arrivals: 3 },
      ['split'],
      [
        { ...split, wires: [['sort']] },
        {
          id: 'sort',
          type: 'sort',
          target: 'payload',
          targetType: 'seq',
          msgKey: 'payload',
          msgKeyType: 'elem',
          seqKey: 'payload',
          seqKeyType: 'msg',
          order: 'ascending',
          wires: [['arrived']],
        },
      ],
      { msg: { payload: [3, 1, 2] } },
    );

    const batch = new TestFlow(
      'batch',
      ['n'],
      [{ id: 'n', type: 'batch', mode: 'count', count: 2, overlap: 0, interval: 10, topics: [], wires: [['arrived']] }],
    );
    const later = new TestFlow('later', ['n'], [odd('n', 'never done')], SHORT);
    flows.push(batch, later);
    test('batch: open until the batch leaves', async () => {
      const open = async () => (await state()).followed[batch.source];
      const first = run(batch);
      await eventually('the first is followed', async () => (await open()) === 1);
      // what turns of the event loop and looks at the clock make of the first they have made of it by then
      assert.equal((await run(later)).kind, 'settled');
      assert.equal(await open(), 1);
      const second = await run(batch);
      for (const { kind, arrivals } of [await first, second]) {
        assert.equal(kind, 'completed');
        assert.ok(arrivals > 0, 'it ended before the batch had left');
      }
    });
  });

  describe('old and odd nodes', { concurrency: 8 }, () => {
    row('of the old style, without done', ENDED, ['n'], [odd('n', 'sends without done', 'arrived')]);
    row('done called twice', ENDED, ['n'], [odd('n', 'done twice', 'arrived')]);
    row('done before send', ENDED, ['n'], [odd('n', 'done first', 'arrived')]);
    row('a message without the id of the first', ENDED, ['n'], [odd('n', 'new message', 'arrived')]);
    row('the id removed, done later', ENDED, ['n'], [odd('n', 'loses the id, done later', 'arrived')]);
    row('done never called settles', { kind: 'settled', arrivals: 1 }, ['n'], [odd('n', 'never done', 'arrived')], {
      settle: SHORT,
    });
    row("a message that another package's hook drops settles", { kind: 'settled', arrivals: 0 }, ['arrived'], [], {
      msg: { payload: 'x', drop: true },
      settle: SHORT,
    });
    row('a handler that throws settles', { kind: 'settled' }, ['n'], [odd('n', 'throws')], { settle: SHORT });
    row('trigger, one message', ENDED, ['trigger'], [trigger({})]);
    row(
      'trigger: its second message comes after the end',
      ENDED,
      ['trigger'],
      [trigger({ op2type: 'str', duration: '5', units: 's' })],
    );
    row(
      'function that sends later without node.done: the end comes before it',
      { kind: 'completed', arrivals: 0 },
      ['f'],
      [func('f', 'setTimeout(() => node.send(msg), 5000); return null;', ['arrived'])],
    );
  });

  describe('errors', { concurrency: 8 }, () => {
    const failed = { kind: 'failed', arrivals: 0 };
    row(
      'nobody catches',
      {
        ...failed,
        error: { code: 'trap', message: 'no x', source: 'follow-node "bad"' },
      },
      ['n'],
      [{ ...odd('n', 'error'), name: 'bad' }],
      { msg: { payload: 'x', code: 'trap' } },
    );
    row('function that throws', failed, ['f'], [func('f', 'throw new Error("thrown");', ['arrived'])]);
    row(
      'Catch for all, and its branch counts',
      ENDED,
      ['n'],
      [
        odd('n', 'error'),
        catchAll('catch', {}, 'slow'),
        func('slow', 'setTimeout(() => { node.send(msg); node.done(); }, 50);', ['arrived']),
      ],
    );
    row(
      'Catch whose branch fails too',
      { ...failed, error: { message: 'no x', source: 'follow-node "again"' } },
      ['n'],
      [odd('n', 'error'), catchAll('catch', { scope: ['n'] }, 'again'), { ...odd('again', 'error'), name: 'again' }],
    );
    row(
      'Catch for other nodes',
      failed,
      ['n'],
      [odd('n', 'error'), pass('other', 'arrived'), catchAll('catch', { scope: ['other'] }, 'arrived')],
    );
    row(
      'Catch for its group, the error in it',
      ENDED,
      ['n'],
      [
        { id: 'box', type: 'group', nodes: ['n', 'catch'] },
        { ...odd('n', 'error'), g: 'box' },
        catchAll('catch', { scope: 'group', g: 'box' }, 'arrived'),
      ],
    );
    row(
      'Catch for its group, the error outside',
      failed,
      ['n'],
      [
        { id: 'box', type: 'group', nodes: ['catch'] },
        odd('n', 'error'),
        catchAll('catch', { scope: 'group', g: 'box' }, 'arrived'),
      ],
    );
    row(
      'Catch for uncaught errors',
      ENDED,
      ['n'],
      [odd('n', 'error'), catchAll('catch', { uncaught: true }, 'arrived')],
    );
    row(
      'two Catch nodes',
      { kind: 'completed', arrivals: 2 },
      ['n'],
      [
        odd('n', 'error'),
        catchAll('catch', {}, 'arrived'),
        catchAll('second', {}, 'arrived'),
        catchAll('third', { uncaught: true }, 'arrived'),
      ],
    );
    row(
      'one branch fails, the others are waited for',
      { kind: 'failed', arrivals: 1 },
      ['n', 'slow'],
      [odd('n', 'error'), func('slow', 'setTimeout(() => { node.send(msg); node.done(); }, 50);', ['arrived'])],
    );
    row(
      'reported beside done, with a Catch',
      ENDED,
      ['n'],
      [odd('n', 'error after reporting it'), catchAll('catch', {}, 'arrived')],
    );
    row(
      'reported by a node without done',
      ENDED,
      ['n'],
      [odd('n', 'reports without done'), catchAll('catch', {}, 'arrived')],
    );
    row(
      'in a subflow, caught by the flow around it',
      ENDED,
      ['sub'],
      [{ id: 'sub', type: 'subflow:subflow2', wires: [[]] }, catchAll('catch', {}, 'arrived')],
      {
        global: [
          { id: 'subflow2', type: 'subflow', name: 'two', in: [{ wires: [{ id: 'inside2' }] }], out: [] },
          { ...odd('inside2', 'error'), z: 'subflow2', x: 0, y: 0 },
        ],
      },
    );
    row(
      'delivered again until the attempts are used up',
      {
        kind: 'dead-letter',
        attempts: 3,
        waits: [1000, 2000],
        arrivals: 3,
        warnings: 0,
      },
      ['n', 'arrived'],
      [odd('n', 'error')],
      { msg: { payload: 'x', attempts: 3 } },
    );
    row(
      'not delivered again when the message itself is at fault',
      { kind: 'dead-letter', attempts: 1, waits: [] },
      ['n'],
      [odd('n', 'error')],
      { msg: { payload: 'x', code: 'arguments', attempts: 3 } },
    );
    row(
      'delivered again until it works',
      { kind: 'acknowledge', waits: [1000, 2000], arrivals: 1 },
      ['f'],
      [
        func('f', 'if (msg.attempt < 3) throw Object.assign(new Error("wait"), { code: "queue" }); return msg;', [
          'arrived',
        ]),
      ],
      { msg: { payload: 'x', attempts: 1 } },
    );
  });

  describe('time and deploys', () => {
    const held = new TestFlow('held', ['n'], [{ ...odd('n', 'holds', 'arrived'), type: 'wasm-function' }], 0.1);
    const settling = new TestFlow('settling', ['n'], [odd('n', 'never done')], 1);
    const cut = new TestFlow('cut', ['n'], [odd('n', 'holds', 'arrived')]);
    const closing = new TestFlow('closing', ['n'], [odd('n', 'done at close', 'arrived')]);
    const late = new TestFlow(
      'late',
      ['n'],
      [odd('n', 'sends when released, done at the next', 'slow'), odd('slow', 'closes when released')],
    );
    flows.push(held, settling, cut, closing, late);

    const release = () => nodeRed.json<number>('/follow-release', { method: 'POST' });
    test('the clock stands still while a wasm-function holds the message', async () => {
      let ended = false;
      const outcome = run(held).finally(() => (ended = true));
      // Longer than held's own settle time by far.
      assert.equal((await run(settling)).kind, 'settled');
      assert.equal(ended, false);
      assert.equal(await release(), 1);
      assert.deepEqual(await outcome, ENDED);
    });

    test('a node that a deploy replaces while it holds the message, or that says done because of it', async () => {
      const outcomes = Promise.all([run(cut), run(closing)]);
      await eventually('the node holds it', async () => (await state()).waiting === 1);
      const changed = flows
        .flatMap((flow) => flow.config() as Config[])
        .map((each) => (each.id === 'cut.n' || each.id === 'closing.n' ? { ...each, name: 'changed' } : each));
      await nodeRed.deploy(changed, 'nodes');
      assert.deepEqual(
        (await outcomes).map(({ kind }) => kind),
        ['abandoned', 'abandoned'],
      );
      const again = run(cut);
      await eventually('the new node holds it', async () => (await state()).waiting === 2);
      await release();
      assert.equal((await again).kind, 'completed', 'followed as before');
    });

    test('a node that sends to one just stopped, and says done when the deploy is over', async () => {
      const outcome = run(late);
      await eventually('the node holds it', async () => (await state()).waiting === 1);
      const changed = flows
        .flatMap((flow) => flow.config() as Config[])
        .map((each) => (each.id === 'late.slow' ? { ...each, name: 'changed' } : each));
      const deployed = nodeRed.deploy(changed, 'nodes');
      await eventually('the node behind it is closing', async () => (await state()).waiting === 2);
      assert.equal(await release(), 2, 'it sends, and the other may close');
      await deployed;
      assert.equal(await release(), 1, 'it says done');
      assert.equal((await outcome).kind, 'abandoned');
    });

    test('the hooks are there while a source is, and only then', async () => {
      const { sources, hooks } = await state();
      assert.equal(sources, flows.length);
      assert.deepEqual(hooks, ['preDeliver', 'onReceive', 'postReceive', 'onComplete']);
      const open = run(cut);
      await eventually('the node holds it', async () => (await state()).waiting === 1);
      await nodeRed.deploy([{ id: 'empty', type: 'tab' }]);
      assert.equal((await open).kind, 'abandoned', 'its source is gone');
      const gone = await state();
      assert.deepEqual([gone.sources, gone.hooks], [0, []]);
      await nodeRed.deploy([...held.config()]);
      assert.deepEqual((await state()).hooks, hooks);
      assert.deepEqual(
        (await state()).listeners,
        // of flows:stopping one for the ledger and one that tells whether the flows run
        gone.listeners.map((count, index) => count + (index === 0 ? 2 : 1)),
      );
    });
  });
});

test('a runtime without hooks has no tracker', () => {
  const fits: NodeAPI extends Runtime ? true : false = true;
  assert.equal(fits, true);
  const events = { on: () => assert.fail(), off: () => assert.fail() };
  assert.equal(trackerFor({ hooks: undefined, events, nodes: { getNode: () => null } }), undefined);
});
