import type { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';
import { DeployWatch, type WatchedFlows } from './deploy-watch';
import type { FlowMessage, FlowNode, Receipt } from './flow-node';
import { FlowLedger } from './flow-tracker';
import type { FlowOutcome, FlowTracker } from './outcome';

/** Events of the runtime's hooks (Node-RED, "Hooks": Messaging Events), as far as they are read here. */
interface SendEvent {
  readonly msg: FlowMessage;
  readonly source: { readonly node: FlowNode };
  readonly destination: { readonly node: FlowNode };
}

/** A message before the runtime has looked for the node it goes to. */
interface RouteEvent {
  readonly msg: FlowMessage;
  readonly source: { readonly node: FlowNode };
  readonly destination: { readonly id: string };
}

interface CompleteEvent {
  readonly msg: FlowMessage;
  readonly node: { readonly node: FlowNode };
  readonly error?: unknown;
}

type Hooks = NodeAPI['hooks'];

/** The part of `RED` that is used; any `NodeAPI` fits. */
export interface Runtime {
  /** Missing in the test helper. */
  readonly hooks?: Hooks | undefined;
  readonly events: Pick<EventEmitter, 'on' | 'off'>;
  readonly nodes: { getNode(id: string): unknown };
}

/** Hooks of this name are ours. */
const LABEL = 'wasm-function-delivery';
/** The one that is there during deploys only: messages need not pay for it otherwise. */
const ROUTE_HOOK = `preRoute.${LABEL}`;

/** Milliseconds between two looks at the settle clocks; a message settles up to two of them late. */
const SWEEP = 250;

/** One ledger a runtime, found by its hooks: `RED` is another object for every file of nodes. */
const ledgers = new WeakMap<Hooks, HookedLedger>();

/**
 * A tracker for one source; close it with the source. All trackers of a runtime share one ledger, whose hooks are
 * registered while any of them is open. Undefined where the runtime has no hooks.
 */
export function trackerFor(RED: Runtime): FlowTracker | undefined {
  return ledgerFor(RED)?.open();
}

/** Whether the flows run, for a source that follows no message: without any hook. Close it with the source. */
export function flowsOf(RED: Runtime): WatchedFlows | undefined {
  return ledgerFor(RED)?.deploys.open();
}

function ledgerFor(RED: Runtime): HookedLedger | undefined {
  const { hooks } = RED;
  if (hooks === undefined) return undefined;
  let ledger = ledgers.get(hooks);
  if (ledger === undefined) ledgers.set(hooks, (ledger = new HookedLedger(RED, hooks)));
  return ledger;
}

class HookedLedger {
  readonly deploys: DeployWatch;
  readonly #ledger: FlowLedger;
  readonly #trackers = new Set<FlowTracker>();
  #sweeper: NodeJS.Timeout | undefined;
  #hooksOfOthers = false;
  #flows: WatchedFlows | undefined;
  /** During a deploy: whether another package had a hook where messages are routed before ours was there. */
  #routeMayLagInDeploy: boolean | undefined;
  readonly #deployStarts = (): void => {
    this.#ledger.deployStarts();
    if (this.#routeMayLagInDeploy !== undefined) return;
    this.#routeMayLagInDeploy = this.#routeMayLag();
    this.hooks.add(ROUTE_HOOK, ({ msg, source, destination }: RouteEvent) => {
      this.#ledger.routed(msg, source.node, destination.id);
    });
  };
  readonly #nodesStopped = (): void => {
    this.#ledger.nodesStopped();
  };
  readonly #deployEnds = (): void => {
    this.#ledger.deployEnds();
    if (this.#routeMayLagInDeploy === undefined) return;
    this.hooks.remove(ROUTE_HOOK);
    this.#routeMayLagInDeploy = undefined;
  };

  constructor(
    private readonly runtime: Runtime,
    private readonly hooks: Hooks,
  ) {
    this.deploys = new DeployWatch(runtime.events);
    this.#ledger = new FlowLedger({
      decideSoon: () => setImmediate(() => this.#ledger.decide()),
      isRunning: (id, node) => {
        const running = runtime.nodes.getNode(id);
        return node === undefined ? Boolean(running) : running === node;
      },
      deliveryMayLag: () => this.#hooksOfOthers || hooks.has('onSend') || this.#routeMayLag(),
    });
  }

  open(): FlowTracker {
    if (this.#trackers.size === 0) this.#start();
    const currentDeploy = (): Promise<void> | undefined => this.deploys.deploy;
    const tracker: FlowTracker = {
      get deploy() {
        return currentDeploy();
      },
      follow: (messageId: string, settle: number): Promise<FlowOutcome> =>
        this.#trackers.has(tracker)
          ? this.#ledger.follow(messageId, settle, tracker)
          : Promise.resolve({ kind: 'abandoned' }),
      close: () => {
        if (!this.#trackers.delete(tracker)) return;
        this.#ledger.abandon(tracker);
        if (this.#trackers.size === 0) this.#stop();
      },
    };
    this.#trackers.add(tracker);
    return tracker;
  }

  /** Whether another package has a hook where messages are routed; during a deploy there is one of ours. */
  #routeMayLag(): boolean {
    return this.#routeMayLagInDeploy ?? this.hooks.has('preRoute');
  }

  #start(): void {
    const { hooks } = this;
    const ledger = this.#ledger;
    this.#flows = this.deploys.open();
    this.#hooksOfOthers = hooks.has('preDeliver');
    hooks.add(`preDeliver.${LABEL}`, (event: SendEvent) => {
      ledger.delivered(event.msg, event.source.node, event.destination.node);
    });
    hooks.add(`onReceive.${LABEL}`, (event: Receipt) => {
      ledger.received(event);
    });
    hooks.add(`postReceive.${LABEL}`, (event: Receipt) => {
      ledger.handled(event, callsDone(event.destination.node));
    });
    hooks.add(`onComplete.${LABEL}`, (event: CompleteEvent) => {
      ledger.completed(event.msg, event.node.node, event.error);
    });
    this.runtime.events.on('flows:stopping', this.#deployStarts);
    this.runtime.events.on('flows:stopped', this.#nodesStopped);
    this.runtime.events.on('flows:started', this.#deployEnds);
    // A source is made while the flows start, and may receive before the nodes behind it are made.
    this.#deployStarts();
    // Once a sweep, whatever the time: a runtime that was blocked for a minute has not been idle for one.
    this.#sweeper = setInterval(() => {
      ledger.sweep(SWEEP / 1000);
    }, SWEEP).unref();
  }

  #stop(): void {
    this.hooks.remove(`*.${LABEL}`);
    this.runtime.events.off('flows:stopping', this.#deployStarts);
    this.runtime.events.off('flows:stopped', this.#nodesStopped);
    this.runtime.events.off('flows:started', this.#deployEnds);
    this.#deployEnds();
    this.#flows?.close();
    clearInterval(this.#sweeper);
  }
}

/** The runtime counts a node's input handlers that take a `done`; where there is none, `onComplete` never fires. */
function callsDone(node: FlowNode): boolean {
  return (node as { _expectedDoneCount?: number })._expectedDoneCount !== 0;
}
