/** The modules that the editor may offer, and those it sends. */
import type { Request } from 'express';
import { fromErrorData } from '../../host/errors';
import type { EndpointServices } from './admin-endpoints';
import { readQuery, RequestError, type Handler } from './endpoint';
import { checkDeclarationsName, checkModuleName } from './file-name';
import { completePath, listModules } from './module-listing';
import type { UploadFolder } from './module-upload';
import { receiveDeclarations, receiveModule } from './receive-file';

/** Answer: `{modules: [{file, folder, uploaded, size, modified}]}`. */
export function list({ paths }: EndpointServices): Handler {
  return async () => ({ modules: await listModules(paths) });
}

/** `?typed=` is the beginning of a path. Answer: `{completions: [{value, kind}]}`. */
export function complete({ paths }: EndpointServices): Handler {
  return async (request) => ({ completions: await completePath(paths, readQuery(request, 'typed') ?? '') });
}

/**
 * Stores the body under `?name=` in the user directory's wasm/ folder; `?replace=true` takes over another file there.
 * Answer: `{file, inspection}`, the name to put into a node's `file`.
 */
export function uploadModule(services: EndpointServices): Handler {
  return async (request, signal) => {
    const name = checkModuleName(request.query.name);
    const folder = requireFolder(services);
    const replace = readQuery(request, 'replace') === 'true';
    await folder.check(name, replace, announcedSize(request));
    const bytes = await receiveModule(request, services.limits);
    const inspection = await services.hosts.with((host) => host.inspectBytes(bytes, name, {}, signal));
    // a module of an ABI that is not called yet is kept all the same: the node says what to do about it
    if (!isModule(bytes) && inspection.refusal !== undefined) throw fromErrorData(inspection.refusal);
    return { file: await folder.store(name, bytes, replace), inspection };
  };
}

/** Stores a `.d.ts` beside the modules, as `uploadModule` does. Answer: `{file}`. */
export function uploadDeclarations(services: EndpointServices): Handler {
  return async (request) => {
    const name = checkDeclarationsName(request.query.name);
    const folder = requireFolder(services);
    const replace = readQuery(request, 'replace') === 'true';
    await folder.check(name, replace, announcedSize(request));
    return { file: await folder.store(name, await receiveDeclarations(request), replace) };
  };
}

/** Bytes; undefined where the body comes in pieces. */
function announcedSize(request: Request): number | undefined {
  const announced = request.headers['content-length'];
  return announced === undefined ? undefined : Number(announced);
}

function requireFolder({ uploads }: EndpointServices): UploadFolder {
  if (uploads !== undefined) return uploads;
  throw new RequestError(
    409,
    'Node-RED runs without a user directory, so there is no place to store a file. Name a path instead.',
    'no-folder',
  );
}

function isModule(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}
