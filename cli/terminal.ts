import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf } from '../host/errors';

/** The command line was wrong: exit code 2. */
export class UsageError extends Error {}

/**
 * `parseArgs`, with negative numbers as arguments instead of options: `call FILE triple -5`.
 * @throws UsageError
 */
export function parseCommandLine<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
): { values: Record<keyof T, string | boolean | undefined>; positionals: string[] } {
  // A NUL cannot be part of a real argument: it keeps the parser from seeing an option.
  const hidden = args.map((arg) => (/^-(\d|\.\d|Infinity$)/.test(arg) ? `\0${arg}` : arg));
  const shown = (text: string): string => text.replace(/^\0/, '');
  try {
    const { values, positionals } = parseArgs({ args: hidden, options, allowPositionals: true });
    const entries = Object.entries(values as Record<string, string | boolean | undefined>);
    return {
      values: Object.fromEntries(
        entries.map(([name, value]) => [name, typeof value === 'string' ? shown(value) : value]),
      ) as Record<keyof T, string | boolean | undefined>,
      positionals: positionals.map(shown),
    };
  } catch (error) {
    const reason = firstSentence(messageOf(error));
    throw new UsageError(`The command line cannot be understood (${reason}).`);
  }
}

function firstSentence(text: string): string {
  return text.split(/\. |\n/)[0]?.replace(/\.$/, '') ?? text;
}
