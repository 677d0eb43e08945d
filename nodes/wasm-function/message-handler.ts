import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow, NodeMessageParts } from 'node-red';
import { closedError, messageOf, queueError, WasmFunctionError, type ErrorContext } from '../../host/errors';
import type { CallResult, WasmFunction } from '../../host/wasm-function';
import type { Activity } from './activity';
import { ArrivalOrder, type Place } from './arrival-order';
import { toCatchable } from '../catchable-error';
import type { FunctionSource } from './function-source';
import { type Callback, notRead, type PropertyReader, type PropertyWriter } from './message-values';

export type Send = (message: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;
export type Done = (error?: Error) => void;

interface Job {
  readonly message: NodeMessageInFlow;
  readonly send: Send;
  readonly done: Done;
  readonly place: Place;
  /** `performance.now()` at its arrival. */
  readonly arrived: number;
}

export interface HandlerParts {
  readonly functions: FunctionSource;
  /** Undefined where the node's own path is called. */
  readonly readFile: PropertyReader | undefined;
  readonly readInput: PropertyReader;
  readonly writeOutput: PropertyWriter;
  /** Whether the message itself is the input. */
  readonly fullInput: boolean;
  /** Messages that may wait for their call to be made. */
  readonly queue: number;
  /** What an error says where it does not know better: the file and the export as the node names them. */
  readonly context?: ErrorContext;
  /** Hears of each message that comes and leaves. */
  readonly activity: Activity;
}

interface Reset {
  readonly isWanted: boolean;
  /** Whether the message is the input, and carries nothing else. */
  readonly isAlone: boolean;
}

/** What comes of a message: a call's result, or nothing to send (a reset alone). */
type Outcome = CallResult | { readonly kind: 'none' };

/** A message whose value is being put where it goes, which a context store may never answer. */
interface Writing {
  readonly job: Job;
  readonly left: () => void;
}

/**
 * Takes messages one after the other to their function, and sends what comes of them in the same order; what there is no
 * room for is refused at once.
 */
export class MessageHandler {
  readonly #order = new ArrivalOrder();
  /** Messages that wait because the one before them still reads its path or its input. */
  readonly #arrivals: Job[] = [];
  /** The message whose path or input is being read. */
  #preparing: Job | undefined;
  /** At most one: messages leave one after the other. */
  #writing: Writing | undefined;
  #closing = false;
  /** True once closing has taken too long to wait for anything. */
  #impatient = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly parts: HandlerParts,
  ) {}

  handle(message: NodeMessageInFlow, send: Send, done: Done): void {
    const job: Job = { message, send, done, place: this.#order.enter(), arrived: performance.now() };
    this.parts.activity.began(job.arrived);
    if (this.#closing) {
      this.#fail(job, closedError());
    } else if (this.#preparing === undefined) {
      this.#prepare(job);
    } else if (this.#arrivals.length < this.parts.queue) {
      this.#arrivals.push(job);
    } else {
      this.#fail(job, queueError(this.#arrivals.length));
    }
  }

  /**
   * Lets messages finish for a while, then ends all that is left with `closed`.
   * @param patience milliseconds
   */
  async close(patience: number): Promise<void> {
    // what is on its way already arrives within this turn: the runtime hands messages over by setImmediate
    await new Promise((resolve) => setImmediate(resolve));
    this.#closing = true;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([this.#order.whenEmpty(), enough]);
    clearTimeout(timer);
    this.#impatient = true;
    this.#giveUpWriting();
    if (this.#preparing !== undefined) this.#fail(this.#preparing, closedError());
    for (const job of this.#arrivals.splice(0)) this.#fail(job, closedError());
    await this.parts.functions.close();
    // the calls that were refused by that answer in the microtasks before this
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Calls are made in the order the messages came, also where reading an input takes its time. */
  #prepare(job: Job): void {
    this.#preparing = job;
    let reset: Reset;
    try {
      reset = this.#readReset(job.message);
    } catch (error) {
      return this.#prepared(job, notRead('reset', error));
    }
    this.#readFunction(job.message, (error, open) => {
      if (open === undefined) return this.#prepared(job, error);
      // before the input, which a message that only resets need not have
      if (reset.isWanted) open.reset();
      this.parts.readInput(job.message, (problem, input) => {
        const isAlone = problem === undefined && (reset.isAlone || (reset.isWanted && input === undefined));
        if (isAnswered(job) || isAlone || problem !== undefined) this.parts.functions.release(open);
        else this.#call(job, open, input);
        if (isAlone) this.#finish(job, { kind: 'none' });
        this.#prepared(job, problem);
      });
    });
  }

  /** @throws what a getter of the message does */
  #readReset(message: NodeMessage & { readonly reset?: unknown }): Reset {
    const isWanted = message.reset === true;
    return { isWanted, isAlone: isWanted && this.parts.fullInput && message.payload === undefined };
  }

  #prepared(job: Job, error: unknown): void {
    if (error !== undefined) this.#fail(job, error);
    this.#preparing = this.#arrivals.shift();
    const next = this.#preparing;
    // from a fresh stack: a thousand messages may have waited
    if (next !== undefined) queueMicrotask(() => this.#prepare(next));
  }

  #readFunction(message: NodeMessage, callback: Callback<WasmFunction>): void {
    const acquire = (path: unknown): void => {
      const open = this.parts.functions.acquire(path);
      if (open instanceof Promise) open.then((ready) => callback(undefined, ready), callback);
      else callback(undefined, open);
    };
    if (this.parts.readFile === undefined) return acquire(undefined);
    this.parts.readFile(message, (error, path) => {
      if (error === undefined) acquire(path);
      else callback(error);
    });
  }

  #call(job: Job, open: WasmFunction, input: unknown): void {
    open.call(input).then(
      (result) => {
        this.parts.functions.release(open);
        this.#finish(job, result);
      },
      (error: unknown) => {
        this.parts.functions.release(open);
        this.#fail(job, error);
      },
    );
  }

  #finish(job: Job, outcome: Outcome): void {
    this.#order.ready(job.place, (left) => {
      switch (outcome.kind) {
        case 'none':
          this.parts.activity.skipped();
          return this.#end(job, left);
        case 'nothing':
          return this.#send(job, job.message, left);
        case 'value':
          return this.#write(job, [job.message], [outcome.value], left);
        case 'messages':
          return this.#emit(job, outcome.values, left);
      }
    });
  }

  /** A message for each value, so that a join node can put them together again. */
  #emit(job: Job, values: readonly unknown[], left: () => void): void {
    if (values.length === 0) {
      this.parts.activity.answered();
      return this.#end(job, left);
    }
    const id = this.RED.util.generateId();
    const outer = job.message.parts;
    let messages: NodeMessage[];
    try {
      messages = values.map((_value, index) => (index === 0 ? job.message : this.RED.util.cloneMessage(job.message)));
    } catch (error) {
      return this.#endFailed(job, notPassedOn(error), left);
    }
    messages.forEach((message, index) => (message.parts = nestedParts(outer, { id, index, count: values.length })));
    this.#write(job, messages, values, left);
  }

  /** Puts the values where they go, one after the other, and sends the messages then. */
  #write(job: Job, messages: NodeMessage[], values: readonly unknown[], left: () => void, index = 0): void {
    const message = messages[index];
    if (message === undefined) return this.#send(job, messages.length === 1 ? job.message : [messages], left);
    const writing: Writing = { job, left };
    this.#writing = writing;
    this.parts.writeOutput(message, values[index], (error) => {
      if (this.#writing !== writing) return; // given up
      this.#writing = undefined;
      if (error === undefined) this.#write(job, messages, values, left, index + 1);
      else this.#endFailed(job, error, left);
    });
    if (this.#impatient) this.#giveUpWriting();
  }

  #giveUpWriting(): void {
    const writing = this.#writing;
    this.#writing = undefined;
    if (writing !== undefined) this.#endFailed(writing.job, closedError(), writing.left);
  }

  #send(job: Job, messages: Parameters<Send>[0], left: () => void): void {
    try {
      job.send(messages);
    } catch (error) {
      // a copy for one of several wires could not be made
      return this.#endFailed(job, notPassedOn(error), left);
    }
    this.parts.activity.answered();
    this.#end(job, left);
  }

  #end({ message, done, arrived }: Job, left: () => void): void {
    if (this.node.metric()) this.node.metric('duration', message, performance.now() - arrived);
    try {
      done();
    } catch (error) {
      // a Complete node's copy of the message could not be made
      this.node.error(toCatchable(notPassedOn(error), this.parts.context), { _msgid: message._msgid });
    }
    left();
  }

  #fail(job: Job, error: unknown): void {
    // Those that wait may take minutes, and the more are refused meanwhile the more would be kept.
    if (error instanceof WasmFunctionError && error.code === 'queue') {
      if (this.#order.withdraw(job.place)) this.#endFailed(job, error, () => undefined);
      return;
    }
    this.#order.ready(job.place, (left) => this.#endFailed(job, error, left));
  }

  #endFailed({ message, done }: Job, error: unknown, left: () => void): void {
    this.parts.activity.failed(error);
    const catchable = toCatchable(error, this.parts.context);
    try {
      done(catchable);
    } catch {
      // a Catch node's copy of the message could not be made: it gets the error with what identifies the message
      this.node.error(catchable, { _msgid: message._msgid });
    }
    left();
  }
}

/** A message that was refused at close while its input was still being read. */
function isAnswered(job: Job): boolean {
  return job.place.leave !== undefined;
}

/** Node-RED copies a message for each further wire and for Catch and Complete nodes, which a payload may not allow. */
function notPassedOn(error: unknown): WasmFunctionError {
  return new WasmFunctionError(
    'result',
    `The message could not be passed on, since Node-RED could not copy it (${messageOf(error)}). ` +
      'Take out of it before this node what cannot be copied, such as a getter that throws.',
  );
}

/** As core's split node does it: the parts a message had already are kept inside the new ones. */
function nestedParts(outer: NodeMessageParts | undefined, parts: NodeMessageParts): NodeMessageParts {
  return outer === undefined ? parts : Object.assign(parts, { parts: outer });
}
