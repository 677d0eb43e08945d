/** Where in a module a trap happened, from the stack that V8 writes beside it. */
import { quoted } from '../one-line';

/** Frames the engine is to write down (`Error.stackTraceLimit`): a panic of Rust takes ten before the one who panicked. */
export const STACK_DEPTH = 40;

/** Functions named at most, the one that trapped first. */
const SHOWN = 4;
/** Characters of a line that is read; the names in it come from the module and may be of any length. */
const MAX_LINE = 2000;
/** Characters of a function's name that are shown: generic ones of Rust fill lines. */
const MAX_NAME = 80;

/** A frame as V8 writes it: `name (wasm://wasm/<module name>-<hash>:wasm-function[<index>]:0x<offset>)`, or no name. */
const FRAME =
  /^ {4}at (?:(?<label>.*) \()?wasm:\/\/wasm\/(?:(?<module>.*)-)?[0-9a-f]{8}:wasm-function\[(?<index>\d+)\]:(?<offset>0x[0-9a-f]+)\)?$/s;

/** What a Rust panic runs through before it traps: the caller of this is who panicked. */
const PANIC_MACHINERY =
  /^(?:rust_begin_unwind|rust_panic\w*|__rust\w*|__rustc::\w+|abort|(?:std|alloc)::(?:panicking|sys|process|rt|alloc)::.*|core::panicking::panic(?:_fmt|_display.*|_explicit|_nounwind.*)?)$/;

/** Only a panic runs through these; `abort` and the like are reached in other ways too. */
const PANIC = /^(?:(?:__rustc::)?(?:rust_begin_unwind|rust_panic\w*)|(?:std|core)::panicking::.*)$/;

/** What Rust runs through where memory was refused. */
const ALLOCATION_FAILURE = /(?:^|::)(?:handle_alloc_error|rust_oom|__rust_alloc_error_handler|__rg_oom)(?:$|::)/;

export interface TrapSite {
  /** Ends a sentence; blank where the stack has no frame of a module. */
  readonly text: string;
  /** What the names say of the reason. */
  readonly reason: 'panic' | 'allocation' | 'unknown';
}

interface Frame {
  readonly name: string | undefined;
  readonly index: string;
  readonly offset: string;
}

/**
 * Its text is such as ` in "add_one", called by "triple"`. A module without a `name` section has numbers and offsets
 * for names, as disassemblers show them.
 * @param stack of the error the engine threw
 */
export function trapSite(stack: string | undefined): TrapSite {
  const frames = (stack ?? '').split('\n').flatMap(readFrame);
  const names = frames.map(nameOf);
  return { text: siteText(frames, names), reason: reasonOf(names) };
}

function reasonOf(names: readonly string[]): TrapSite['reason'] {
  if (names.some((name) => ALLOCATION_FAILURE.test(name))) return 'allocation';
  return names.some((name) => PANIC.test(name)) ? 'panic' : 'unknown';
}

function siteText([innermost]: readonly Frame[], names: readonly string[]): string {
  if (innermost === undefined) return '';
  const [first, ...callers] = names.filter((name) => !PANIC_MACHINERY.test(name));
  if (first === undefined) return ` in ${quoted(nameOf(innermost), MAX_NAME)}`;
  // a function that calls itself is named once
  const chain = callers.filter((name, at) => name !== (at === 0 ? first : callers[at - 1]));
  const called = chain.slice(0, SHOWN - 1).map((name) => `, called by ${quoted(name, MAX_NAME)}`);
  const offset = innermost.name === undefined ? ` (at ${innermost.offset})` : '';
  return ` in ${quoted(first, MAX_NAME)}${offset}${called.join('')}`;
}

function readFrame(line: string): Frame[] {
  const groups = line.length > MAX_LINE ? undefined : FRAME.exec(line)?.groups;
  if (groups === undefined) return [];
  const { label, module, index = '', offset = '' } = groups;
  return [{ name: withoutModule(label, module), index, offset }];
}

/** V8 puts the module's name, where it has one, before the function's, or in its place. */
function withoutModule(label: string | undefined, module: string | undefined): string | undefined {
  if (label === undefined || module === undefined) return label;
  if (label === module) return undefined;
  return label.startsWith(`${module}.`) ? label.slice(module.length + 1) : label;
}

function nameOf({ name, index }: Frame): string {
  return name === undefined ? `function ${index}` : demangle(name);
}

/** A name of Rust as its author wrote it; any other one, and what is not understood, as it is. */
export function demangle(name: string): string {
  return demangleLegacy(name) ?? demangleV0(name) ?? withoutHashes(name);
}

/** Linkers and wasm-bindgen write demangled names with the crate's hash in brackets, or the function's at the end. */
function withoutHashes(name: string): string {
  return name.replace(/(?<=\w)\[[0-9a-f]{12,16}\]/g, '').replace(/::h[0-9a-f]{16}$/, '');
}

/** `_ZN`, parts with their lengths, and a hash as the last part: the scheme of Rust before v0. */
function demangleLegacy(name: string): string | undefined {
  const mangled = /^_ZN(.+)17h[0-9a-f]{16}E$/.exec(name)?.[1];
  if (mangled === undefined) return undefined;
  const parts: string[] = [];
  let at = 0;
  while (at < mangled.length) {
    const part = readIdentifier(mangled, at);
    if (part === undefined) return undefined;
    parts.push(plain(part.text));
    at = part.end;
  }
  return parts.join('::');
}

const ESCAPES: Readonly<Record<string, string>> = {
  LT: '<',
  GT: '>',
  RF: '&',
  BP: '*',
  C: ',',
  SP: '@',
  LP: '(',
  RP: ')',
};

function plain(part: string): string {
  return part
    .replace(/^_(?=\$)/, '')
    .replace(/\$(?:u([0-9a-f]{1,5})|([A-Z]{1,2}))\$/g, (whole, code: string | undefined, escape: string | undefined) =>
      code === undefined ? (ESCAPES[escape ?? ''] ?? whole) : String.fromCodePoint(Number.parseInt(code, 16)),
    )
    .replaceAll('..', '::');
}

/**
 * The path of a function in the v0 scheme (Rust RFC 2603): `_R`, an `N` and a namespace for each step, the crate, and
 * an identifier for each step. What is more than that, as methods of traits, stays as it is.
 */
function demangleV0(name: string): string | undefined {
  const head = /^_R(?:I)?((?:N[a-zA-Z])+)C/.exec(name);
  if (head?.[1] === undefined) return undefined;
  const parts: string[] = [];
  let at = head[0].length;
  for (let steps = head[1].length / 2 + 1; steps > 0; steps--) {
    // a number in base 62 that tells crates of one name, or closures of one function, apart
    at += /^s[0-9a-zA-Z]*_/.exec(name.slice(at))?.[0].length ?? 0;
    const part = readIdentifier(name, at, '_');
    if (part === undefined) return undefined;
    parts.push(part.text === '' ? '{closure}' : part.text);
    at = part.end;
  }
  return parts.join('::');
}

/** @param separator of v0: an underscore before a name that starts with a digit or an underscore itself */
function readIdentifier(text: string, at: number, separator: '_' | '' = '') {
  const digits = /^\d{1,4}/.exec(text.slice(at, at + 4))?.[0];
  if (digits === undefined) return undefined;
  const length = at + digits.length;
  const start = separator !== '' && text[length] === separator ? length + 1 : length;
  const end = start + Number(digits);
  return end > text.length ? undefined : { text: text.slice(start, end), end };
}
