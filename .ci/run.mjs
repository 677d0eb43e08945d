// Everything a change has to pass, in order; a failure stops nothing, so that one run tells all.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { root } from '../scripts/root.mjs';
import { npmPackages } from '../scripts/tool-cache.mjs';
import { installPrerequisites } from './prerequisites.mjs';
import { runStep } from './step.mjs';

/** The oldest and the newest pair that is promised; each is installed outside the repository. */
const pairs = [
  { node: '20.20.2', nodeRed: '4.1.15' },
  { node: '24.21.0', nodeRed: '5.0.7' },
];
const tap = '--test-reporter=tap';

/** Whether `npm test` itself has run with this pair. */
function isOwn(pair) {
  const require = createRequire(join(root, 'package.json'));
  const line = (version) => version.split('.').slice(0, 2).join('.');
  const nodeRed = require('node-red/package.json').version;
  return process.versions.node.split('.')[0] === pair.node.split('.')[0] && line(nodeRed) === line(pair.nodeRed);
}

/** The tests with the Node and Node-RED of a pair; the build of `npm run check` is used. */
function pairStep(pair) {
  const name = `tests on Node ${pair.node} and Node-RED ${pair.nodeRed}`;
  try {
    const packages = [`node@${pair.node}`, `node-red@${pair.nodeRed}`];
    const folder = npmPackages(`node-${pair.node}-node-red-${pair.nodeRed}`, packages);
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    return {
      name,
      command: [node, 'scripts/test.mjs', tap],
      env: { NODE_RED_FOLDER: folder, PATH: [dirname(node), process.env.PATH].join(delimiter) },
      tests: true,
    };
  } catch (error) {
    return { name, command: [], skip: error.message };
  }
}

function rebuildStep(name, script, skip) {
  const missing = existsSync(join(root, script)) ? undefined : `${script} is missing`;
  return { name, command: [process.execPath, script, '--check'], tell: / skipped: /, skip: missing ?? skip };
}

async function run() {
  const outcomes = [];
  const step = async (description) => outcomes.push(await runStep(description));
  // First, and with nothing prepared: what somebody does who has just cloned the repository.
  await step({ name: 'npm test', command: ['npm', 'test', '--', tap], tests: true });
  await step({ name: 'npm run check', command: ['npm', 'run', 'check'] });
  const prerequisites = installPrerequisites();
  if (prerequisites.tests !== undefined) console.log(`– some tests are skipped ${prerequisites.tests}`);
  await step(rebuildStep('triple is as committed', 'scripts/build-triple.mjs', prerequisites.triple));
  await step(rebuildStep('test guests are as committed', 'scripts/build-guests.mjs', prerequisites.guests));
  for (const pair of pairs) {
    if (prerequisites.testsGained || !isOwn(pair)) await step(pairStep(pair));
  }
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
