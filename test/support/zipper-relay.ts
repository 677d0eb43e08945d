import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/**
 * A relay of UDP packets that can fall silent, as a network or a machine does that is switched off.
 * @param delay milliseconds that each packet takes, either way
 */
export async function relayPackets(port: number, delay = 0) {
  const near = createSocket('udp4');
  /** A socket for each client, so that the other end can tell them apart. */
  const far = new Map<string, Socket>();
  const packets = { fromClients: 0, toClients: 0 };
  let isSilent = false;
  let isOpen = true;
  const later = (work: () => void): void => {
    if (delay === 0) work();
    else setTimeout(() => isOpen && work(), delay);
  };
  near.on('message', (packet, { address, port: from }) => {
    if (isSilent) return;
    packets.fromClients += 1;
    const client = `${address}:${String(from)}`;
    let socket = far.get(client);
    if (socket === undefined) {
      socket = createSocket('udp4');
      socket.on('message', (answer) => {
        if (isSilent) return;
        packets.toClients += 1;
        later(() => near.send(answer, from, address));
      });
      far.set(client, socket);
    }
    const out = socket;
    later(() => {
      out.send(packet, port, '127.0.0.1');
    });
  });
  near.bind(0, '127.0.0.1');
  await once(near, 'listening');
  return {
    port: near.address().port,
    /** That have come by so far. */
    packets,
    /** Sends a packet of its own to every client. */
    inject: (packet: Uint8Array) => {
      for (const client of far.keys()) {
        const [address, port] = client.split(':');
        near.send(packet, Number(port), address);
      }
    },
    cut: () => {
      isSilent = true;
    },
    mend: () => {
      isSilent = false;
    },
    close: () => {
      isOpen = false;
      for (const socket of [near, ...far.values()]) socket.close();
    },
  };
}
