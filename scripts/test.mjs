// Runs the tests: those whose path contains one of the arguments; without any, all but those in a browser and, in the
// short form, those with a real zipper of YoMo 2.
// `--long` runs the long forms. Of Node's own options it takes --test-reporter (spec), --test-concurrency,
// --test-timeout (milliseconds of a test), --test-name-pattern and --test-only.
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import * as reporters from 'node:test/reporters';
import { bundle, bundleOptions } from './bundle.mjs';
import { readCommandLine } from './command-line.mjs';
import { install } from './install.mjs';
import { root } from './root.mjs';

/** Begun first, so that no long one is left over at the end. */
const slowest = ['hostile', 'lifecycle', 'start/', 'flows/', 'yomo/', 'package/', 'fuzz', 'nodes/', 'cli/', 'mqtt/'];
/** A file is given the time of so many tests; what hangs after the last one is ended, too. */
const FILE_TESTS = 5;
const inBrowser = 'test/browser/';

/** They take half a minute, and a program that few machines have. */
function needsZipper(file) {
  return readFileSync(join(root, file), 'utf8').includes('support/yomo-v2');
}

function readArguments() {
  const { values, positionals } = readCommandLine('npm test --', {
    allowPositionals: true,
    options: {
      long: { type: 'boolean' },
      'test-reporter': { type: 'string', default: 'spec' },
      'test-concurrency': { type: 'string' },
      'test-timeout': { type: 'string', default: '120000' },
      'test-name-pattern': { type: 'string', multiple: true },
      'test-only': { type: 'boolean' },
    },
  });
  const reporter = reporters[values['test-reporter']];
  if (reporter === undefined) {
    throw new Error(`--test-reporter takes one of ${Object.keys(reporters).join(', ')}.`);
  }
  return { values, filters: positionals, reporter };
}

function chooseFiles(filters, isLong) {
  const files = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter((file) =>
      filters.length === 0
        ? !file.startsWith(inBrowser) && (isLong || !needsZipper(file))
        : filters.some((each) => file.includes(each)),
    );
  const rank = (file) => slowest.findIndex((part) => file.includes(part)) >>> 0;
  return files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Most tests wait, for a broker or a Node-RED that starts; a browser keeps more than one core busy. */
function concurrencyOf(files) {
  const cores = availableParallelism();
  return files.every((file) => file.startsWith(inBrowser)) ? cores : 2 * cores;
}

async function test({ values, filters, reporter }) {
  const files = chooseFiles(filters, values.long);
  if (files.length === 0) {
    const wanted = filters.map((filter) => `"${filter}"`).join(' or ');
    throw new Error(`No test file under test/ contains ${wanted} in its path.`);
  }
  if (values.long) process.env.TEST_LONG = '1';
  // The options of this process are those of the processes that the files run in.
  process.execArgv.push(...bundleOptions, `--test-timeout=${values['test-timeout']}`);
  const events = run({
    files: await bundle(files),
    concurrency: Number(values['test-concurrency'] ?? concurrencyOf(files)),
    timeout: FILE_TESTS * Number(values['test-timeout']),
    only: values['test-only'] ?? false,
    ...(values['test-name-pattern'] === undefined ? {} : { testNamePatterns: values['test-name-pattern'] }),
  });
  events.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  // A class is made, a function takes the events as they are.
  const report = values['test-reporter'] === 'spec' ? new reporter() : reporter;
  for await (const text of events.compose(report)) process.stdout.write(text);
  if (filters.length > 0) return;
  console.log('# The tests in a browser are run by: npm run test:browser');
  if (!values.long) console.log('# The tests with a real zipper of YoMo 2 are run by: npm run test:zipper');
}

try {
  install();
  await test(readArguments());
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
