import type { AbiName, GuestAbi } from './adapter';
import { assemblyscript } from './assemblyscript';
import { bytes } from './bytes';
import { component } from './component';
import { extism } from './extism';
import { numeric } from './numeric';
import { redpandaConnect } from './redpanda-connect';
import { redpandaTransform } from './redpanda-transform';
import { wasiCommand } from './wasi-command';
import { wasmBindgen } from './wasm-bindgen';
import { yomo } from './yomo';

/**
 * The guest ABIs in the order of detection: the first that recognises a module has it. What says most about a module
 * comes first: an import of a name space nobody else has, then the marks of a tool, then what any module could have.
 * Kinds that are only refused (`refused.ts`) say which of these they come before.
 */
export const ABIS: readonly GuestAbi[] = [
  component,
  extism,
  redpandaTransform,
  redpandaConnect,
  yomo,
  wasmBindgen,
  assemblyscript,
  wasiCommand,
  bytes,
  numeric,
];

export function findAbi(name: AbiName): GuestAbi | undefined {
  return ABIS.find((abi) => abi.name === name);
}
