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

/**
 * @param {string} option by which another port is chosen
 * @param {string} script that has it
 * @throws Error that says how to choose another where the port is taken, with all that the user has asked for
 */
export async function checkPort(port, option, script = 'npm start') {
  if (await isFree(port)) return;
  const other = port < 65535 ? port + 1 : port - 1;
  const command = commandWith(`${script} --`, process.argv.slice(2), option, String(other));
  throw new Error(`Port ${String(port)} is in use by another program: choose another, for instance ${command}`);
}

/**
 * The command with one option given anew.
 * @param {readonly string[]} args as they were typed behind `command`
 */
export function commandWith(command, args, option, value) {
  const others = args.filter((arg, at) => {
    const isValue = args[at - 1] === option;
    return arg !== option && !arg.startsWith(`${option}=`) && !isValue;
  });
  return [command, ...[...others, option, value].map(quoted)].join(' ');
}

/** As a shell takes it for one word. */
function quoted(arg) {
  return /^[\w./:@=+,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
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
