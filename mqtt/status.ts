/** How a client stands with its broker, and why. */
import { messageOf } from './errors';

export const FAILURE_REASONS = [
  'address',
  'refused',
  'timeout',
  'tls',
  'credentials',
  'client-id',
  'protocol',
  'taken-over',
  'subscription',
  'dead-letter',
  'embedded',
  'configuration',
  'other',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

export type ConnectionStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** `message` is a sentence for the log; a client goes on trying unless the configuration itself is at fault. */
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly message: string };

export type StatusListener = (status: ConnectionStatus) => void;

export function isSameStatus(one: ConnectionStatus, other: ConnectionStatus): boolean {
  return one.kind === other.kind && (one.kind !== 'failed' || other.kind !== 'failed' || one.message === other.message);
}

/** Return codes of 3.1.1 (section 3.2.2.3) and reason codes of 5 (sections 3.2.2.2 and 3.14.2.1). */
const BROKER_CODES: ReadonlyMap<number, BrokerFailure> = new Map([
  [1, 'protocol'],
  [2, 'client-id'],
  [4, 'credentials'],
  [5, 'credentials'],
  [0x84, 'protocol'],
  [0x85, 'client-id'],
  [0x86, 'credentials'],
  [0x87, 'credentials'],
  [0x8c, 'credentials'],
  [0x8e, 'taken-over'],
]);

const SYSTEM_CODES: Readonly<Record<string, BrokerFailure>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'address',
  EAI_AGAIN: 'address',
  EHOSTUNREACH: 'address',
  ENETUNREACH: 'address',
  ETIMEDOUT: 'timeout',
};

/** Reasons that a broker or the network gives. */
type BrokerFailure = Exclude<FailureReason, 'subscription' | 'dead-letter' | 'embedded' | 'configuration'>;

const ADVICE: Readonly<Record<BrokerFailure, string>> = {
  address: 'the host was not found or cannot be reached; check the address',
  refused: 'nothing accepts connections there; check that the broker runs and the port is right',
  timeout: 'no answer came in time; check the address and any firewall between',
  tls: "the TLS connection failed; check the broker's certificate and the TLS configuration",
  credentials: 'the broker refused the user or password; check them in the connection',
  'client-id': 'the broker refused the client identifier; choose another prefix in the connection',
  protocol: 'the broker does not speak this version of MQTT; choose the other one in the connection',
  'taken-over': 'another client with the same identifier has connected; give each process a prefix of its own',
  other:
    'the connection broke off; check that the port is of this kind (mqtt, mqtts, ws or wss), and see the log of the broker',
};

/** @param where the broker's address, for the sentence */
export function failureOf(error: unknown, where: string): ConnectionStatus & { kind: 'failed' } {
  const reason = reasonOf(error);
  const detail = error instanceof Error && error.message !== '' ? error.message : codeOf(error);
  return { kind: 'failed', reason, message: `${where}: ${ADVICE[reason]} (${detail}). It is tried again.` };
}

/**
 * A key, certificate or passphrase that cannot be used, before anything was connected.
 * @param where the broker's address, for the sentence
 */
export function unusableTls(error: unknown, where: string): ConnectionStatus & { kind: 'failed' } {
  return {
    kind: 'failed',
    reason: 'tls',
    message: `${where}: the certificate, key or passphrase of the TLS configuration cannot be used (${messageOf(error)}). Correct it there and deploy again.`,
  };
}

function reasonOf(error: unknown): BrokerFailure {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'number') return BROKER_CODES.get(code) ?? 'other';
  const text = codeOf(error);
  const known = SYSTEM_CODES[text];
  if (known !== undefined) return known;
  if (/CERT|TLS|SSL|SELF_SIGNED|EPROTO|ISSUER/.test(text)) return 'tls';
  return error instanceof Error && /timeout/i.test(error.message) ? 'timeout' : 'other';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : 'no reason given';
}
