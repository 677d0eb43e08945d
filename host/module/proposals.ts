import { WasmFunctionError } from '../errors';
import { oneLine } from '../one-line';
import type { ModuleDescription } from './description';

interface Proposal {
  readonly title: string;
  /** As `target_features` names it. */
  readonly features: readonly string[];
  /** How V8's messages tell that a module uses it. */
  readonly message: RegExp;
  /** First major version of Node that has it without a flag; undefined while none has. */
  readonly node?: number;
  /** How to build without it. */
  readonly without: string;
}

/** Checked by compiling a small module of each kind on Node 20.20, 22.23 and 24.21. */
const PROPOSALS: readonly Proposal[] = [
  {
    // modules with structs or arrays of GC come no further than the loader, whatever Node there is
    title: 'typed references (function references, i31)',
    features: ['gc', 'function-references'],
    // Node 20 gives the type codes of today's GC the names of an older draft
    message:
      /wasm[-_](?:gc|typed[-_]funcref)|unknown type code|invalid value type (?:'(?:string|struct|array|noextern|any|eq|i31)ref'|0x40)/i,
    node: 22,
    without: 'compile from a language that keeps its own memory (Rust, C, AssemblyScript)',
  },
  {
    title: 'extended constant expressions',
    features: ['extended-const'],
    message: /extended[-_]const|not allowed in constant expressions/i,
    node: 22,
    without: 'turn off the target feature extended-const',
  },
  {
    title: '64-bit memory (memory64)',
    features: ['memory64'],
    message: /memory64|invalid memory limits flags 0x[4-7]\b/i,
    node: 22,
    without: 'build for wasm32',
  },
  {
    title: '64-bit tables (memory64)',
    features: [],
    message: /table64|invalid table elements limits flags/i,
    node: 24,
    without: 'build for wasm32',
  },
  {
    title: 'several memories (multi-memory)',
    features: ['multimemory', 'multi-memory'],
    message: /multi[-_]?memory|memory count of \d+ exceeds/i,
    node: 22,
    without: 'link into one memory',
  },
  {
    title: 'relaxed SIMD',
    features: ['relaxed-simd'],
    message: /relaxed[-_]simd|simd opcode not available/i,
    node: 22,
    without: 'turn off the target feature relaxed-simd',
  },
  {
    title: 'exceptions with exnref',
    features: [],
    message: /exnref|invalid opcode 0x(?:1f|0a)\b/i,
    node: 22,
    without: 'build without exceptions (in Rust panic = "abort"), or with the older exception instructions',
  },
  {
    title: 'half-precision numbers (fp16)',
    features: ['fp16'],
    message: /fp16/i,
    without: 'turn off the target feature fp16',
  },
  {
    title: 'wide arithmetic',
    features: ['wide-arithmetic'],
    message: /wide[-_]arithmetic|invalid numeric opcode: 0xfc1[3-6]\b/i,
    without: 'turn off the target feature wide-arithmetic',
  },
  {
    title: 'custom page sizes',
    features: ['custom-page-sizes'],
    message: /custom[-_]page|invalid memory limits flags 0x[89]\b/i,
    without: 'leave pages at 64 KiB',
  },
  {
    title: 'stack switching',
    features: ['stack-switching'],
    message: /stack[-_ ]switching|wasmfx|(?:got 0x5d|type form: 93)\b/i,
    without: 'build without it',
  },
  {
    title: 'stringref',
    features: ['stringref'],
    message: /stringref/i,
    without: 'build without it',
  },
];

/** Characters of the engine's message that are repeated. */
const MAX_MESSAGE = 300;

/**
 * Says in a user's words why the engine does not compile a module: which proposal it needs, by the engine's
 * message or else by what its tools wrote down, and which Node has that.
 *
 * @param message of the CompileError
 * @param node major version of Node that refused it
 * @returns an error `module`
 */
export function explainCompileError(
  message: string,
  description: ModuleDescription,
  node = Number.parseInt(process.versions.node, 10),
): WasmFunctionError {
  // what this Node has cannot be the reason
  const missing = PROPOSALS.filter((proposal) => proposal.node === undefined || proposal.node > node);
  const engine = `The engine says: ${oneLine(message, MAX_MESSAGE)}`;
  const cause = missing.find((proposal) => proposal.message.test(message));
  if (cause !== undefined) {
    return new WasmFunctionError('module', `The module needs ${cause.title}, which ${remedy(cause, node)}. ${engine}`);
  }
  const declared = missing.find(({ features }) => features.some((feature) => description.features.includes(feature)));
  if (declared !== undefined) {
    return new WasmFunctionError(
      'module',
      `The module does not compile here. It was built with ${declared.title}, which ${remedy(declared, node)}. ${engine}`,
    );
  }
  return new WasmFunctionError(
    'module',
    `The module is not valid: Node ${node} does not compile it. Build it again, or with an older target. ${engine}`,
  );
}

function remedy(proposal: Proposal, node: number): string {
  if (proposal.node === undefined) return `no Node has without a flag: ${proposal.without}`;
  return `Node ${node} does not have: use Node ${proposal.node} or later, or ${proposal.without}`;
}
