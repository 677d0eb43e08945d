// Runs one step: its output goes to a log, its time and outcome to the terminal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { root } from '../scripts/root.mjs';
import { countTests, excerpt } from './tests.mjs';

const logs = join(root, '.cache', 'ci');

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} command
 * @property {Record<string, string>} [env] added to the environment
 * @property {boolean} [tests] whether the output is node's TAP and is counted
 * @property {RegExp} [tell] lines of the log to show although the step passed
 * @property {string} [skip] why it cannot run here
 * @property {number} [minutes] after which it is ended and failed
 *
 * @typedef {{ name: string, status: 'passed' | 'failed' | 'skipped', note: string, tests: { passed: number, failed: number, skipped: number } }} Outcome
 */

/**
 * @param {Step} step
 * @returns {Promise<Outcome>}
 */
export async function runStep(step) {
  if (step.skip !== undefined) return report(step.name, 'skipped', step.skip, { passed: 0, failed: 0, skipped: 1 });
  console.log(`… ${step.name}: ${step.command.join(' ')}`);
  mkdirSync(logs, { recursive: true });
  const file = join(logs, `${step.name.replaceAll(/[^\w.]+/g, '-')}.log`);
  const begun = performance.now();
  const code = await runToLog(step, file);
  const seconds = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  const log = readFileSync(file, 'utf8');
  const tests = step.tests ? countTests(log) : undefined;
  if (code === 0 && (!step.tests || (tests?.failed === 0 && tests.passed > 0))) {
    for (const line of log.split('\n').filter((each) => step.tell?.test(each))) console.log(`– ${line}`);
    return report(step.name, 'passed', seconds, tests ?? { passed: 0, failed: 0, skipped: 0 });
  }
  console.log(excerpt(log));
  // A step that failed without a failed test (a crash, a lint error) counts as one, so that the last line tells it.
  const counted = { passed: 0, skipped: 0, ...tests, failed: Math.max(1, tests?.failed ?? 0) };
  const reason = code !== 0 ? code : tests === undefined ? 'no tests were counted' : 'tests failed';
  return report(step.name, 'failed', `${seconds}, ${reason}; whole log: ${relative(root, file)}`, counted);
}

/** @returns 0, or what ended the command, in words */
async function runToLog({ command, env, minutes = 10 }, file) {
  const output = createWriteStream(file);
  const [program, ...args] = command;
  // A process group of its own, so that a step that hangs ends with all it started.
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  // Being a group of its own, it would not hear of Ctrl-C.
  const interrupted = () => {
    process.kill(-child.pid, 'SIGKILL');
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, interrupted);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill(-child.pid, 'SIGKILL');
  }, minutes * 60_000);
  // `once` rejects when the program cannot be started.
  const [code, signal] = await once(child, 'close').catch((error) => [error.message, null]);
  clearTimeout(timer);
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupted);
  output.end();
  await finished(output);
  if (late) return `ended after ${String(minutes)} minutes`;
  if (code === 0) return 0;
  return typeof code === 'number' ? `exit code ${String(code)}` : (code ?? signal);
}

function report(name, status, note, tests) {
  const mark = { passed: '✔', failed: '✘', skipped: '–' }[status];
  const counts = tests.passed > 0 ? ` ${String(tests.passed)} tests passed, ${String(tests.skipped)} skipped;` : '';
  console.log(`${mark} ${name}:${counts} ${note}`);
  return { name, status, note, tests };
}
