/** Users of a connection, for tests of MQTT connections. */
import type { Connection, ConnectionUse, Publisher } from '#dist/mqtt/connection';
import type { Delivery } from '#dist/mqtt/in-flight';
import type { ConnectionStatus } from '#dist/mqtt/status';
import { silentLog } from './mqtt';
import { eventually } from './node-red';

/** Uses of connections that are released after each test. */
export const uses: ConnectionUse[] = [];
export async function releaseAll(): Promise<void> {
  for (const use of uses.splice(0).reverse()) await use.release(false);
}

export function kept<T extends ConnectionUse>(use: T): T {
  uses.push(use);
  return use;
}

export function publisherOf(connection: Connection) {
  const statuses: ConnectionStatus[] = [];
  const publisher: Publisher = kept(connection.publisher((status) => statuses.push(status)));
  return { publisher, statuses, isConnected: () => statuses.at(-1)?.kind === 'connected' };
}

export function subscribe(connection: Connection, filter: string, id = 'source') {
  const received: string[] = [];
  const statuses: ConnectionStatus[] = [];
  kept(
    connection.subscribe({
      id,
      filter,
      qos: 1,
      maxInFlight: 10,
      onDelivery: (delivery: Delivery) => {
        received.push(String(delivery.packet.payload));
        delivery.acknowledge();
      },
      onStatus: (status) => statuses.push(status),
      log: silentLog,
    }),
  );
  return { received, statuses, isConnected: () => statuses.at(-1)?.kind === 'connected' };
}

export const outgoing = (topic: string, payload: string, qos: 0 | 1 | 2 = 1) => ({
  topic,
  payload: Buffer.from(payload),
  qos,
  retain: false,
});

export async function failureOf(statuses: readonly ConnectionStatus[]) {
  return eventually('a failure', () => {
    const last = statuses.at(-1);
    return last?.kind === 'failed' && last;
  });
}
