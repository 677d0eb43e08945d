import { createHash } from 'node:crypto';
import type { AbiCaller, CallableExport, GuestAbi, Refusal } from '../abi/adapter';
import { functionExports } from '../abi/module-exports';
import { toErrorData, WasmFunctionError } from '../errors';
import type { InspectedExport, InspectedImport, Inspection } from '../inspection';
import { MAX_LISTED } from '../limits';
import { formatFunctionType, formatSignature } from '../values/parse-signature';
import type { Declaration } from './declarations';
import { planDeclared } from './declared-plan';
import type { ExternalType, Limits, ModuleDescription, ParsedModule } from './description';
import { type AbiChoice, detectAbi } from './detect';
import { identify } from './identify';
import { parseModule } from './parse';
import { notCalledYet, refusalError } from './refusal';

/** What a file's bytes alone say of it. Plain data. */
export type Examined =
  | { readonly kind: 'core'; readonly description: ParsedModule }
  /** Nothing of it can be called; the inspection says why. */
  | { readonly kind: 'refused'; readonly inspection: Inspection };

/**
 * Looks at a file's bytes. One that is refused is no error here: its inspection says so.
 * @param file as it is shown
 */
export function examine(bytes: Uint8Array, file: string, abis: readonly GuestAbi[]): Examined {
  const identified = identify(bytes);
  const unread = {
    file,
    size: bytes.length,
    hash: createHash('sha256').update(bytes).digest('hex'),
    tools: [],
    features: [],
    exports: [],
    imports: [],
    memories: [],
    tables: [],
  };
  switch (identified.kind) {
    case 'other': {
      const { kind, because } = identified.refusal;
      const refusal = toErrorData(refusalError(identified.refusal, 'module'));
      // nothing of such a file is given out, and a hash would tell a short secret by trying
      return { kind: 'refused', inspection: { ...unread, hash: '', kind, because, refusal } };
    }
    case 'component':
      return { kind: 'refused', inspection: { ...unread, kind: 'component', ...describeComponent(abis) } };
    case 'core':
      try {
        return { kind: 'core', description: parseModule(bytes) };
      } catch (error) {
        if (!(error instanceof WasmFunctionError)) throw error;
        const because = 'its header says so, although the rest cannot be read';
        return {
          kind: 'refused',
          inspection: { ...unread, unread: true, kind: 'core module', because, refusal: toErrorData(error) },
        };
      }
  }
}

/**
 * Everything people are shown of a core module: which ABI and why, whether and how it can be called, and if not, why.
 * @param file as it is shown
 * @param abis the ABIs there are
 * @param declared what a `.d.ts` beside the module says
 */
export function inspectCore(
  description: ModuleDescription,
  file: string,
  abis: readonly GuestAbi[],
  choice: AbiChoice,
  declared: ReadonlyMap<string, Declaration>,
): Inspection {
  const { exports, imports, ...about } = describeAbi(description, abis, choice, declared);
  const unlisted = { exports: exports.left, imports: imports.left };
  return {
    file,
    kind: 'core module',
    ...describeContents(description),
    ...about,
    imports: imports.items,
    exports: exports.items,
    ...(unlisted.exports + unlisted.imports === 0 ? {} : { unlisted }),
  };
}

/**
 * A list goes through the thread Node-RED runs in, as an answer to the editor: it ends where it gets too long.
 * @param isWanted what is listed in any case, at the top where it would be left out
 */
function listed<T, Shown extends object>(
  all: readonly T[],
  describe: (item: T) => Shown,
  isWanted?: (item: T) => boolean,
): Listed<Shown> {
  const items: Shown[] = [];
  let room = MAX_LISTED;
  for (const item of all) {
    const shown = describe(item);
    room -= JSON.stringify(shown).length;
    if (room < 0) break;
    items.push(shown);
  }
  const wanted = isWanted === undefined ? undefined : all.slice(items.length).find(isWanted);
  if (wanted !== undefined) items.unshift(describe(wanted));
  return { items, left: all.length - items.length };
}

/** A list as far as it is shown, and how many items it has besides. */
interface Listed<T> {
  readonly items: readonly T[];
  readonly left: number;
}

type AbiPart = Pick<Inspection, 'abi' | 'abiTitle' | 'because' | 'refusal' | 'defaultExport'> & {
  readonly exports: Listed<InspectedExport>;
  readonly imports: Listed<InspectedImport>;
};

function describeComponent(abis: readonly GuestAbi[]): Omit<AbiPart, 'exports' | 'imports'> {
  const because = 'its header is that of a component';
  const abi = abis.find(({ name }) => name === 'component');
  if (abi !== undefined) {
    return { abi: abi.name, abiTitle: abi.title, because, refusal: toErrorData(notCalledYet(abi, because)) };
  }
  const refusal: Refusal = {
    kind: 'a WebAssembly component',
    because,
    remedy: 'Build a core module instead, for instance for wasm32-unknown-unknown.',
  };
  return { because, refusal: toErrorData(refusalError(refusal, 'abi')) };
}

function describeAbi(
  module: ModuleDescription,
  abis: readonly GuestAbi[],
  choice: AbiChoice,
  declared: ReadonlyMap<string, Declaration>,
): AbiPart {
  const detected = detectAbi(module, abis, choice);
  if (detected.kind === 'refused') {
    const { refusal } = detected;
    const error = refusalError(refusal, 'abi');
    const parts = { exports: listFunctions(module), imports: listImports(module, undefined) };
    return { because: refusal.because, refusal: toErrorData(error), ...parts };
  }
  const { abi, because } = detected;
  const { caller } = abi;
  const known = { abi: abi.name, abiTitle: abi.title, because, imports: listImports(module, caller) };
  if (caller === undefined) {
    return { ...known, refusal: toErrorData(notCalledYet(abi, because)), exports: listFunctions(module) };
  }
  const callable = caller.exports(module);
  const exports = listed(
    callable,
    (item) => inspectExport(item, module, caller, declared.get(item.name)),
    ({ name }) => name === choice.export,
  );
  const [first, second] = callable.filter((item) => canBeChosen(abi, item));
  if (first === undefined) {
    return { ...known, refusal: toErrorData(nothingToCall(abi, callable)), exports };
  }
  return { ...known, exports, ...(second === undefined ? { defaultExport: first.name } : {}) };
}

/**
 * Over plain types the binary says what is passed, so that a question no convention answers is a reason why
 * not: an import that nobody supplies, a vector. Tools with glue of their own leave questions a signature answers.
 */
function canBeChosen(abi: GuestAbi, { signature, conventions }: CallableExport): boolean {
  return (abi.name !== 'numeric' && abi.name !== 'bytes') || signature !== undefined || conventions !== undefined;
}

function nothingToCall(abi: GuestAbi, callable: readonly CallableExport[]): WasmFunctionError {
  const reason = callable.find(({ question }) => question !== undefined)?.question;
  return new WasmFunctionError(
    'abi',
    reason ??
      `${abi.title} is recognised, but the module exports no function that can be called. ` +
        'Export one: in Rust #[wasm_bindgen] pub fn or #[no_mangle] pub extern "C" fn, in C -Wl,--export=NAME.',
  );
}

function inspectExport(
  item: CallableExport,
  module: ModuleDescription,
  caller: AbiCaller,
  declared: Declaration | undefined,
): InspectedExport {
  const known = { name: item.name, type: formatFunctionType(item.type) };
  const conventions = item.conventions === undefined ? {} : { conventions: item.conventions };
  if (declared?.kind === 'uncarried') return { ...known, question: declared.question };
  const plan = planDeclared(caller, module, { export: item.name, convention: 'auto' }, declared);
  if (plan !== undefined) return { ...known, signature: formatSignature(plan.signature), ...conventions };
  return {
    ...known,
    ...(item.signature === undefined ? {} : { signature: formatSignature(item.signature) }),
    ...(item.question === undefined ? {} : { question: item.question }),
    ...conventions,
  };
}

function listImports(module: ModuleDescription, caller: AbiCaller | undefined): Listed<InspectedImport> {
  return listed(module.imports, (wanted) => {
    const known = { module: wanted.module, name: wanted.name, type: formatExternal(wanted) };
    const by = caller?.supplierOf?.(wanted);
    return by === undefined ? { ...known, supplied: false } : { ...known, supplied: true, by };
  });
}

/** Exports of a module that nothing here calls, by their types in the binary. */
function listFunctions(module: ModuleDescription): Listed<InspectedExport> {
  return listed(functionExports(module), ({ name, type }) => ({ name, type: formatFunctionType(type) }));
}

function describeContents(module: ModuleDescription) {
  return {
    size: module.size,
    hash: module.hash,
    ...(module.language === undefined ? {} : { language: module.language }),
    tools: module.tools,
    features: module.features,
    memories: module.memories.map((limits) => formatLimits(limits, 'page')),
    tables: module.tables.map((limits) => formatLimits(limits, 'element')),
  } satisfies Partial<Inspection>;
}

function formatExternal(item: ExternalType): string {
  switch (item.kind) {
    case 'function':
      return formatFunctionType(item.type);
    case 'table':
      return `table of ${item.element}, ${formatLimits(item.limits, 'element')}`;
    case 'memory':
      return `memory, ${formatLimits(item.limits, 'page')}`;
    case 'global':
      return item.mutable ? `global ${item.type}, mutable` : `global ${item.type}`;
    case 'tag':
      return `tag ${formatFunctionType(item.type)}`;
  }
}

function formatLimits({ minimum, maximum, shared, index64 }: Limits, unit: string): string {
  const count = (value: number): string => `${value} ${unit}${value === 1 ? '' : 's'}`;
  return [
    count(minimum),
    ...(maximum === undefined ? [] : [`at most ${count(maximum)}`]),
    ...(shared ? ['shared'] : []),
    ...(index64 ? ['64-bit'] : []),
  ].join(', ');
}
