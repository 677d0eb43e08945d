/**
 * Where each followed message is, told by what the runtime reports of every message, and when nothing more can happen
 * to it. Knows neither Node-RED nor a clock: events, turns and seconds are given to it.
 *
 * A message is done when every branch of it has ended: each delivery and each direct hand-over opens one, each `done`
 * closes one. Nothing is decided inside an event, only in the turn after it: a node's `done` is reported before a Catch
 * or Complete node receives the message, and some nodes call `done` first and send second.
 */
import { inspect } from 'node:util';
import { FollowedMessage } from './followed-message';
import { isOwn, nodeLabel, type FlowMessage, type FlowNode, type Receipt } from './flow-node';
import { MessageIndex } from './message-index';
import type { FlowError, FlowOutcome } from './outcome';

/** What the ledger needs of its surroundings. */
export interface Surroundings {
  /** Have `decide` called once everything that runs now has returned. */
  decideSoon(): void;
  /** Whether a node of this id runs, and is `node` where one is given. */
  isRunning(id: string, node?: FlowNode): boolean;
  /** Whether a message just sent may be reported later than within `send`, so that silence means nothing. */
  deliveryMayLag(): boolean;
}

interface Frame {
  readonly receipt: Receipt;
  readonly message: FollowedMessage;
}

export class FlowLedger {
  readonly #open = new MessageIndex();
  /** Messages whose id was removed or changed by the node that holds them, by object. */
  readonly #strays = new Map<FlowMessage, FollowedMessage>();
  /** The input handlers that run right now, innermost last; only those given a followed message. */
  #frames: Frame[] = [];
  #due: FollowedMessage[] = [];
  #deploying = false;

  constructor(private readonly surroundings: Surroundings) {}

  /** Everything remembered: 0 once no message is followed. */
  get entries(): number {
    return this.#open.size + this.#open.ids + this.#strays.size + this.#frames.length + this.#due.length;
  }

  /** Messages followed. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Call it before the message is sent, in the same turn: a message that went nowhere by the next is completed.
   * @param settle seconds
   * @param owner whose message it is, for `abandon`
   */
  follow(id: string, settle: number, owner: object): Promise<FlowOutcome> {
    if (this.#open.get(id) !== undefined) {
      return Promise.reject(new Error(`Message ${id} is followed already: give each delivery an _msgid of its own.`));
    }
    return new Promise((resolve) => {
      const message = new FollowedMessage(id, owner, settle, resolve);
      this.#open.add(message);
      this.#decideOn(message);
    });
  }

  /** Ends all messages of an owner as abandoned. */
  abandon(owner: object): void {
    for (const message of this.#open) if (message.owner === owner) this.#end(message, { kind: 'abandoned' });
  }

  /** `source` has sent `msg`, and it is about to be delivered to `destination`. */
  delivered(msg: FlowMessage, source: FlowNode, destination: FlowNode): void {
    if (this.#open.size === 0) return;
    const message = this.#open.get(msg._msgid) ?? this.#adopt(msg, source);
    message?.transit(destination);
  }

  /**
   * `source` has sent `msg` to the node of this id. Where a deploy has just stopped that one, the runtime drops the
   * message without a word, and nothing else tells of it: `source` may call `done` long after the deploy.
   */
  routed(msg: FlowMessage, source: FlowNode, destination: string): void {
    if (!this.#deploying || this.#open.size === 0 || this.surroundings.isRunning(destination)) return;
    const message = this.#open.get(msg._msgid) ?? this.#adopt(msg, source);
    if (message !== undefined) message.lost = true;
  }

  /** A node is about to be given a message. */
  received(receipt: Receipt): void {
    if (this.#open.size === 0) return;
    const message = this.#open.get(receipt.msg._msgid);
    if (message === undefined) return;
    const { node } = receipt.destination;
    message.arrive(node);
    if (node.type === 'catch') message.caught(raisedBy(receipt.msg));
    this.#frames.push({ receipt, message });
  }

  /**
   * The node's input handler has returned.
   * @param saysDone false for a node that has no `done` to call: it counts as done
   */
  handled(receipt: Receipt, saysDone: boolean): void {
    if (this.#open.size === 0) return;
    const message = this.#leave(receipt) ?? this.#find(receipt.msg);
    if (message === undefined) return;
    const { node } = receipt.destination;
    if (!saysDone) this.#release(message, node);
    else if (this.#open.get(receipt.msg._msgid) !== message && message.holds(node)) {
      this.#strays.set(receipt.msg, message);
      message.strays = [...message.strays, receipt.msg];
    }
  }

  /** A node has called `done`, with an error where there is one. */
  completed(msg: FlowMessage, node: FlowNode, error: unknown): void {
    if (this.#open.size === 0) return;
    const message = this.#find(msg);
    if (message === undefined) return;
    if (error) {
      message.raise(node.id, describeError(error, node));
      this.#decideOn(message);
    }
    this.#release(message, node);
  }

  /** Ends what has come to its end. Messages met again in the meantime stay open. */
  decide(): void {
    const due = this.#due;
    this.#due = [];
    // No handler runs now: what is left was stopped by another package's hook after ours had seen it arrive.
    if (this.#frames.length > 0) this.#frames = [];
    for (const message of due) {
      message.decisionDue = false;
      if (!this.#open.has(message)) continue;
      message.settleErrors();
      if (!message.ended || (!message.delivered && this.surroundings.deliveryMayLag())) continue;
      this.#end(message, message.outcome('completed'));
    }
  }

  /** Advances the settle clocks. @param seconds since the last time */
  sweep(seconds: number): void {
    for (const message of this.#open) {
      if (message.tick(seconds)) this.#end(message, message.outcome('settled'));
    }
  }

  /** A deploy begins: nodes that close may end what they hold without having passed it on. */
  deployStarts(): void {
    this.#deploying = true;
  }

  /** All nodes that a deploy stops are closed. */
  nodesStopped(): void {
    for (const message of this.#open) {
      if (message.nodes().every((node) => this.surroundings.isRunning(node.id, node))) continue;
      message.lost = true;
      message.settleErrors();
      this.#end(message, message.outcome('completed'));
    }
  }

  /** The flows run again. */
  deployEnds(): void {
    this.#deploying = false;
  }

  /**
   * A message with an id of its own that a node sends while it handles a followed one is made of that one: so split
   * makes its parts. What the node had kept from other messages and sends in the same moment is counted along.
   */
  #adopt(msg: FlowMessage, source: FlowNode): FollowedMessage | undefined {
    const frame = this.#frames[this.#frames.length - 1];
    if (frame?.receipt.destination.node !== source || msg._msgid === undefined) return undefined;
    if (!this.#open.has(frame.message)) return undefined;
    this.#open.addId(frame.message, msg._msgid);
    return frame.message;
  }

  /** By its id, or for one that has lost it, by the handler that runs or the node that kept it. */
  #find(msg: FlowMessage): FollowedMessage | undefined {
    const message = this.#open.get(msg._msgid);
    if (message !== undefined) return message;
    for (let i = this.#frames.length - 1; i >= 0; i--) {
      if (this.#frames[i]?.receipt.msg === msg) return this.#frames[i]?.message;
    }
    return this.#strays.get(msg);
  }

  #leave(receipt: Receipt): FollowedMessage | undefined {
    for (let i = this.#frames.length - 1; i >= 0; i--) {
      const frame = this.#frames[i];
      if (frame?.receipt !== receipt) continue;
      while (this.#frames.length > i) this.#frames.pop();
      return this.#open.has(frame.message) ? frame.message : undefined;
    }
    return undefined;
  }

  #release(message: FollowedMessage, node: FlowNode): void {
    if (this.#deploying && !this.#passesOn(node)) message.lost = true;
    message.release(node);
    if (message.ended) this.#decideOn(message);
  }

  /** Whether what `node` ends in the middle of a deploy has gone on: it was not cut off, nor were those behind it. */
  #passesOn(node: FlowNode): boolean {
    const behind = (node.wires ?? []).flat();
    return (
      (isOwn(node) || this.surroundings.isRunning(node.id, node)) &&
      behind.every((id) => this.surroundings.isRunning(id))
    );
  }

  #decideOn(message: FollowedMessage): void {
    if (message.decisionDue) return;
    message.decisionDue = true;
    if (this.#due.push(message) === 1) this.surroundings.decideSoon();
  }

  #end(message: FollowedMessage, outcome: FlowOutcome): void {
    this.#open.remove(message);
    if (this.#open.size === 0) this.#frames = [];
    for (const msg of message.strays) this.#strays.delete(msg);
    message.resolve(outcome);
  }
}

/** The node whose error a Catch node receives (`msg.error.source.id`). */
function raisedBy(msg: FlowMessage): string {
  const { error } = msg as { error?: { source?: { id?: string } } };
  return error?.source?.id ?? '';
}

/** An error as a node gave it to `done`: an Error, text or any object. */
function describeError(error: unknown, node: FlowNode): FlowError {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  return {
    ...(typeof code === 'string' ? { code } : {}),
    message: typeof message === 'string' ? message : typeof error === 'string' ? error : inspect(error, { depth: 1 }),
    source: nodeLabel(node),
  };
}
