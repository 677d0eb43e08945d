import type { TailCalls } from './description';
import type { Reader } from './reader';
import { concatenate, leb128, replaceIn, type Replacement } from './rewrite';
import { readSections, type Section, SECTION, standsAfter } from './sections';
import { readValueType } from './types';

/** `() → ()` */
const PLAIN_TYPE = [0x60, 0x00, 0x00];
/** A mutable i32 that is 0 (core specification 5.5.9). */
const NEVER = [0x7f, 0x01, 0x41, 0x00, 0x0b];

/**
 * The module with functions that can be interrupted although they end in tail calls. The end of a thread is seen where
 * code asks for it: in loops, and when a function is entered that itself calls. V8 13 (Node 24) leaves the question out
 * of functions without calls, to which it counts those that end in tail calls only; a few of these that go round in
 * circles outlive the end of their thread and keep it for ever.
 *
 * So each gets an ordinary call, behind a condition that never holds and that the compiler cannot know: a mutable global.
 * What is called is a function that calls itself, so that something of the call remains when it is compiled into its
 * caller. Type, function and global are the last of their kind, so no index changes. It costs a load and a branch for each
 * entry, and 8 to 15 bytes of code.
 *
 * @param bytes a core module
 * @param tailCalls what `parseModule` says of these bytes
 * @returns the same bytes where there are no tail calls
 */
export function makeInterruptible(bytes: Uint8Array, tailCalls: TailCalls | undefined): Uint8Array {
  if (tailCalls === undefined) return bytes;
  const parts: Uint8Array[] = [];
  let copied = 0;
  let hasGlobal = false;
  for (const section of readSections(bytes)) {
    if (!hasGlobal && standsAfter(section.id, SECTION.global)) {
      const global = Uint8Array.of(SECTION.global, 1 + NEVER.length, 1, ...NEVER);
      parts.push(bytes.subarray(copied, section.start), global);
      copied = section.start;
      hasGlobal = true;
    }
    hasGlobal ||= section.id === SECTION.global;
    const replacements = replacementsIn(section, tailCalls);
    if (replacements.length === 0) continue;
    parts.push(bytes.subarray(copied, section.start), replaceIn(bytes, section, replacements));
    copied = section.content.end;
  }
  parts.push(bytes.subarray(copied));
  return concatenate(parts);
}

function replacementsIn({ id, content }: Section, tailCalls: TailCalls): Replacement[] {
  const { types, functions, globals } = tailCalls;
  switch (id) {
    case SECTION.type:
      return oneMore(content, PLAIN_TYPE);
    case SECTION.function:
      return oneMore(content, leb128(types));
    case SECTION.global:
      return oneMore(content, NEVER);
    case SECTION.code: {
      const call = [0x10, ...leb128(functions)];
      // global.get, if, call, end
      const guard = [0x23, ...leb128(globals), 0x04, 0x40, ...call, 0x0b];
      const [count, appended] = oneMore(content, bodyOf(call));
      return [count, ...guards(content, new Set(tailCalls.bodies), guard), appended];
    }
    default:
      return [];
  }
}

/** @returns what changes the count a section begins with, and what adds an entry at its end */
function oneMore(content: Reader, entry: readonly number[]): [Replacement, Replacement] {
  const { position: start, end } = content;
  const count = content.u32('the number of entries');
  return [
    { start, end: content.position, bytes: leb128(count + 1) },
    { start: end, end, bytes: entry },
  ];
}

/** A function without locals. */
function bodyOf(instructions: readonly number[]): number[] {
  return [...leb128(instructions.length + 2), 0x00, ...instructions, 0x0b];
}

/** @param code behind the number of bodies */
function guards(code: Reader, bodies: ReadonlySet<number>, guard: readonly number[]): Replacement[] {
  const replacements: Replacement[] = [];
  for (let body = 0; !code.done; body += 1) {
    const start = code.position;
    const size = code.u32('the size of a function body');
    const first = code.position;
    if (bodies.has(body)) {
      skipLocals(code, first + size);
      replacements.push({ start, end: first, bytes: leb128(size + guard.length) });
      replacements.push({ start: code.position, end: code.position, bytes: guard });
    }
    code.position = first + size;
  }
  return replacements;
}

/** @param end of the body; one that is all locals is left to the engine, which says so */
function skipLocals(code: Reader, end: number): void {
  const groups = code.u32('the number of groups of locals');
  for (let group = 0; group < groups && code.position < end; group += 1) {
    code.u32('the number of locals');
    readValueType(code, 'a local');
  }
}
