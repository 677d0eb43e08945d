/**
 * The thread that speaks QUIC, so that encryption does not hold up the flows; and whatever the native code of the library
 * throws where nobody expects it ends this thread instead of Node-RED.
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
