/** What becomes of a message that a source has received. */
import { deliver, untilFlowsRun, type Delivered } from '../../delivery/deliver';
import type { FlowError, FlowState, FlowTracker } from '../../delivery/outcome';
import { backOff, waitFor } from '../../delivery/retry-policy';
import { messageOf } from '../../mqtt/errors';
import type { Delivery } from '../../mqtt/in-flight';
import { payloadBytes, toFlowMessage, type OutgoingMessage } from '../../mqtt/message';
import { PayloadError } from '../../payload/format';
import type { SourceSettings } from './configuration';

export type FlowMessage = { _msgid: string } & Record<string, unknown>;

export interface ReceiverOptions {
  readonly settings: SourceSettings;
  /** Undefined acknowledges a message as soon as it is handed to the flow. */
  readonly tracker: FlowTracker | undefined;
  /** Undefined where the runtime does not tell whether the flows run. */
  readonly flows: FlowState | undefined;
  /** Aborted when the source closes. */
  readonly signal: AbortSignal;
  readonly log: { warn(text: string): void; error(text: string): void };
  newMessageId(): string;
  send(message: FlowMessage): void;
  publish(message: OutgoingMessage): Promise<void>;
  /** Why dead letters cannot be written just now, as a sentence; undefined once the last one that waited is written. */
  onDeadLetterRefused(reason: string | undefined): void;
  /** Resolves after so many milliseconds or as soon as the signal is aborted; the clock's own unless told. */
  wait?(milliseconds: number, signal: AbortSignal): Promise<void>;
}

type DeadLetter = Extract<Delivered, { kind: 'dead-letter' }>;

export class Receiver {
  readonly #options: ReceiverOptions;
  /** Messages whose dead letter was refused and is tried again. */
  readonly #refused = new Set<Delivery>();

  /** Messages that have failed in the flow and are delivered into it again. */
  readonly #retrying = new Set<Delivery>();
  #deadLetters = 0;
  #givenUp = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Of messages that have failed: how many are tried again just now, were written as dead letters, were given up. */
  get counts(): { retrying: number; deadLetters: number; givenUp: number } {
    return { retrying: this.#retrying.size, deadLetters: this.#deadLetters, givenUp: this.#givenUp };
  }

  /** Owns the delivery: it is acknowledged or abandoned, whatever happens. */
  receive(delivery: Delivery): void {
    this.#run(delivery).catch((error: unknown) => {
      this.#retrying.delete(delivery);
      this.#options.log.error(
        `A message on "${delivery.packet.topic}" could not be delivered (${messageOf(error)}). It stays unacknowledged; deploy again.`,
      );
      delivery.abandon();
    });
  }

  async #run(delivery: Delivery): Promise<void> {
    const { tracker, send, signal } = this.#options;
    let message: FlowMessage;
    try {
      message = this.#messageOf(delivery);
    } catch (error) {
      // It would fail in the same way for ever.
      await this.#giveUp(delivery, { kind: 'dead-letter', error: flowErrorOf(error), attempts: 0 });
      return;
    }
    if (delivery.packet.qos === 0 || tracker === undefined) {
      await this.#handOver(delivery, message);
      return;
    }
    const { attempts, settle } = this.#options.settings;
    const delivered = await deliver({
      tracker,
      attempts,
      settle,
      signal,
      log: this.#options.log,
      message: (number) => {
        if (number > 1) this.#retrying.add(delivery);
        return this.#messageOf(delivery);
      },
      send: (attempt) => {
        send(attempt as FlowMessage);
      },
    });
    this.#retrying.delete(delivery);
    switch (delivered.kind) {
      case 'acknowledge':
        delivery.acknowledge();
        return;
      case 'dead-letter':
        await this.#giveUp(delivery, delivered);
        return;
      case 'abandoned':
        delivery.abandon();
    }
  }

  /** A message that is acknowledged at once waits for the nodes it goes to; of QoS 0 too many may come to keep them. */
  async #handOver(delivery: Delivery, message: FlowMessage): Promise<void> {
    const { flows, send, signal } = this.#options;
    if (delivery.packet.qos > 0) {
      if (flows !== undefined) await untilFlowsRun(flows, signal);
      if (signal.aborted) {
        delivery.abandon();
        return;
      }
    }
    send(message);
    delivery.acknowledge();
  }

  /** Each delivery into the flow has values of its own: the flow may change them. */
  #messageOf({ packet }: Delivery): FlowMessage {
    return { _msgid: this.#options.newMessageId(), ...toFlowMessage(packet, this.#options.settings.format) };
  }

  async #giveUp(delivery: Delivery, { error, attempts }: DeadLetter): Promise<void> {
    const { settings, log } = this.#options;
    const { topic } = delivery.packet;
    const times = attemptsText(attempts);
    if (settings.deadLetter === '') {
      this.#givenUp += 1;
      log.error(
        `A message on "${topic}" was given up after ${times}; a dead-letter topic in the source would keep such messages. The last error: ${error.message}`,
      );
    } else if (await this.#writeDeadLetter(delivery, deadLetterMessage(delivery, settings, error, attempts))) {
      this.#deadLetters += 1;
      log.error(
        `A message on "${topic}" was written to "${settings.deadLetter}" after ${times}. The last error: ${error.message}`,
      );
    } else {
      delivery.abandon();
      return;
    }
    delivery.acknowledge();
  }

  /**
   * Tries until the broker takes it: the message stays in flight meanwhile, since giving up its place would keep the
   * place on the broker taken and lose sight of the message.
   * @returns false when the source closed before
   */
  async #writeDeadLetter(delivery: Delivery, letter: OutgoingMessage): Promise<boolean> {
    const { signal, publish, wait = waitFor } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await publish(letter);
        this.#accepted(delivery);
        return true;
      } catch (error) {
        if (signal.aborted) break;
        this.#refuse(delivery, letter.topic, error as Error);
        await wait(backOff(attempt), signal);
      }
    }
    return false;
  }

  #refuse(delivery: Delivery, topic: string, error: Error): void {
    this.#refused.add(delivery);
    this.#options.onDeadLetterRefused(
      `A dead letter could not be written to "${topic}"; it is tried again, and its message stays unacknowledged meanwhile. The reason: ${error.message}`,
    );
  }

  #accepted(delivery: Delivery): void {
    if (this.#refused.delete(delivery) && this.#refused.size === 0) this.#options.onDeadLetterRefused(undefined);
  }
}

function flowErrorOf(error: unknown): FlowError {
  return error instanceof PayloadError ? { code: error.code, message: error.message } : { message: messageOf(error) };
}

function attemptsText(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${String(attempts)} attempts`;
}

/** The original payload; why it failed is in MQTT 5 user properties, for which 3.1.1 has no place. */
function deadLetterMessage(
  { packet }: Delivery,
  { deadLetter }: SourceSettings,
  error: FlowError,
  attempts: number,
): OutgoingMessage {
  const { contentType, userProperties } = packet.properties ?? {};
  return {
    topic: deadLetter,
    payload: payloadBytes(packet),
    // A dead letter is kept safe even where the message came with QoS 0.
    qos: packet.qos === 2 ? 2 : 1,
    retain: false,
    properties: {
      ...(contentType === undefined ? {} : { contentType }),
      userProperties: {
        ...userProperties,
        error: error.message,
        ...(error.code === undefined ? {} : { errorCode: error.code }),
        ...(error.source === undefined ? {} : { errorSource: error.source }),
        attempts: String(attempts),
        originalTopic: packet.topic,
      },
    },
  };
}
