// Node-RED in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../root.mjs';

/**
 * @param {string} flow path of the flow file; its folder is the user directory
 * @returns the child process; `stopNodeRed` ends it
 */
export function startNodeRed(port, flow) {
  const program = createRequire(import.meta.url).resolve('node-red/red.js');
  const directory = dirname(flow);
  const args = ['--userDir', directory, '--settings', join(directory, 'settings.js'), '--port', String(port)];
  // The package is loaded from the repository: no installation, no link.
  return spawn(process.execPath, [program, ...args, '--define', `nodesDir=${root}`, basename(flow)], {
    cwd: directory,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
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
