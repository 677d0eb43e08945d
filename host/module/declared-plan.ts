import type { AbiCaller, CallPlan, ExportChoice } from '../abi/adapter';
import { WasmFunctionError } from '../errors';
import { type Declaration, refine } from './declarations';
import type { ModuleDescription } from './description';

/**
 * The plan by what a `.d.ts` says of an export; undefined where that does not fit the binary, or where it is silent.
 * @throws WasmFunctionError `abi` where the `.d.ts` says that the export takes or returns what is not carried
 */
export function planDeclared(
  caller: AbiCaller,
  module: ModuleDescription,
  choice: Omit<ExportChoice, 'signature'>,
  declared: Declaration | undefined,
): Omit<CallPlan, 'abi' | 'maxOutput'> | undefined {
  if (declared === undefined) return undefined;
  const target = module.exports.find(({ name }) => name === choice.export);
  if (target?.kind !== 'function') return undefined;
  if (declared.kind === 'uncarried') throw new WasmFunctionError('abi', declared.question, { export: choice.export });
  try {
    return caller.plan(module, { ...choice, signature: refine(declared.signature, target.type) ?? declared.signature });
  } catch (error) {
    if (error instanceof WasmFunctionError) return undefined;
    throw error;
  }
}
