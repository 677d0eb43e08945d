import { MAX_COMPILE_COST } from '../limits';
import type { FunctionType } from './description';
import { INSTRUCTIONS, type Instruction, Operands, PREFIXED } from './instructions';
import type { Reader } from './reader';
import { readValueType } from './types';

const EMPTY_BLOCK = 0x40;
/** Bit of an alignment that is followed by the index of a memory (multi-memory proposal). */
const HAS_MEMORY_INDEX = 0x40;
/** return_call, return_call_indirect, return_call_ref. */
const TAIL_CALLS = new Set([0x12, 0x13, 0x15]);
/** Values a caught exception counts for: compilers write long code to unpack one. */
const CAUGHT = 1000;

/** What bodies refer to. */
export interface CodeContext {
  /** By type index; undefined for structs and arrays. */
  readonly types: readonly (FunctionType | undefined)[];
  /** By function index, imports first. */
  readonly functions: readonly FunctionType[];
  /** Results of the type that has the most; 1 at least. */
  readonly mostResults: number;
  /** Index of the first function that has a body. */
  readonly firstBody: number;
}

/** Where reading a body ended before its end. */
export interface Unread {
  /** As engines write it, `0xfc13`. */
  readonly instruction: string;
  /** Byte of the body. */
  readonly at: number;
  /** Bytes from there to the end. */
  readonly left: number;
}

interface Block {
  /** Values on the stack below it. */
  readonly base: number;
  readonly parameters: number;
  readonly results: number;
}

function hexadecimal(number: number): string {
  return number.toString(16).padStart(2, '0');
}

/** Whether the walk can go on after an instruction. */
type Step = 'known' | 'unknown';

/** One function body, instruction by instruction: what it costs to compile. */
export class BodyWalk {
  locals = 0;
  hasTailCalls = false;
  unread: Unread | undefined;
  readonly #start: number;
  #at: number;
  #height = 0;
  #cost = 0;
  readonly #blocks: Block[] = [];

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    private readonly end: number,
    private readonly context: CodeContext,
  ) {
    this.#start = start;
    this.#at = start;
  }

  /** @returns values recorded at branches; for what cannot be read, the most there may be */
  cost(parameters: number, section: Reader): number {
    this.#readLocals(section);
    this.locals += parameters;
    while (this.#at < this.end && this.#cost <= MAX_COMPILE_COST) {
      const start = this.#at;
      if (this.#step() === 'known') continue;
      const left = this.end - start;
      this.unread = { instruction: this.#instructionAt(start), at: start - this.#start, left };
      // instructions and branches take a byte at least; a call leaves as many values as its type has results
      return this.#cost + (this.locals + this.#height + left * this.context.mostResults) * left;
    }
    return this.#cost;
  }

  #instructionAt(start: number): string {
    this.#at = start;
    const opcode = this.#byte();
    const number = PREFIXED.has(opcode) ? hexadecimal(this.#leb()) : '';
    return `0x${hexadecimal(opcode)}${number}`;
  }

  #readLocals(section: Reader): void {
    const after = section.position;
    section.position = this.#at;
    const groups = section.u32('the number of groups of locals');
    for (let group = 0; group < groups && section.position < this.end; group += 1) {
      this.locals += section.u32('the number of locals');
      readValueType(section, 'a local');
    }
    this.#at = section.position;
    section.position = after;
  }

  #step(): Step {
    const opcode = this.#byte();
    const plain = INSTRUCTIONS[opcode];
    if (plain !== undefined) return this.#apply(plain);
    const prefixed = PREFIXED.get(opcode);
    if (prefixed === undefined) return this.#control(opcode);
    const number = this.#leb();
    const instruction = prefixed[number];
    if (instruction !== undefined) return this.#apply(instruction);
    return opcode === 0xfb && (number === 24 || number === 25) ? this.#castBranch() : 'unknown';
  }

  #apply({ operands, effect }: Instruction): Step {
    switch (operands) {
      case Operands.none:
        break;
      case Operands.twoIndices:
        this.#leb();
        this.#leb();
        break;
      case Operands.memory:
        this.#memory();
        break;
      case Operands.memoryAndLane:
        this.#memory();
        this.#at += 1;
        break;
      case Operands.lane:
        this.#at += 1;
        break;
      case Operands.fourBytes:
        this.#at += 4;
        break;
      case Operands.eightBytes:
        this.#at += 8;
        break;
      case Operands.sixteenBytes:
        this.#at += 16;
        break;
      case Operands.valueTypes:
        for (let types = this.#leb(); types > 0 && this.#at < this.end; types -= 1) this.#valueType();
        break;
      default:
        this.#leb();
    }
    this.#move(effect);
    return 'known';
  }

  #control(opcode: number): Step {
    switch (opcode) {
      case 0x00: // unreachable
        return 'known';
      case 0x02: // block
      case 0x03: // loop
      case 0x06: // try
        return this.#enter();
      case 0x04: // if
        this.#move(-1);
        return this.#enter();
      case 0x05: // else
      case 0x19: // catch_all
        return this.#again(0);
      case 0x07: // catch
        this.#leb();
        return this.#again(CAUGHT);
      case 0x0b: // end
      case 0x18: // delegate
        if (opcode === 0x18) this.#leb();
        return this.#leave();
      case 0x08: // throw
      case 0x09: // rethrow
      case 0x0c: // br
      case 0xd5: // br_on_null
        this.#leb();
        return this.#branch(1);
      case 0x0a: // throw_ref
      case 0x0f: // return
        return this.#branch(1);
      case 0x0d: // br_if
      case 0xd6: // br_on_non_null
        this.#leb();
        this.#move(-1);
        return this.#branch(1);
      case 0x0e: // br_table
        return this.#branchTable();
      case 0x1f: // try_table
        return this.#tryTable();
      default:
        return this.#call(opcode);
    }
  }

  #call(opcode: number): Step {
    this.hasTailCalls ||= TAIL_CALLS.has(opcode);
    switch (opcode) {
      case 0x10: // call
      case 0x12: // return_call
        return this.#pass(this.context.functions[this.#leb()], 0);
      case 0x11: // call_indirect
      case 0x13: {
        const type = this.context.types[this.#leb()];
        this.#leb();
        return this.#pass(type, 1);
      }
      case 0x14: // call_ref
      case 0x15:
        return this.#pass(this.context.types[this.#leb()], 1);
      default:
        return 'unknown';
    }
  }

  #pass(type: FunctionType | undefined, callee: number): Step {
    if (type === undefined) return 'unknown';
    this.#cost += type.parameters.length + type.results.length;
    this.#move(type.results.length - type.parameters.length - callee);
    return 'known';
  }

  // ——— blocks and branches ———

  #enter(): Step {
    const first = this.bytes[this.#at] ?? 0;
    let parameters = 0;
    let results = 0;
    if (first === EMPTY_BLOCK) this.#at += 1;
    else if (first < 0x40 || first >= 0x80) {
      const type = this.context.types[this.#leb()];
      if (type === undefined) return 'unknown';
      parameters = type.parameters.length;
      results = type.results.length;
    } else {
      this.#valueType();
      results = 1;
    }
    this.#cost += parameters + results;
    this.#blocks.push({ base: Math.max(this.#height - parameters, this.#base), parameters, results });
    return this.#branch(1);
  }

  /** Another arm of the innermost block. */
  #again(values: number): Step {
    const block = this.#blocks.at(-1);
    if (block === undefined) return 'unknown';
    this.#height = block.base + block.parameters + values;
    return this.#branch(1);
  }

  #leave(): Step {
    const block = this.#blocks.pop();
    // the end of the body itself
    if (block === undefined) return this.#at === this.end ? 'known' : 'unknown';
    this.#height = block.base + block.results;
    return 'known';
  }

  #branch(targets: number): Step {
    this.#cost += (this.locals + this.#height) * targets;
    return 'known';
  }

  #branchTable(): Step {
    const labels = this.#leb();
    for (let label = 0; label <= labels && this.#at < this.end; label += 1) this.#leb();
    this.#move(-1);
    // compilers make one record for each block that is a target
    return this.#branch(Math.min(labels, this.#blocks.length) + 1);
  }

  #tryTable(): Step {
    if (this.#enter() === 'unknown') return 'unknown';
    const catches = this.#leb();
    for (let index = 0; index < catches && this.#at < this.end; index += 1) {
      const kind = this.#byte();
      if (kind < 2) this.#leb();
      this.#leb();
    }
    return this.#branch(Math.min(catches, this.#blocks.length));
  }

  #castBranch(): Step {
    this.#at += 1;
    for (let operand = 0; operand < 3; operand += 1) this.#leb();
    return this.#branch(1);
  }

  // ——— bytes and the stack ———

  get #base(): number {
    return this.#blocks.at(-1)?.base ?? 0;
  }

  /** Behind a branch, code may take more from the stack than there is. */
  #move(values: number): void {
    this.#height = Math.max(this.#height + values, this.#base);
  }

  #byte(): number {
    return this.bytes[this.#at++] ?? 0;
  }

  /** A LEB128 number, signed ones read as if they had no sign. */
  #leb(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  #memory(): void {
    if ((this.#leb() & HAS_MEMORY_INDEX) !== 0) this.#leb();
    this.#leb();
  }

  #valueType(): void {
    const byte = this.#byte();
    if (byte === 0x63 || byte === 0x64) this.#leb();
  }
}
