import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AbiName, Convention, Guest, GuestAbi } from '#dist/host/abi/adapter';
import { findAbi } from '#dist/host/abi/index';
import { parseModule } from '#dist/host/module/parse';
import { acceptArguments } from '#dist/host/values/accept';
import { parseSignature } from '#dist/host/values/parse-signature';
import { produceValue } from '#dist/host/values/produce';
import type { Signature } from '#dist/host/values/signature';

const guests = join(__dirname, '..', '..', 'guests');

/** The bytes of a committed guest, as `wat/add`. */
export function guestBytes(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(guests, `${name}.wasm`)));
}

export interface Opened {
  readonly guest: Guest;
  readonly signature: Signature;
  readonly convention: Convention | undefined;
  /** A message's way: accepted, called, produced. */
  call(input?: unknown): unknown;
}

export interface Choice {
  readonly signature?: string;
  readonly convention?: Convention;
  readonly maxOutput?: number;
  readonly tools?: readonly string[];
}

export function caller(name: AbiName): NonNullable<GuestAbi['caller']> {
  const found = findAbi(name)?.caller;
  if (found === undefined) throw new Error(`${name} cannot be called`);
  return found;
}

/** Plans and instantiates an export of a committed guest in this thread. */
export function open(abi: AbiName, file: string, name: string, choice: Choice = {}): Opened {
  const bytes = guestBytes(file);
  const description = { ...parseModule(bytes), ...(choice.tools === undefined ? {} : { tools: choice.tools }) };
  const planned = caller(abi).plan(description, {
    export: name,
    convention: choice.convention ?? 'auto',
    ...(choice.signature === undefined ? {} : { signature: parseSignature(choice.signature) }),
  });
  const plan = { ...planned, abi, maxOutput: choice.maxOutput ?? 1024 * 1024 };
  const guest = caller(abi).instantiate(new WebAssembly.Module(bytes), description, plan);
  return {
    guest,
    signature: plan.signature,
    convention: plan.convention,
    call(input) {
      const result = produceValue(guest.call(acceptArguments(input, plan.signature)), plan.signature, 'auto');
      return result.kind === 'value' ? result.value : undefined;
    },
  };
}
