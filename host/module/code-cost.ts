import { BodyWalk, type CodeContext, type Unread } from './body-walk';
import { WasmFunctionError } from '../errors';
import { MAX_BODY_SIZE, MAX_COMPILE_COST } from '../limits';
import type { Reader } from './reader';

/**
 * Refuses code that costs the engine far more to compile than its size suggests. Its compilers keep a record of all
 * locals and operands at every branch, so that 20 kB of code can take 8 GB and half a minute, and nothing can
 * interrupt them: not a deadline, not the end of their thread. The figure is the number of values in those records.
 *
 * Behind an instruction that is not known here a body is taken to cost the most that its bytes can. Where that is
 * little, the engine has the word, which knows it or says what is wrong with it.
 *
 * @param reader of the code section
 * @returns the bodies with tail calls
 * @throws WasmFunctionError `module`, with the function and the figures, or the instruction that is not known
 */
export function checkCompileCost(reader: Reader, context: CodeContext): number[] {
  const tailCallers: number[] = [];
  const bodies = reader.count('function bodies', reader.remaining);
  for (let body = 0; body < bodies; body += 1) {
    const index = context.firstBody + body;
    const size = reader.u32('the size of a function body');
    const start = reader.position;
    reader.skip(size, 'a function body');
    if (size > MAX_BODY_SIZE) throw tooLarge(index, size);
    const walk = new BodyWalk(reader.bytes, start, start + size, context);
    const parameters = context.functions[index]?.parameters.length ?? 0;
    if (walk.cost(parameters, reader) > MAX_COMPILE_COST) {
      throw walk.unread === undefined ? tooCostly(index, size, walk.locals) : unreadable(index, walk.unread);
    }
    // behind what could not be read there may be some
    if (walk.hasTailCalls || walk.unread !== undefined) tailCallers.push(body);
  }
  return tailCallers;
}

function tooLarge(index: number, size: number): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `Function ${index} has ${size} bytes of code; at most ${MAX_BODY_SIZE} are compiled, since the engine takes hundreds ` +
      'of bytes of memory for each and cannot be stopped. Split the function, or move tables in it to data.',
  );
}

function tooCostly(index: number, size: number, locals: number): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `Function ${index} (${size} bytes, ${locals} locals) would take the engine too much memory and time to compile: ` +
      'it has too many local variables and operands across too many branches. Build it with optimisation, or split it.',
  );
}

function unreadable(index: number, { instruction, at, left }: Unread): WasmFunctionError {
  return new WasmFunctionError(
    'module',
    `Function ${index} has the instruction ${instruction} at byte ${at} of its body, which is not known here or does not fit ` +
      `there; what the ${left} bytes from there on cost the engine cannot be told, and it may be too much. ` +
      'Build the module for an older target, or split the function.',
  );
}
