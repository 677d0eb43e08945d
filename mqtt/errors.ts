/**
 * The error family of the MQTT nodes. The codes are part of the public contract (`msg.error.code`): a topic or a
 * payload that cannot be published, a broker that does not take a message, too many that wait, a node that closes,
 * a configuration that cannot be used.
 */
export type MqttErrorCode = 'topic' | 'payload' | 'broker' | 'queue' | 'closed' | 'configuration';

/** What an error was about; plain data, for `msg.error.cause`. */
export interface MqttErrorContext {
  /** The broker's address, as `mqtt://127.0.0.1:1883`. */
  readonly broker?: string;
  readonly topic?: string;
  /** The broker's or the network's own words. */
  readonly reason?: string;
}

export class MqttError extends Error {
  readonly code: MqttErrorCode;
  override readonly cause: MqttErrorContext;

  /**
   * @param message one sentence or two: what was wrong, what was expected, what to do
   */
  constructor(code: MqttErrorCode, message: string, context: MqttErrorContext = {}) {
    super(message);
    this.name = 'MqttError';
    this.code = code;
    this.cause = context;
  }

  /** The same error with more context; what is already known stays. */
  in(context: MqttErrorContext): MqttError {
    const error = new MqttError(this.code, this.message, { ...context, ...this.cause });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }
}

/** The words of whatever was thrown, without the name of its class before them. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
