/** A wasm-function in a small flow, run by node-red-node-test-helper: what comes out, is caught and is completed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { eventually, repository, requireNodeRed } from './node-red';

export interface Message {
  readonly _msgid?: string;
  readonly [property: string]: unknown;
}

interface RunningNode {
  on(event: 'input', listener: (message: Message) => void): void;
  on(event: string, listener: (...args: unknown[]) => void): void;
  receive(message: object): void;
  close(removed?: boolean): Promise<void>;
  context(): { flow: { get(key: string): unknown; set(key: string, value: unknown): void } };
}

interface TestHelper {
  init(runtime: string, settings?: object): void;
  settings(settings: object): void;
  load(modules: readonly unknown[], flow: readonly object[]): Promise<void>;
  unload(): Promise<void>;
  startServer(): Promise<void>;
  stopServer(): Promise<void>;
  getNode(id: string): RunningNode;
}

export interface CaughtError {
  readonly message: string;
  readonly code?: string;
  readonly cause?: Readonly<Record<string, unknown>>;
}

/** How a message ended: everything that was sent for it, and the error or the completion. */
export interface Outcome {
  readonly sent: readonly Message[];
  readonly error?: CaughtError;
}

const requireHere = createRequire(__filename);
const helper = requireHere('node-red-node-test-helper') as TestHelper;
const requireCore = createRequire(requireNodeRed.resolve('node-red'));
const modules = [
  requireHere(join(repository, 'dist', 'nodes', 'wasm-function', 'wasm-function.js')),
  requireCore('@node-red/nodes/core/common/24-complete.js'),
  requireCore('@node-red/nodes/core/common/25-catch.js'),
] as const;

export class Flow {
  /** In the order they arrived behind the node. */
  readonly sent: Message[] = [];
  readonly #errors: (Message & { error: CaughtError })[] = [];
  readonly #completed: Message[] = [];
  readonly #statuses: unknown[] = [];
  #messages = 0;

  /** Deploys a wasm-function of these properties between an entry, a Catch and a Complete node. */
  static async load(properties: Readonly<Record<string, unknown>>, settings: object = {}): Promise<Flow> {
    helper.init(requireNodeRed.resolve('node-red'));
    helper.settings(settings);
    await helper.startServer();
    const nodes = [
      { id: 'function', type: 'wasm-function', wires: [['out']], ...properties },
      { id: 'catch', type: 'catch', scope: ['function'], wires: [['caught']] },
      { id: 'complete', type: 'complete', scope: ['function'], wires: [['completed']] },
      ...['out', 'caught', 'completed'].map((id) => ({ id, type: 'helper' })),
    ];
    // without a place they would be taken for configuration nodes
    const placed = nodes.map((node) => ({ z: 'tab', x: 0, y: 0, ...node }));
    await helper.load(modules, [{ id: 'tab', type: 'tab', label: 'test' }, ...placed]);
    return new Flow();
  }

  private constructor() {
    helper.getNode('out').on('input', (message) => this.sent.push(message));
    helper.getNode('caught').on('input', (message) => this.#errors.push(message as Message & { error: CaughtError }));
    helper.getNode('completed').on('input', (message) => this.#completed.push(message));
    this.node.on('call:status', (call) => this.#statuses.push((call as { args: unknown[] }).args[0]));
  }

  get node(): RunningNode {
    return helper.getNode('function');
  }

  /** Sends a message to the node. @returns its `_msgid` */
  send(message: object): string {
    const id = `message-${String(++this.#messages)}`;
    this.node.receive(Object.assign(message, { _msgid: id }));
    return id;
  }

  /** Sends a message and waits until the node is done with it. */
  async call(message: object): Promise<Outcome> {
    return this.outcome(this.send(message));
  }

  async outcome(id: string): Promise<Outcome> {
    await eventually(`${id} ended`, () => this.endings(id) > 0, 10);
    const error = this.#errors.find(({ _msgid }) => _msgid === id)?.error;
    const sent = this.sent.filter(({ _msgid }) => _msgid === id);
    return { sent, ...(error === undefined ? {} : { error }) };
  }

  /** How often the node said that it is done with a message. */
  endings(id: string): number {
    return [...this.#errors, ...this.#completed].filter(({ _msgid }) => _msgid === id).length;
  }

  async untilStatus(text: string | RegExp): Promise<void> {
    await eventually(`status ${String(text)}`, () =>
      this.#statuses.some((status) => {
        const shown = (status as { text?: string } | undefined)?.text ?? '';
        return typeof text === 'string' ? shown === text : text.test(shown);
      }),
    );
  }

  async unload(): Promise<void> {
    await helper.unload();
    await helper.stopServer();
  }
}
