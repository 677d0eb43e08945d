// Everything a change has to pass, in order; a failure stops nothing, so that one run tells all.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isOwnPair, newest, oldest, pairEnvironment, pairName } from '../scripts/node-red-pairs.mjs';
import { root } from '../scripts/root.mjs';
import { installPrerequisites } from './prerequisites.mjs';
import { runStep } from './step.mjs';
import { installZipper } from './yomo-zipper.mjs';

const tap = '--test-reporter=tap';

/** A script with the Node.js and Node-RED of a pair; the build of `npm run check` is used. */
function pairStep(name, pair, args) {
  const step = { name: `${name} on ${pairName(pair)}`, tests: true };
  try {
    const { node, env } = pairEnvironment(pair);
    return { ...step, command: [node, 'scripts/test.mjs', tap, ...args], env };
  } catch (error) {
    return { ...step, command: [], skip: error.message };
  }
}

function rebuildStep(name, script, skip) {
  const missing = existsSync(join(root, script)) ? undefined : `${script} is missing`;
  return { name, command: [process.execPath, script, '--check'], tell: / skipped: /, skip: missing ?? skip };
}

/** The mutations of the short form; `npm test` does fewer. */
function fuzzStep() {
  return {
    name: 'fuzz, 100,000 mutations',
    command: [process.execPath, 'scripts/test.mjs', tap, 'fuzz'],
    env: { FUZZ_MUTATIONS: '100000' },
    tests: true,
  };
}

/** Protocol v2 against a zipper as it is published; the other steps leave these tests out where it is not there. */
function yomoStep() {
  const command = [process.execPath, 'scripts/test.mjs', tap, '--long', 'yomo/v2', 'yomo-v2'];
  return { name: 'yomo v2', command, tests: true, ...installZipper() };
}

function scriptStep(name, command, tell) {
  return { name, command: [process.execPath, ...command], ...(tell === undefined ? {} : { tell }) };
}

async function run() {
  const outcomes = [];
  const step = async (description) => outcomes.push(await runStep(description));
  // First, and with nothing prepared: what somebody does who has just cloned the repository.
  await step({ name: 'npm test', command: ['npm', 'test', '--', tap], tests: true });
  await step({ name: 'npm run check', command: ['npm', 'run', 'check'] });
  await step({ ...scriptStep('public scorecard', ['.ci/scorecard.mjs'], / # SKIP /), tests: true });
  await step(fuzzStep());
  const prerequisites = installPrerequisites();
  if (prerequisites.tests !== undefined) console.log(`– some tests are skipped ${prerequisites.tests}`);
  await step(rebuildStep('triple is as committed', 'scripts/build-triple.mjs', prerequisites.triple));
  await step(rebuildStep('test guests are as committed', 'scripts/build-guests.mjs', prerequisites.guests));
  await step(yomoStep());
  for (const pair of [oldest, newest]) {
    if (prerequisites.testsGained || !isOwnPair(pair)) await step(pairStep('tests', pair, []));
    await step(pairStep('browser tests', pair, ['test/browser/']));
  }
  await step(scriptStep('screenshots are as committed', ['scripts/screenshots.mjs', '--check'], /^skipped: /));
  await step(scriptStep('wasm-function beside function', ['scripts/bench.mjs', '--short', '--ratio'], / × function /));
  return outcomes;
}

const outcomes = await run();
const sum = (kind) => outcomes.reduce((total, { tests }) => total + tests[kind], 0);
console.log('');
for (const status of ['failed', 'skipped']) {
  for (const outcome of outcomes.filter((candidate) => candidate.status === status)) {
    console.log(`${status}: ${outcome.name} (${outcome.note})`);
  }
}
console.log(`${String(sum('passed'))} passed, ${String(sum('failed'))} failed, ${String(sum('skipped'))} skipped`);
process.exitCode = outcomes.some(({ status }) => status === 'failed') ? 1 : 0;
