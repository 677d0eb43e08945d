import type { ModuleDescription, TailCaller } from './description';
import type { Reader } from './reader';
import { concatenate, leb128, replaceIn, type Replacement } from './rewrite';
import { readSections, SECTION, standsAfter } from './sections';
import { readValueType } from './types';

/** A mutable i32 that is 0 (core specification 5.5.9). */
const NEVER = [0x7f, 0x01, 0x41, 0x00, 0x0b];

/**
 * The module with functions that can be interrupted although they end in tail calls. The end of a thread is seen where
 * code asks for it: in loops, and when a function is entered that itself calls. V8 13 (Node 24) leaves the question out
 * of functions without calls, to which it counts those that end in tail calls only; a few of these that go round in
 * circles outlive the end of their thread and keep it for ever.
 *
 * So each gets an ordinary call of itself, behind a condition that never holds and that the compiler cannot know: a
 * mutable global, the last of all, so that no index changes. It costs a load and a branch for each entry.
 *
 * @param bytes a core module
 * @param description what `parseModule` says of these bytes
 * @returns the same bytes where there are no tail calls
 */
export function makeInterruptible(
  bytes: Uint8Array,
  { tailCallers, globalCount }: Pick<ModuleDescription, 'tailCallers' | 'globalCount'>,
): Uint8Array {
  if (tailCallers.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let copied = 0;
  let hasGlobal = false;
  for (const section of readSections(bytes)) {
    const { id, start, content } = section;
    if (!hasGlobal && standsAfter(id, SECTION.global)) {
      parts.push(bytes.subarray(copied, start), Uint8Array.of(SECTION.global, 1 + NEVER.length, 1, ...NEVER));
      copied = start;
      hasGlobal = true;
    }
    if (id !== SECTION.global && id !== SECTION.code) continue;
    hasGlobal = true;
    const replacements = id === SECTION.global ? oneMore(content) : guards(content, tailCallers, globalCount);
    parts.push(bytes.subarray(copied, start), replaceIn(bytes, section, replacements));
    copied = content.end;
  }
  parts.push(bytes.subarray(copied));
  return concatenate(parts);
}

function oneMore(globals: Reader): Replacement[] {
  const { position: start, end } = globals;
  const count = globals.u32('the number of globals');
  return [
    { start, end: globals.position, bytes: leb128(count + 1) },
    { start: end, end, bytes: NEVER },
  ];
}

function guards(code: Reader, tailCallers: readonly TailCaller[], never: number): Replacement[] {
  const byBody = new Map(tailCallers.map((caller) => [caller.body, caller]));
  const bodies = code.u32('the number of function bodies');
  const replacements: Replacement[] = [];
  for (let body = 0; body < bodies; body += 1) {
    const start = code.position;
    const size = code.u32('the size of a function body');
    const first = code.position;
    const caller = byBody.get(body);
    if (caller !== undefined) {
      skipLocals(code, first + size);
      const guard = guardOf(caller, never);
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

/** `global.get never; if; local.get 0 … n−1; call itself; drop its results; end` */
function guardOf({ function: index, parameters, results }: TailCaller, never: number): number[] {
  const args = Array.from({ length: parameters }, (_, parameter) => [0x20, ...leb128(parameter)]).flat();
  const drops = new Array<number>(results).fill(0x1a);
  return [0x23, ...leb128(never), 0x04, 0x40, ...args, 0x10, ...leb128(index), ...drops, 0x0b];
}
