#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WasmFunctionError } from '../host/errors';
import { oneLine } from '../host/one-line';
import { bench, BENCH_HELP } from './bench';
import { call, CALL_HELP } from './call';
import { inspect, INSPECT_HELP } from './inspect';
import { UsageError } from './terminal';

const HELP = `Usage: wasm-function COMMAND …

Looks into WebAssembly modules and calls their functions, as the wasm-function node does it.

  inspect FILE [--json]          what a module is, and what of it can be called
  call FILE [EXPORT [ARG…]]      calls a function once
  bench FILE [EXPORT [ARG…]]     measures how fast it is called
  --help, --version

wasm-function COMMAND --help tells more. Exit codes: 0 done, 1 the file or the function failed, 2 wrong usage.`;

const COMMANDS = ['inspect', 'call', 'bench'];

function version(): string {
  const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** @returns the exit code */
async function run([command, ...args]: string[]): Promise<number> {
  const wantsHelp = args.includes('--help');
  switch (command) {
    case 'inspect':
      return wantsHelp ? print(INSPECT_HELP) : inspect(args);
    case 'call':
      return wantsHelp ? print(CALL_HELP) : call(args);
    case 'bench':
      return wantsHelp ? print(BENCH_HELP) : bench(args);
    case '--help':
      return print(HELP);
    case '--version':
      return print(version());
    case undefined:
      throw new UsageError('A command is missing: inspect, call or bench.');
    default:
      throw new UsageError(`There is no command "${command}": use inspect, call or bench.`);
  }
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** One sentence and its code; what the guest itself said comes on a line of its own. */
function report(error: unknown, command = ''): number {
  if (error instanceof WasmFunctionError) {
    const guest = error.cause.guest === undefined ? '' : `guest: ${oneLine(error.cause.guest, 2000)}\n`;
    process.stderr.write(`wasm-function: ${oneLine(error.message, 2000)} [${error.code}]\n${guest}`);
    return 1;
  }
  if (error instanceof UsageError) {
    const help = ['wasm-function', ...COMMANDS.filter((each) => each === command), '--help'].join(' ');
    process.stderr.write(`wasm-function: ${oneLine(error.message, 2000)} See ${help}.\n`);
    return 2;
  }
  throw error;
}

// Whoever reads may stop early (`| head`): there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

// The host's workers keep no process alive by themselves: a command ends when it has its answer, not before.
const alive = setInterval(() => undefined, 60_000);
run(process.argv.slice(2))
  .catch((error: unknown) => report(error, process.argv[2]))
  .finally(() => {
    clearInterval(alive);
  })
  .then((code) => {
    process.exitCode = code;
  }, fail);

function fail(error: unknown): void {
  process.stderr.write(`wasm-function: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
