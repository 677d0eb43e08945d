import type { AbiName, GuestAbi } from './adapter';
import { bytes } from './bytes';
import { numeric } from './numeric';

/** Every ABI this version knows, in the order in which modules are tried. */
export const ABIS: readonly GuestAbi[] = [bytes, numeric];

export function findAbi(name: AbiName): GuestAbi | undefined {
  return ABIS.find((abi) => abi.name === name);
}
