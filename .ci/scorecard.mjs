// The package and node checks of Node-RED's public scorecard (node-red-dev), on the package as it would be published.
// Its two web services are answered from here, so that it tells the same everywhere: the catalogue with an empty list,
// and the registry's entry of node-red with the versions that are promised. So it proves all but unique names.
// The output is TAP.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ensureBuilt } from '../scripts/ensure-built.mjs';
import { root } from '../scripts/root.mjs';
import { npmPackages } from '../scripts/tool-cache.mjs';
import { newest, oldest, pairFolder } from '../scripts/node-red-pairs.mjs';

const VERSION = '0.1.6';

/** The scorecard's rules, and why one that is not met, or not asked, is passed over. */
const checks = {
  P01: { rule: 'the package has a licence' },
  P03: {
    rule: 'the package names its repository or where to report bugs',
    skip: ({ repository, bugs }) =>
      (repository ?? bugs) === undefined ? 'the repository has no address yet' : undefined,
  },
  P04: { rule: 'the name has a scope' },
  P05: { rule: 'the keywords have node-red' },
  P06: { rule: 'the Node-RED versions it is for are supported' },
  P07: { rule: 'it runs on the oldest Node.js that Node-RED supports' },
  P08: { rule: 'no package has a similar name', skip: () => 'the catalogue is not asked' },
  N01: { rule: 'no other package has nodes of these names', skip: () => 'the catalogue is not asked' },
  N02: { rule: 'each node has an example' },
};

/** The package, packed and unpacked as a user gets it. */
function pack(folder, tar) {
  ensureBuilt();
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(
    execFileSync('npm', args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' }),
  );
  tar.x({ file: join(folder, filename), cwd: folder, sync: true });
  return join(folder, 'package');
}

/** What the registry says of node-red, reduced to the promised pairs. */
function registryEntry() {
  const versions = {};
  for (const pair of [oldest, newest]) {
    const manifest = join(pairFolder(pair), 'node_modules', 'node-red', 'package.json');
    versions[pair.nodeRed] = { engines: JSON.parse(readFileSync(manifest, 'utf8')).engines };
  }
  return { 'dist-tags': { latest: newest.nodeRed, 'v4-maintenance': oldest.nodeRed }, versions };
}

function answerRequests(axios) {
  const answers = { '/catalogue.json': { modules: [] }, '/node-red': registryEntry() };
  axios.get = async (url) => {
    const data = answers[new URL(url).pathname];
    if (data === undefined) throw new Error(`The scorecard asks for ${url}, for which there is no answer here.`);
    return { data };
  };
}

/** @returns {Promise<{ scorecard: object, warnings: string[] }>} */
async function check(folder, require) {
  const warnings = [];
  const scorecard = {};
  const command = {
    log: () => undefined,
    warn: (text) => warnings.push(String(text)),
    error: (error) => warnings.push(String(error)),
  };
  // A dialog it cannot read it tells the console alone.
  const { log } = console;
  console.log = (...words) => warnings.push(words.join(' '));
  try {
    for (const part of ['checkpackage', 'checknodes']) {
      await require(`node-red-dev/src/libs/${part}`)(folder, command, scorecard, false);
    }
    // The examples are looked at in a promise that nobody waits for.
    await turn();
  } finally {
    console.log = log;
  }
  return { scorecard, warnings };
}

/** A warning of a check that is passed over belongs to it. */
function unexplained(warnings, skipped) {
  return warnings.filter((warning) => !skipped.some((code) => warning.startsWith(`${code} `)));
}

function report({ scorecard, warnings }, manifest) {
  const counts = { pass: 0, fail: 0, skipped: 0 };
  const say = (outcome, text) => {
    counts[outcome] += 1;
    const number = counts.pass + counts.fail + counts.skipped;
    console.log(`${outcome === 'fail' ? 'not ok' : 'ok'} ${String(number)} - ${text}`);
  };
  const skipped = [];
  for (const [code, { rule, skip }] of Object.entries(checks)) {
    const reason = skip?.(manifest);
    if (reason !== undefined) skipped.push(code);
    if (reason !== undefined) say('skipped', `${code} ${rule} # SKIP ${reason}`);
    else say(scorecard[code]?.test === true ? 'pass' : 'fail', `${code} ${rule}`);
  }
  for (const code of Object.keys(scorecard).filter((each) => each !== 'package' && !(each in checks))) {
    say('fail', `${code}, a check that this script does not know`);
  }
  for (const warning of unexplained(warnings, skipped)) say('fail', warning.replaceAll('\n', ' '));
  for (const [outcome, count] of Object.entries(counts)) console.log(`# ${outcome} ${String(count)}`);
  console.log('# cancelled 0\n# todo 0');
  return counts.fail === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'scorecard-'));
try {
  const tool = npmPackages(`node-red-dev-${VERSION}`, [`node-red-dev@${VERSION}`]);
  const require = createRequire(join(tool, 'package.json'));
  answerRequests(require('axios'));
  const unpacked = pack(folder, require('tar'));
  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  const isGood = report(await check(unpacked, require), manifest);
  process.exitCode = isGood ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  // It reads standard input and would wait for it.
  process.stdin.destroy();
}
