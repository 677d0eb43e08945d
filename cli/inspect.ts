import { createWasmHost } from '../host/host';
import { DEFAULT_LIMITS } from '../host/limits';
import type { Inspection } from '../host/inspection';
import { oneLine } from '../host/one-line';
import { parseCommandLine, UsageError } from './terminal';

export const INSPECT_HELP = `Usage: wasm-function inspect FILE [--json]

Says what a WebAssembly file is: its ABI and why, the functions that can be called with their signatures,
imports, memories, tables, language and proposals. Exit code 1 when nothing of it can be called.

  --json    everything, as JSON`;

/** Entries of a list that are shown; a module may have some hundred thousand. */
const SHOWN = 200;

/** @returns the exit code */
export async function inspect(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, { json: { type: 'boolean' } });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('inspect takes one file.');
  const host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  try {
    const inspection = await host.inspectFile(file);
    process.stdout.write(`${values.json === true ? JSON.stringify(inspection, null, 2) : describe(inspection)}\n`);
    if (inspection.refusal === undefined) return 0;
    const { code, message } = inspection.refusal;
    process.stderr.write(`wasm-function: ${oneLine(message, 2000)} [${code}]\n`);
    return 1;
  } finally {
    await host.close();
  }
}

function describe(inspection: Inspection): string {
  const rows: [string, readonly string[]][] = [
    ['file', [`${inspection.file} (${String(inspection.size)} bytes)`]],
    ['kind', [inspection.kind]],
    ['ABI', [`${inspection.abiTitle ?? 'none'}: ${inspection.because}`]],
    ['language', inspection.language === undefined ? [] : [inspection.language]],
    ['tools', [inspection.tools.join(', ')]],
    ['proposals', [inspection.features.join(', ')]],
    ['exports', [...inspection.exports.map(exportLine(inspection)), ...unlisted(inspection.unlisted?.exports)]],
    [
      'imports',
      [
        ...inspection.imports.map(({ module, name, type }) => `${module}.${name} ${type}`),
        ...unlisted(inspection.unlisted?.imports),
      ],
    ],
    ['memories', inspection.memories],
    ['tables', inspection.tables],
  ];
  return rows.flatMap(([label, entries]) => list(label, entries)).join('\n');
}

function unlisted(number = 0): string[] {
  return number === 0 ? [] : [`… and ${String(number)} more, too many to list`];
}

function exportLine({ defaultExport }: Inspection): (each: Inspection['exports'][number]) => string {
  return ({ name, type, signature, question, conventions }) => {
    const called = `${name} ${signature ?? type}${name === defaultExport ? ' (called when none is named)' : ''}`;
    const open = question === undefined ? '' : ` – ${question}`;
    return called + open + (conventions === undefined ? '' : ` [${conventions.join(', ')}]`);
  };
}

/** A label, and its entries below one another. */
function list(label: string, entries: readonly string[]): string[] {
  const lines = entries.slice(0, SHOWN).map((entry) => oneLine(entry, 300));
  if (entries.length > SHOWN) lines.push(`… and ${String(entries.length - SHOWN)} more (--json shows all)`);
  return lines.filter((line) => line !== '').map((line, index) => `${(index === 0 ? label : '').padEnd(11)}${line}`);
}
