/**
 * Files that an editor sends: of the right content type, of a bounded size, and never silent for long. How long the
 * whole may take is bounded by Node's own server (`requestTimeout`, 300 s).
 */
import type { Request } from 'express';
import { WasmFunctionError } from '../../host/errors';
import { MAX_DECLARATIONS, MIB, SEND_PATIENCE, type HostLimits } from '../../host/limits';
import { RequestError } from './endpoint';
import { BodyTooLarge, BodyTooSlow, readBody } from './request-body';

/** @throws RequestError */
export function receiveModule(request: Request, limits: HostLimits): Promise<Buffer> {
  const tooLarge =
    `The module has more than ${String(limits.maxFileSize)} MiB. Make it smaller (wasm-opt -Oz) or raise ` +
    'wasmFunctionMaxFileSize in settings.js.';
  return receive(request, 'application/wasm', limits.maxFileSize * MIB, tooLarge);
}

/** @throws RequestError; WasmFunctionError `file` where the body is no text */
export async function receiveDeclarations(request: Request): Promise<Buffer> {
  const tooLarge = `The declarations have more than ${String(MAX_DECLARATIONS / MIB)} MiB, which no tool writes for a module. Make them smaller.`;
  const bytes = await receive(request, 'application/typescript', MAX_DECLARATIONS, tooLarge);
  if (isText(bytes)) return bytes;
  throw new WasmFunctionError('file', 'The declarations are no text in UTF-8. Send the .d.ts that the build wrote.');
}

async function receive(request: Request, type: string, most: number, tooLarge: string): Promise<Buffer> {
  // a type that a form of another page cannot have
  if (request.is(type) !== type) {
    throw new RequestError(
      415,
      `The content type is not ${type}. Send the bytes of the file as they are, with that type.`,
    );
  }
  try {
    return await readBody(request, most, SEND_PATIENCE);
  } catch (error) {
    if (error instanceof BodyTooLarge) throw new RequestError(413, tooLarge);
    if (!(error instanceof BodyTooSlow)) throw error;
    throw new RequestError(408, `Nothing of the file came for ${String(SEND_PATIENCE)} s. Send it again.`);
  }
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(bytes).includes('\0');
  } catch {
    return false;
  }
}
