/** What is used of @infisical/quic: quiche, bound to JavaScript. Loaded in the thread of `quic-worker.ts` only. */
import type * as Package from '@infisical/quic';
import { messageOf } from './errors';
import { MAX_STREAMS } from './limits';
import type { DialOptions } from './transport';

export type Quiche = (typeof Package)['native']['quiche'];
export type QuicheConnection = Package.native.Connection;
type Config = Package.native.Config;

/** Of certificates: all that BoringSSL knows and nobody has broken; without the list, Ed25519 is missing. */
const SIGNATURES = [
  'ed25519',
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
  ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
  ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
].join(':');

/** Bytes that the other end may send before any are read: of the whole connection, and of one stream. */
const CONNECTION_WINDOW = 10 * 1024 * 1024;
const STREAM_WINDOW = 1024 * 1024;

/** What can be in a UDP packet at most (RFC 9000, section 18.2). */
const LARGEST_PACKET = 65_527;

export class LibraryError extends Error {}

export class ConfigurationError extends Error {}

/**
 * It is an optional dependency, and its binary is not there for every platform.
 * @throws LibraryError
 */
export async function loadQuiche(): Promise<Quiche> {
  try {
    return (await import('@infisical/quic')).default.native.quiche;
  } catch (error) {
    throw new LibraryError(messageOf(error), { cause: error });
  }
}

/** @throws ConfigurationError where the authorities' certificates cannot be read */
export function configurationOf(quiche: Quiche, { alpn, verify, ca, idleTimeout }: DialOptions): Config {
  const authorities = verify && ca !== undefined ? Buffer.from(`${ca.trim()}\n`, 'utf8') : undefined;
  let config: Config;
  try {
    config = quiche.Config.withBoringSslCtx(verify, false, authorities, undefined, undefined, SIGNATURES);
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { cause: error });
  }
  config.grease(true);
  config.setApplicationProtos([alpn]);
  config.setMaxIdleTimeout(idleTimeout);
  // The smaller one fits through tunnels, too; of what comes, the other end finds out by itself how large it may be.
  config.setMaxSendUdpPayloadSize(quiche.MAX_DATAGRAM_SIZE);
  config.setMaxRecvUdpPayloadSize(LARGEST_PACKET);
  config.setInitialMaxData(CONNECTION_WINDOW);
  config.setInitialMaxStreamDataBidiLocal(STREAM_WINDOW);
  config.setInitialMaxStreamDataBidiRemote(STREAM_WINDOW);
  config.setInitialMaxStreamsBidi(MAX_STREAMS);
  config.setDisableActiveMigration(true);
  return config;
}
