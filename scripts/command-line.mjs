// Options of the scripts that people run.
import { parseArgs } from 'node:util';

/**
 * @param {string} command as it is typed, to point to its help
 * @param {Parameters<typeof parseArgs>[0]} config
 * @throws Error with one sentence about what cannot be understood
 */
export function readCommandLine(command, config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const [sentence] = error.message.split(/\. |\.?\n|\.$/);
    throw new Error(`${sentence}; ${command} --help lists the options.`, { cause: error });
  }
}
