import { writeResult } from './call-result';
import { FUNCTION_HELP, FUNCTION_OPTIONS, withFunction } from './chosen-function';
import { parseCommandLine, UsageError } from './terminal';

export const CALL_HELP = `Usage: wasm-function call [options] FILE [EXPORT [ARG…]]

Calls a function once, under the limits of the wasm-function node, and prints what it returns. Without an EXPORT,
or with "" before arguments, it is the one that inspect marks, as in a node that names none.

${FUNCTION_HELP}
  --json                the result as JSON: 64-bit integers as text, bytes as {"base64": …}

Results are printed as they are. On a terminal bytes are described, and characters that would steer it are escaped.`;

const OPTIONS = { ...FUNCTION_OPTIONS, json: { type: 'boolean' } } as const;

/** @returns the exit code */
export async function call(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, OPTIONS);
  if (positionals.length === 0) {
    throw new UsageError('call takes a file, and behind it an export and its arguments where they are needed.');
  }
  await withFunction(positionals, values, 1, async (chosen) => {
    await writeResult(await chosen.function.call(chosen.input), values.json === true);
  });
  return 0;
}
