/**
 * What the editor asks of the runtime. All of it needs `flows.write`, as deploying a node does. Answers speak
 * of modules only: nothing of a file that is no module is given out.
 */
import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { ABI_NAMES, type AbiName } from '../../host/abi/adapter';
import { fromErrorData, WasmFunctionError, type ErrorCode } from '../../host/errors';
import { MIB, type HostLimits } from '../../host/limits';
import type { InspectionChoice } from '../../host/wasm-function';
import { readChoice, readNumber, readText, SavedValueError } from '../saved-value';
import { readEnvironmentPath } from './environment-path';
import type { ModulePaths } from './file-path';
import { checkUploadName, isStored, listModules, storeModule } from './module-upload';
import { BodyTooLarge, readBody } from './request-body';
import { MEMORY_RANGE, type RuntimeSettings } from './settings';
import type { SharedHost } from './shared-host';

export interface EndpointServices {
  readonly hosts: SharedHost;
  readonly paths: ModulePaths;
  readonly limits: HostLimits;
}

type Handler = (request: Request) => Promise<unknown>;

/** An answer in place of a result, with the HTTP status that says so. */
class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function registerAdminEndpoints(RED: NodeAPI<RuntimeSettings>, services: EndpointServices): void {
  const allowed = RED.auth.needsPermission('flows.write');
  const { httpAdmin } = RED;
  const answer = (handler: Handler) => (request: Request, response: Response) => {
    handler(request).then(
      (result) => response.json(result),
      (error: unknown) => {
        if (!isExpected(error)) RED.log.error(`[wasm-function] ${request.path} failed: ${describeFault(error)}`);
        refuse(request, response, error);
      },
    );
  };
  httpAdmin.post('/wasm-function/describe', allowed, answer(describeFile(RED, services)));
  httpAdmin.post('/wasm-function/describe-upload', allowed, answer(describeUpload(services)));
  httpAdmin.post('/wasm-function/modules', allowed, answer(upload(services)));
  httpAdmin.get(
    '/wasm-function/modules',
    allowed,
    answer(async () => ({ modules: await listModules(services.paths, services.limits.roots) })),
  );
}

/**
 * Body: `{file, fileType, abi, export, memory}` as a node saves them, `fileType` being `str` or `env`. Answer:
 * `{inspection}`, or `{error}` where there is no such file, which is a good answer to the question asked.
 */
function describeFile(RED: NodeAPI, { hosts, paths, limits }: EndpointServices): Handler {
  return async (request) => {
    const body = (request.body ?? {}) as Record<string, unknown>;
    const type = readChoice('fileType', body.fileType, ['str', 'env'], 'str');
    const typed = readText('file', body.file);
    const choice = readInspectionChoice(body, limits);
    try {
      const file = await paths.locate(type === 'env' ? readEnvironmentPath(RED, typed) : typed);
      return { inspection: await hosts.with((host) => host.inspectFile(file, choice)) };
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw error;
      return { error: { code: error.code, message: error.message } };
    }
  };
}

/** Body: the module's bytes; `?name=` is how the answer calls it. Answer: `{inspection}`. */
function describeUpload({ hosts, limits }: EndpointServices): Handler {
  return async (request) => {
    const name = checkUploadName(request.query.name);
    const bytes = await readModule(request, limits);
    const choice = readInspectionChoice(request.query, limits);
    return { inspection: await hosts.with((host) => host.inspectBytes(bytes, name, choice)) };
  };
}

/**
 * Stores the body under `?name=` in the user directory's wasm/ folder; `?replace=true` takes over a file there.
 * Answer: `{file, inspection}`, the name to put into a node's `file`.
 */
function upload({ hosts, paths, limits }: EndpointServices): Handler {
  return async (request) => {
    const name = checkUploadName(request.query.name);
    if (paths.uploads === undefined) {
      throw new RequestError(
        409,
        'Node-RED runs without a user directory, so there is no place to store a module. Name a path instead.',
      );
    }
    if (request.query.replace !== 'true' && (await isStored(paths.uploads, name))) {
      throw new RequestError(409, `There is a module "${name}" already. Rename the file, or replace the module.`);
    }
    const bytes = await readModule(request, limits);
    const inspection = await hosts.with((host) => host.inspectBytes(bytes, name));
    // a module of an ABI that is not called yet is kept all the same: the node says what to do about it
    if (!isModule(bytes) && inspection.refusal !== undefined) throw fromErrorData(inspection.refusal);
    await storeModule(paths.uploads, name, bytes);
    return { file: name, inspection };
  };
}

function isModule(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

function readInspectionChoice(asked: Record<string, unknown>, limits: HostLimits): InspectionChoice {
  const abis: readonly (AbiName | 'auto')[] = ['auto', ...ABI_NAMES];
  return {
    abi: readChoice('abi', asked.abi, abis, 'auto'),
    export: readText('export', asked.export),
    memory: readNumber('memory', asked.memory, MEMORY_RANGE, limits.memory),
  };
}

async function readModule(request: Request, limits: HostLimits): Promise<Buffer> {
  // a type that a page of another origin cannot send without being asked for leave first
  if (request.headers['content-type'] !== 'application/wasm') {
    throw new RequestError(
      415,
      'The content type is not application/wasm. Send the bytes of the module as they are, with that type.',
    );
  }
  return readBody(request, limits.maxFileSize * MIB).catch((error: unknown) => {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new RequestError(
      413,
      `The module has more than ${String(limits.maxFileSize)} MiB. Make it smaller (wasm-opt -Oz) or raise ` +
        'wasmFunctionMaxFileSize in settings.js.',
    );
  });
}

function isExpected(error: unknown): boolean {
  return error instanceof RequestError || error instanceof WasmFunctionError || error instanceof SavedValueError;
}

function refuse(request: Request, response: Response, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const { status, code, message } = toRefusal(error);
  if (!request.complete) {
    // what is still coming is not read: the connection ends with the answer
    response.set('Connection', 'close');
    response.on('finish', () => request.destroy());
  }
  response.status(status).json({ error: { code, message } });
}

function toRefusal(error: unknown): { status: number; code: ErrorCode | 'request'; message: string } {
  if (error instanceof RequestError) return { status: error.status, code: 'request', message: error.message };
  if (error instanceof SavedValueError) return { status: 400, code: 'request', message: error.message };
  if (error instanceof WasmFunctionError) return { status: 422, code: error.code, message: error.message };
  return {
    status: 500,
    code: 'request',
    message: 'The request could not be answered. Look at the log of Node-RED, and try again.',
  };
}

/** For the log: where a fault of our own was. */
function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
