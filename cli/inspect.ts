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
/** Characters of an entry that are shown, and of what is said about it. */
const ENTRY = 300;
const NOTE = 1000;
/** Columns: of the labels, and of a line where no terminal says how wide it is. */
const LABEL = 11;
const WIDTH = 100;
const NARROWEST = 60;

/** A line of a list, and what is to be said of it. */
interface Entry {
  readonly text: string;
  readonly note?: string;
}

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
  const rows: [string, readonly Entry[]][] = [
    ['file', [{ text: `${inspection.file} (${String(inspection.size)} bytes)` }]],
    ['kind', [{ text: inspection.kind }]],
    ['ABI', [{ text: `${inspection.abiTitle ?? 'none'}: ${inspection.because}` }]],
    ['language', inspection.language === undefined ? [] : [{ text: inspection.language }]],
    ['tools', [{ text: inspection.tools.join(', ') }]],
    ['proposals', [{ text: inspection.features.join(', ') }]],
    ['exports', [...inspection.exports.map(exportEntry), ...unlisted(inspection.unlisted?.exports)]],
    [
      'imports',
      [
        ...inspection.imports.map(({ module, name, type }) => ({ text: `${module}.${name} ${type}` })),
        ...unlisted(inspection.unlisted?.imports),
      ],
    ],
    ['memories', inspection.memories.map((text) => ({ text }))],
    ['tables', inspection.tables.map((text) => ({ text }))],
  ];
  return rows.flatMap(([label, entries]) => list(label, entries)).join('\n');

  function exportEntry({ name, type, signature, question, conventions }: Inspection['exports'][number]): Entry {
    const mark = name === inspection.defaultExport ? ' (called when none is named)' : '';
    const text = `${name} ${signature ?? type}${mark}`;
    // a question names the conventions itself
    if (question !== undefined) return { text, note: question };
    return { text: conventions === undefined ? text : `${text} [${conventions.join(', ')}]` };
  }
}

function unlisted(number = 0): Entry[] {
  return number === 0 ? [] : [{ text: `… and ${String(number)} more, too many to list` }];
}

/** A label, and its entries below one another; what is said of several that follow each other is said once. */
function list(label: string, entries: readonly Entry[]): string[] {
  const shown = entries.slice(0, SHOWN);
  const lines = shown.flatMap(({ text, note }, index) => {
    const isSaidLater = note === undefined || note === shown[index + 1]?.note;
    return [...wrap(oneLine(text, ENTRY), '', '  '), ...(isSaidLater ? [] : wrap(oneLine(note, NOTE), '    ', '    '))];
  });
  if (entries.length > SHOWN) lines.push(`… and ${String(entries.length - SHOWN)} more (--json shows all)`);
  return lines.filter((line) => line !== '').map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL)}${line}`);
}

/** Text in lines of the terminal's width, with what goes before the first and before the others; a long word stays whole. */
function wrap(text: string, first: string, others: string): string[] {
  const width = Math.max(process.stdout.columns ?? WIDTH, NARROWEST) - LABEL;
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const isEmpty = line === (lines.length === 0 ? first : others);
    if (isEmpty) line += word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = others + word;
    }
  }
  return [...lines, line];
}
