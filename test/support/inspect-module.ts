import type { GuestAbi } from '#dist/host/abi/adapter';
import type { Inspection } from '#dist/host/inspection';
import { readDeclarations } from '#dist/host/module/declarations';
import type { AbiChoice } from '#dist/host/module/detect';
import { examine, inspectCore } from '#dist/host/module/inspect';

/**
 * The two looks at a file that the loader takes, without compiling it.
 * @param declarations text of a `.d.ts` beside the module
 */
export function inspectModule(
  bytes: Uint8Array,
  file: string,
  abis: readonly GuestAbi[],
  choice: AbiChoice,
  declarations = '',
): Inspection {
  const examined = examine(bytes, file, abis);
  if (examined.kind === 'refused') return examined.inspection;
  return inspectCore(examined.description, file, abis, choice, readDeclarations(declarations));
}
