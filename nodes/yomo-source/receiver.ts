/** What becomes of a frame that a stream function is given. */
import { untilFlowsRun } from '../../delivery/deliver';
import type { FlowState } from '../../delivery/outcome';
import type { SourceFormat } from '../../payload/format';
import type { YomoFrame } from '../../yomo/client';
import { MAX_WAITING_BYTES, WAITING_FRAME_COST } from '../../yomo/limits';
import { toFlowMessage, toRawMessage } from '../../yomo/message';
import type { Session } from '../yomo-zipper/zipper';

export type FlowMessage = { _msgid: string } & Record<string, unknown>;

export interface ReceiverOptions {
  readonly format: SourceFormat;
  readonly session: Session;
  /** Undefined where the runtime does not tell whether the flows run. */
  readonly flows: FlowState | undefined;
  /** Frames that are kept at most until the flows run, of MAX_WAITING_BYTES together. */
  readonly limit: number;
  /** Aborted when the source closes. */
  readonly signal: AbortSignal;
  warn(text: string): void;
  newMessageId(): string;
  send(message: FlowMessage): void;
  /** The frame is not what the format says. */
  fail(error: unknown, message: FlowMessage): void;
}

/**
 * Gives frames to the flow in the order they came. What is sent during a deploy may find no node to go to, so frames
 * wait for its end.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  #held: YomoFrame[] = [];
  /** Bytes, as in MAX_WAITING_BYTES. */
  #heldCost = 0;
  /** Frames that found no room while a deploy went on. */
  #overflown = 0;
  /** Frames that came too late for the flow. */
  #late = 0;
  #isReleasing = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  receive(frame: YomoFrame): void {
    const { flows, signal } = this.#options;
    if (signal.aborted) {
      this.#late += 1;
    } else if (!this.#isReleasing && flows?.deploy === undefined) {
      this.#give(frame);
    } else {
      this.#hold(frame);
      if (!this.#isReleasing) void this.#release(flows);
    }
  }

  /** After the last frame: YoMo sends nothing again, so the log tells what the flow was not given. */
  close(): void {
    this.#late += this.#takeHeld().length;
    this.#tellOverflown();
    if (this.#late === 0) return;
    this.#options.warn(
      `${countOf(this.#late)} came while the node was closing and went into no flow. YoMo does not send such again.`,
    );
  }

  #hold(frame: YomoFrame): void {
    const cost = frame.payload.length + WAITING_FRAME_COST;
    if (this.#held.length >= this.#options.limit || this.#heldCost + cost > MAX_WAITING_BYTES) {
      this.#overflown += 1;
      return;
    }
    this.#held.push(frame);
    this.#heldCost += cost;
  }

  #takeHeld(): YomoFrame[] {
    this.#heldCost = 0;
    return this.#held.splice(0);
  }

  async #release(flows: FlowState | undefined): Promise<void> {
    this.#isReleasing = true;
    if (flows !== undefined) await untilFlowsRun(flows, this.#options.signal);
    this.#isReleasing = false;
    if (this.#options.signal.aborted) return;
    for (const frame of this.#takeHeld()) this.#give(frame);
    this.#tellOverflown();
  }

  #tellOverflown(): void {
    if (this.#overflown === 0) return;
    this.#options.warn(
      `${countOf(this.#overflown)} came during a deploy beyond those that wait for its end, and went into no flow. Raise the buffer of the zipper, or deploy while less comes; at most ${String(MAX_WAITING_BYTES / 1024 / 1024)} MiB wait.`,
    );
    this.#overflown = 0;
  }

  #give(frame: YomoFrame): void {
    const { format, send, fail } = this.#options;
    let message: FlowMessage;
    try {
      message = this.#messageOf(toFlowMessage(frame, format));
    } catch (error) {
      fail(error, this.#messageOf(toRawMessage(frame)));
      return;
    }
    send(message);
  }

  #messageOf(properties: Record<string, unknown>): FlowMessage {
    return { _msgid: this.#options.newMessageId(), ...properties, _session: { ...this.#options.session } };
  }
}

function countOf(number: number): string {
  return number === 1 ? '1 frame' : `${String(number)} frames`;
}
