/** Why there is no connection, in sentences. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { messageOf, YomoError, type YomoErrorCode } from './errors';
import { ALPN } from './limits';
import type { DialFailure } from './quic-messages';
import type { DialOptions } from './transport';

/** What stands between a client and a zipper, where that can be told. */
export const OBSTACLES = ['unanswered', 'protocol', 'certificate', 'address'] as const;
export type Obstacle = (typeof OBSTACLES)[number];

/** There is no connection. */
export class DialError extends YomoError {
  readonly obstacle: Obstacle;

  constructor(code: YomoErrorCode, message: string, obstacle: Obstacle, reason: string) {
    super(code, message, { reason });
    this.obstacle = obstacle;
  }
}

/** What can be said of the options without a connection, and would be hard to tell from what TLS says. */
export function checkCertificateOptions(host: string, { verify, ca, serverName }: DialOptions): void {
  if (!verify) return;
  if (isIP(serverName ?? host) !== 0) {
    throw new YomoError(
      'configuration',
      'The certificate of a zipper is compared with a name, and the host is an address. Name the zipper, or do not verify.',
    );
  }
  if (ca === undefined) return;
  try {
    new X509Certificate(ca);
  } catch (error) {
    throw new YomoError(
      'configuration',
      `The CA file has no certificate that can be read (${messageOf(error)}). A PEM file with BEGIN CERTIFICATE is expected.`,
    );
  }
}

/** @param alpn the protocol that was asked for */
export function dialError({ kind, reason }: DialFailure, alpn: string): YomoError {
  switch (kind) {
    case 'library':
      return new YomoError(
        'transport',
        `QUIC cannot be loaded (${reason}). Run "npm install @infisical/quic" in Node-RED's user directory; it is there for Linux on x64, arm64 and arm (glibc 2.34 or newer), macOS, and Windows on x64.`,
        { reason },
      );
    case 'address':
      return new DialError(
        'zipper',
        `The host of the zipper has no address (${reason}). Check its name.`,
        'address',
        reason,
      );
    case 'time-out':
      return new DialError(
        'zipper',
        'No zipper answered. Check host and port, whether it runs, and that UDP is let through.',
        'unanswered',
        reason,
      );
    case 'authority':
      return new YomoError(
        'configuration',
        `The CA file cannot be used (${reason}). A PEM file with the certificates of authorities is expected.`,
        { reason },
      );
    case 'certificate':
      return new DialError(
        'zipper',
        'The certificate of the zipper is not trusted, has expired, or is for another name. Give the CA file it was signed with, and the name it is for.',
        'certificate',
        reason,
      );
    case 'protocol':
      return otherProtocol(alpn, reason);
    case 'aborted':
      return new YomoError('closed', 'The client was closed while it was connecting.', { reason });
    case 'other':
      return new YomoError('zipper', `The connection to the zipper failed (${reason}). Check host and port.`, {
        reason,
      });
  }
}

function otherProtocol(alpn: string, reason: string): YomoError {
  return alpn === ALPN
    ? new DialError(
        'zipper',
        'Another protocol than YoMo v1 is spoken there. A zipper from v1.17.5 to v1.22.3 is expected: check host, port and protocol.',
        'protocol',
        reason,
      )
    : new DialError(
        'zipper',
        'Another protocol than YoMo v2 is spoken there. A zipper of YoMo 2 is expected: check host, port and protocol.',
        'protocol',
        reason,
      );
}
