import { isIP } from 'node:net';
import { DialError } from './dial-error';
import type { Endpoint } from './endpoint';
import { messageOf, YomoError } from './errors';
import type { SessionEnd } from './session-end';
import type { ZipperAddress } from './settings';
import type { Connection, DialOptions, Transport } from './transport';

export type Dialled =
  | { readonly kind: 'connection'; readonly connection: Connection }
  /** There is none. */
  | { readonly kind: 'end'; readonly end: SessionEnd };

/**
 * A connection with a zipper; never rejected.
 * @param endpoint where to go, which is another one than the address's after a redirect
 * @param protocol its name in the TLS handshake, and how long silence lasts in it
 * @param signal ends the attempt
 */
export async function dialZipper(
  transport: Transport,
  address: ZipperAddress,
  endpoint: Endpoint,
  protocol: Pick<DialOptions, 'alpn' | 'idleTimeout'>,
  signal: AbortSignal,
): Promise<Dialled> {
  const { verify, ca } = address;
  const serverName = nameOf(endpoint, address);
  const options = { ...protocol, verify, serverName, ...(ca === undefined ? {} : { ca }) };
  try {
    return { kind: 'connection', connection: await transport.dial(endpoint.host, endpoint.port, options, signal) };
  } catch (error) {
    return { kind: 'end', end: signal.aborted ? { kind: 'closed' } : endOfDial(error) };
  }
}

/**
 * What the certificate is to be for: the host that is dialled, which a zipper that has proved its own name may have told. An
 * address cannot be compared with a certificate; there it is the name from the settings, which a mesh may share.
 */
function nameOf(endpoint: Endpoint, address: ZipperAddress): string {
  return isIP(endpoint.host) === 0 ? endpoint.host : address.host;
}

function endOfDial(error: unknown): SessionEnd {
  if (!(error instanceof YomoError)) return { kind: 'lost', reason: messageOf(error) };
  // Neither a package nor a setting is mended by waiting.
  const isFinal = error.code === 'transport' || error.code === 'configuration';
  if (isFinal) return { kind: 'refused', error };
  const obstacle = error instanceof DialError ? error.obstacle : undefined;
  return { kind: 'lost', reason: error.message, ...(obstacle === undefined ? {} : { obstacle }) };
}
