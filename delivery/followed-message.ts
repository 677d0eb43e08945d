import type { FlowError, FlowOutcome } from './outcome';
import { isOwn, type FlowMessage, type FlowNode } from './flow-node';

/** The list of most messages: they keep their id. */
const NONE: readonly never[] = [];

/** A node's share of a message: deliveries under way to it, and those it has taken and not yet ended. */
interface Holding {
  readonly node: FlowNode;
  inTransit: number;
  held: number;
}

/**
 * One followed message: its open branches, by node. A list is searched faster than a map is built here, since few
 * nodes hold one message at a time however many parts of it each of them holds.
 */
export class FollowedMessage {
  /** Its own id first, then those of the messages made of it. */
  readonly ids: string[];
  /** Message objects that lost their id on the way and whose node has yet to end them. */
  strays: readonly FlowMessage[] = NONE;
  /** Where the index keeps it. */
  place = -1;
  /** It is in the list of messages to be decided on. */
  decisionDue = false;
  /** It was seen on its way into the flow. */
  delivered = false;
  /** A node that held it, or one it went to, was stopped by a deploy. */
  lost = false;
  readonly #holdings: Holding[] = [];
  #open = 0;
  #heldByOwn = 0;
  #moved = true;
  #idle = 0;
  /**
   * Errors whose fate is open, by the id of the node that raised them: a Catch node receives one within the same turn,
   * or nobody does.
   */
  #raised: Map<string, FlowError> | undefined;
  #uncaught: FlowError | undefined;

  constructor(
    id: string,
    /** Whoever follows it. */
    readonly owner: object,
    private readonly settle: number,
    /** Called once. */
    readonly resolve: (outcome: FlowOutcome) => void,
  ) {
    this.ids = [id];
  }

  /** A delivery to `node` is under way. */
  transit(node: FlowNode): void {
    this.#holding(node).inTransit++;
    this.#open++;
    this.delivered = true;
    this.#moved = true;
  }

  /** `node` has it now. Link, Catch and Complete nodes are given messages without a delivery: those are new branches. */
  arrive(node: FlowNode): void {
    const holding = this.#holding(node);
    if (holding.inTransit > 0) holding.inTransit--;
    else this.#open++;
    holding.held++;
    if (isOwn(node)) this.#heldByOwn++;
    this.delivered = true;
    this.#moved = true;
  }

  /** `node` is done with one. A second `done` for the same message changes nothing. */
  release(node: FlowNode): void {
    this.#moved = true;
    const holding = this.#find(node);
    if (holding === undefined || holding.held === 0) return;
    holding.held--;
    this.#open--;
    if (isOwn(node)) this.#heldByOwn--;
    if (holding.held === 0 && holding.inTransit === 0) this.#holdings.splice(this.#holdings.indexOf(holding), 1);
  }

  holds(node: FlowNode): boolean {
    return (this.#find(node)?.held ?? 0) > 0;
  }

  /** The nodes that have it or are about to. */
  nodes(): readonly FlowNode[] {
    return this.#holdings.map((each) => each.node);
  }

  raise(nodeId: string, error: FlowError): void {
    this.#raised ??= new Map();
    this.#raised.set(nodeId, error);
  }

  /**
   * A Catch node has received an error that this node raised. A link call that times out or finds no target raises one
   * and never calls `done`: its error is its end.
   */
  caught(nodeId: string): void {
    this.#raised?.delete(nodeId);
    const call = this.#holdings.find(({ node }) => node.id === nodeId && node.type === 'link call');
    if (call !== undefined) this.release(call.node);
  }

  /** What was raised and not caught by now stays uncaught. */
  settleErrors(): void {
    if (this.#raised === undefined) return;
    for (const error of this.#raised.values()) this.#uncaught ??= error;
    this.#raised = undefined;
  }

  get ended(): boolean {
    return this.#open === 0;
  }

  /** Winds or advances its clock; true when nothing has moved for `settle` seconds. */
  tick(seconds: number): boolean {
    if (this.#moved || this.#heldByOwn > 0) {
      this.#moved = false;
      this.#idle = 0;
      return false;
    }
    this.#idle += seconds;
    return this.#idle >= this.settle;
  }

  /** The first uncaught error wins, then a deploy that stopped it on its way, then `otherwise`. */
  outcome(otherwise: 'completed' | 'settled'): FlowOutcome {
    if (this.#uncaught !== undefined) return { kind: 'failed', error: this.#uncaught };
    return { kind: this.lost ? 'abandoned' : otherwise };
  }

  #holding(node: FlowNode): Holding {
    const known = this.#find(node);
    if (known !== undefined) return known;
    const holding = { node, inTransit: 0, held: 0 };
    this.#holdings.push(holding);
    return holding;
  }

  #find(node: FlowNode): Holding | undefined {
    for (const holding of this.#holdings) if (holding.node === node) return holding;
    return undefined;
  }
}
