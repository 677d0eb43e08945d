import type { AbiCaller, CallPlan, ExportChoice } from '../abi/adapter';
import { WasmFunctionError } from '../errors';
import type { Signature } from '../values/signature';
import { refine } from './declarations';
import type { ModuleDescription } from './description';

/** The plan by what a `.d.ts` says of an export; undefined where that does not fit the binary, or where it is silent. */
export function planDeclared(
  caller: AbiCaller,
  module: ModuleDescription,
  choice: Omit<ExportChoice, 'signature'>,
  declared: Signature | undefined,
): Omit<CallPlan, 'abi' | 'maxOutput'> | undefined {
  if (declared === undefined) return undefined;
  const target = module.exports.find(({ name }) => name === choice.export);
  if (target?.kind !== 'function') return undefined;
  try {
    return caller.plan(module, { ...choice, signature: refine(declared, target.type) ?? declared });
  } catch (error) {
    if (error instanceof WasmFunctionError) return undefined;
    throw error;
  }
}
