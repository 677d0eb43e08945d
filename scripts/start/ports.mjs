// TCP ports of the command line: read, and looked at before anything is started.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** @returns {number | undefined} undefined where the option was not given */
export function portNumber(option, text) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new Error(`${option} takes a number from 1 to 65535, not "${text}".`);
}

/** @throws Error that says how to choose another where the port is taken: `command` ends in the option's name */
export async function checkPort(port, command) {
  if (await isFree(port)) return;
  throw new Error(
    `Port ${String(port)} is in use by another program: choose another, for instance ${command} ${String(port + 1)}`,
  );
}

async function isFree(port) {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false;
    throw new Error(`Nothing can listen on 127.0.0.1:${String(port)} (${error.message}); choose another port.`, {
      cause: error,
    });
  }
  server.close();
  await once(server, 'close');
  return true;
}
