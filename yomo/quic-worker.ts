/**
 * The thread that speaks QUIC. The library throws some of its faults where nobody can catch them, such as when the system
 * refuses to send a packet; here they end this thread instead of Node-RED. Encryption does not hold up the flows, either.
 */
import { parentPort } from 'node:worker_threads';
import { QuicConnection } from './quic-connection';
import type { FromQuic, ToQuic } from './quic-messages';

const connections = new Map<number, QuicConnection>();

function post(message: FromQuic, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

parentPort?.on('message', (message: ToQuic) => {
  if (message.type === 'dial') {
    const connection = new QuicConnection(message, post);
    connections.set(message.connection, connection);
    void connection.run().finally(() => connections.delete(message.connection));
    return;
  }
  const connection = connections.get(message.connection);
  if (connection === undefined) return;
  switch (message.type) {
    case 'abort':
      connection.abort();
      break;
    case 'close':
      void connection.close(message.code, message.reason);
      break;
    case 'open-stream':
      connection.openStream(message.stream);
      break;
    default:
      connection.handle(message);
      break;
  }
});
