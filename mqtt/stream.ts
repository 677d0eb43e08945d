import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import type { BrokerAddress } from './address';

/** What Node-RED's tls-config node gives, and the rest of Node's own TLS options. */
export type TlsOptions = Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>;

/**
 * Opens the byte stream to a broker; the stream's `error` says why it could not.
 * @throws Error of Node, where a key, certificate or passphrase among the TLS options cannot be used
 */
export function openStream(address: BrokerAddress, tls: TlsOptions): Duplex {
  const { protocol, host, port, path } = address;
  switch (protocol) {
    case 'mqtt':
      return connectTcp({ host, port, noDelay: true });
    case 'mqtts':
      // A server name is for names only: an address in it is an error (RFC 6066, section 3).
      return connectTls({ ...(isIP(host) === 0 ? { servername: host } : {}), ...tls, host, port });
    case 'ws':
    case 'wss': {
      const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${String(port)}`;
      const socket = new WebSocket(`${protocol}://${authority}${path}`, 'mqtt', protocol === 'wss' ? tls : {});
      return createWebSocketStream(socket);
    }
  }
}
