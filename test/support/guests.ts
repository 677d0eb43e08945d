/** The committed test guests. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './node-red';

/** `wat/loop` → the path of test/guests/wat/loop.wasm. */
export function guestFile(name: string): string {
  return join(repository, 'test', 'guests', `${name}.wasm`);
}

export async function guestBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(guestFile(name)));
}
