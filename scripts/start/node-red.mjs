// Node-RED in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userDirectory } from './flow.mjs';

/** @returns the child process; `stopNodeRed` ends it */
export function startNodeRed(port, flow) {
  const program = createRequire(import.meta.url).resolve('node-red/red.js');
  const settings = join(userDirectory, 'settings.js');
  return spawn(
    process.execPath,
    [program, '--userDir', userDirectory, '--settings', settings, '--port', String(port), flow],
    { cwd: userDirectory, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
}

/** Lets flows and nodes close (Node-RED gives them 15 s), then ends it. */
export async function stopNodeRed(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  // The message works where there are no signals, too; on Ctrl-C the terminal has sent its own already.
  if (child.connected) child.send('shutdown', () => undefined);
  const hard = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(hard);
}

/** @returns {Promise<boolean>} whether a server could listen there */
export async function isFree(port, host = '127.0.0.1') {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false;
    throw new Error(`Nothing can listen on ${host}:${String(port)} (${error.message}); choose another port.`, {
      cause: error,
    });
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Waits until the editor answers or the process ends. */
export async function untilEditorAnswers(child, url) {
  while (child.exitCode === null && child.signalCode === null) {
    try {
      await (await fetch(url, { signal: AbortSignal.timeout(2000) })).arrayBuffer();
      return;
    } catch {
      await sleep(100);
    }
  }
}
