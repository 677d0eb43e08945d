// Options of the scripts that people run.
import { parseArgs } from 'node:util';

/**
 * @param {string} command as it is typed, to point to its help
 * @param {Parameters<typeof parseArgs>[0]} config
 * @param {Readonly<Record<string, string>>} values what options take
 * @throws Error with one sentence about what cannot be understood
 */
export function readCommandLine(command, config, values = {}) {
  try {
    return parseArgs(config);
  } catch (error) {
    const [, option = ''] = /^Option '(?:-\w, )?--([\w-]+)/.exec(error.message) ?? [];
    // Of a value that is missing: what comes next may be taken for it.
    if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' && values[option] !== undefined) {
      throw new Error(`--${option} takes ${values[option]}; ${command} --help lists the options.`, { cause: error });
    }
    const [sentence] = error.message.split(/\. |\.?\n|\.$/);
    throw new Error(`${sentence}; ${command} --help lists the options.`, { cause: error });
  }
}
