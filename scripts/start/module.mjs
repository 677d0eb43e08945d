// What a module and its export are, asked of the built host.
import { createRequire } from 'node:module';
import { root } from '../root.mjs';

/** A noise level as the simulated sensor sends it: a fraction, as nearly all of them are. */
const READING = 61.5;
/** One of a sensor that sends whole numbers. */
const WHOLE_READING = 61;

const NUMBERS = ['i32', 'u32', 'i64', 'u64', 'f32', 'f64'];

/** Required when it is needed: this script is loaded before the build. */
function built(path) {
  return createRequire(import.meta.url)(`../../dist/${path}.js`);
}

async function withHost(use) {
  const { createWasmHost } = built('host/host');
  const { DEFAULT_LIMITS } = built('host/limits');
  const host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  try {
    return await use(host);
  } finally {
    await host.close();
  }
}

/**
 * Where a node of that user directory finds a module.
 * @returns an absolute path
 * @throws Error where it is in none of the folders
 */
export function locateModule(file, userDirectory) {
  const { ModulePaths } = built('nodes/wasm-function/file-path');
  return new ModulePaths({
    workingDirectory: undefined,
    userDirectory,
    packageFolder: root,
    roots: [],
  }).locate(file);
}

/**
 * @param {string} file absolute path
 * @returns {Promise<string>} the name of the function to call where none is given
 * @throws Error that says why there is none
 */
export async function onlyExport(file) {
  const { listNames } = built('host/abi/module-exports');
  const inspection = await withHost((host) => host.inspectFile(file));
  if (inspection.refusal !== undefined) throw aboutFile(file, inspection.refusal);
  if (inspection.defaultExport !== undefined) return inspection.defaultExport;
  throw new Error(`${file} has several functions; name one of them: ${listNames(inspection.exports)}.`);
}

/**
 * @param {string} file absolute path
 * @param saved the wasm-function of a flow, as the node saves it
 * @returns {Promise<{ label: string, numeric: boolean, misfit?: string, wholeOnly: boolean }>} `numeric` says whether its
 *   result is one number, `misfit` why it does not take what the sensor sends, `wholeOnly` that it would take whole numbers
 * @throws Error that says why it cannot be called, and what to do
 */
export async function describeFunction(file, saved) {
  const { readConfiguration } = built('nodes/wasm-function/configuration');
  const { migrate } = built('nodes/wasm-function/migrations');
  const { untilReady } = built('cli/ready-function');
  const { DEFAULT_LIMITS } = built('host/limits');
  const options = { ...readConfiguration(migrate(saved), DEFAULT_LIMITS).options, file };
  return withHost(async (host) => {
    await checkQuestion(host, options);
    const { signature, types } = await untilReady(host.open(options)).catch((error) => {
      throw aboutFile(file, error);
    });
    return {
      label: signature,
      numeric: options.result === 'number' || returnsNumber(types),
      misfit: misfit(types, READING),
      wholeOnly: misfit(types, READING) !== undefined && misfit(types, WHOLE_READING) === undefined,
    };
  });
}

/** The host's sentence about an open question speaks of properties of the node; on the command line they are options. */
async function checkQuestion(host, { file, export: name, abi, signature, convention, memory }) {
  const { refusal, exports } = await host.inspectFile(file, { abi, export: name, memory });
  if (refusal !== undefined) throw aboutFile(file, refusal);
  const question = exports.find((candidate) => candidate.name === name)?.question;
  if (question !== undefined && signature === '' && convention === 'auto') {
    const asks = /convention|signature/.test(question);
    const options = asks ? ' The options for that: --convention NAME, --signature TEXT.' : '';
    throw aboutFile(file, { message: `${question}${options}` });
  }
}

/** An error that names its file: several may have been given, one after the other. */
function aboutFile(file, { message }) {
  const { fileNamed } = built('host/file-named');
  return new Error(`${fileNamed({ message, cause: { file } })}${message}`);
}

function returnsNumber({ results: [only, ...others] }) {
  return others.length === 0 && NUMBERS.includes(only?.type);
}

function misfit(signature, reading) {
  const { acceptArguments } = built('host/values/accept');
  try {
    acceptArguments(reading, signature);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** @throws Error where there is no convention of that name */
export function checkConvention(name) {
  const { CONVENTIONS } = built('host/abi/adapter');
  const known = ['auto', ...CONVENTIONS];
  if (name === undefined || known.includes(name)) return;
  throw new Error(`--convention takes one of ${known.join(', ')}, not "${name}".`);
}
