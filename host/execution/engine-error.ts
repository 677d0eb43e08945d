import type { Guest } from '../abi/adapter';
import { WasmFunctionError } from '../errors';
import { MIB } from '../limits';
import { oneLine } from '../one-line';
import { guestLine, guestWords } from '../abi/guest-error';
import { trapSite } from './trap-site';

/**
 * What V8 says of a trap, and what it means. The texts are those of V8's message templates; an unknown one
 * is passed on as it is.
 */
const TRAPS: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [/^unreachable/, 'it reached an `unreachable` instruction, as a failed assertion or a panic does'],
  [/divide by zero|remainder by zero/, 'it divided an integer by zero'],
  [/divide result unrepresentable/, 'an integer division overflowed'],
  [/float unrepresentable/, 'it converted a number to an integer that cannot hold it'],
  [/memory access out of bounds/, 'it accessed memory outside its linear memory'],
  [
    /table index is out of bounds|table access out of bounds/,
    'it used a table index that does not exist, as a call through a bad function pointer does',
  ],
  [
    /null function|signature mismatch|function signature/,
    'it called a function pointer of another type, or a null one',
  ],
  [
    /data segment|element segment/,
    'it copied from beyond the end of one of its own segments, or from one it had dropped',
  ],
  [/out of bounds/, 'it accessed something out of bounds'],
];

/** Begins what is said of an exception of JavaScript. What guests say themselves is a `guestError`: this is often a fault of ours. */
export const UNCAUGHT = 'The function threw an exception that nothing in it caught';

/** Turns whatever a guest's call threw into the error a message gets. */
export function fromEngine(thrown: unknown, guest: Guest | undefined, memoryCap: number): WasmFunctionError {
  if (thrown instanceof WasmFunctionError) return thrown;
  if (thrown instanceof WebAssembly.RuntimeError) return fromTrap(thrown, guest, memoryCap);
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) {
    return new WasmFunctionError(
      'trap',
      `The function ran out of stack${trapSite(thrown.stack).text}: it calls itself without end, or too deeply. ` +
        'Bound the recursion in the module.',
    );
  }
  if (thrown instanceof RangeError && /memory/i.test(thrown.message)) {
    return new WasmFunctionError(
      'memory',
      `The module's memory could not be allocated (${thrown.message}). Free memory on this machine, or use fewer instances.`,
    );
  }
  if (thrown instanceof WebAssembly.LinkError) {
    return new WasmFunctionError(
      'abi',
      `The module does not fit its host (${oneLine(thrown.message)}). Build it again with current tools, or choose another ABI.`,
    );
  }
  return uncaught(thrown);
}

/** An exception that left the guest: of its own language's, or of JavaScript. */
function uncaught(thrown: unknown): WasmFunctionError {
  if (isWasmException(thrown)) {
    return new WasmFunctionError(
      'guest',
      'The function threw an exception of its language that nothing in it caught, and which cannot be read from outside. ' +
        'Catch it in the module, and return an error instead.',
    );
  }
  const words = wordsOf(thrown);
  return new WasmFunctionError(
    'guest',
    `${UNCAUGHT} (${guestLine(words)}). ` + 'Catch it in the module, and return an error instead.',
    { guest: guestWords(words) },
  );
}

/** Exceptions of the proposal's instructions, as C++ and Kotlin throw them. */
function isWasmException(thrown: unknown): boolean {
  const { Exception } = WebAssembly as { Exception?: new (...args: never[]) => unknown };
  return Exception !== undefined && thrown instanceof Exception;
}

function fromTrap(trap: WebAssembly.RuntimeError, guest: Guest | undefined, memoryCap: number): WasmFunctionError {
  const { message, stack } = trap;
  const { text: site, reason } = trapSite(stack);
  const used = guest?.memory?.buffer.byteLength ?? 0;
  if (used > 0 && used >= memoryCap) {
    return new WasmFunctionError(
      'memory',
      `The function used all of the ${mebibytes(memoryCap)} MiB of memory it may have and then trapped (${message})${site}. ` +
        'Raise the memory limit if the module needs more.',
    );
  }
  if (reason === 'panic') {
    return new WasmFunctionError(
      'trap',
      `The function panicked${site}. Mend it there, or keep such input from it. ` +
        'With wasm-bindgen, the crate console_error_panic_hook brings the text and line of the panic.',
    );
  }
  const meaning = TRAPS.find(([pattern]) => pattern.test(message))?.[1] ?? 'it stopped itself';
  return new WasmFunctionError(
    'trap',
    `The function trapped (${message})${site}: ${meaning}. Mend it there, or keep such input from it.` +
      memoryHint(message, used, memoryCap),
  );
}

/**
 * A failed allocation ends in `unreachable` in most languages, and one large request is refused however little is in
 * use; a refused `memory.grow` leaves no trace outside the guest, so that it can only be said that it may be this.
 */
function memoryHint(message: string, used: number, memoryCap: number): string {
  if (!message.startsWith('unreachable') || used === 0) return '';
  return (
    ` It had ${mebibytes(used)} of the ${mebibytes(memoryCap)} MiB of memory it may have: ` +
    'if it asked for more than the rest at once, raise the memory limit.'
  );
}

function mebibytes(bytes: number): string {
  return String(Number((bytes / MIB).toFixed(2)));
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  return typeof thrown === 'string' ? thrown : `a value of type ${typeof thrown}`;
}
