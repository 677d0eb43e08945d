/** What the editor shows of a module before anything is deployed. */
import type { NodeAPI } from 'node-red';
import { ABI_NAMES, CONVENTIONS } from '../../host/abi/adapter';
import { WasmFunctionError } from '../../host/errors';
import type { HostLimits } from '../../host/limits';
import type { InspectionChoice } from '../../host/wasm-function';
import { readChoice, readNumber, readText } from '../saved-value';
import type { EndpointServices } from './admin-endpoints';
import { readMembers, type Handler } from './endpoint';
import { locateByEnvironment } from './environment-path';
import { checkModuleName } from './file-name';
import { receiveModule } from './receive-file';
import { MEMORY_RANGE } from './settings';

/**
 * Body: `{file, fileType, abi, export, signature, convention, memory}` as a node saves them, `fileType` being `str` or
 * `env`. Answer: `{inspection}`, whose `call` says whether the export can be called like that, or `{error}` where there
 * is no such file, which is a good answer to the question asked.
 */
export function describeFile(RED: NodeAPI, { hosts, paths, limits }: EndpointServices): Handler {
  return async (request, signal) => {
    const body = readMembers(request);
    const type = readChoice('fileType', body.fileType, ['str', 'env'], 'str');
    const typed = readText('file', body.file);
    const choice = readInspectionChoice(body, limits);
    try {
      const file = await (type === 'env' ? locateByEnvironment(RED, paths, typed) : paths.locate(typed));
      return { inspection: await hosts.with((host) => host.inspectFile(file, choice, signal)) };
    } catch (error) {
      if (!(error instanceof WasmFunctionError)) throw error;
      return { error: { code: error.code, message: error.message } };
    }
  };
}

/** Body: the module's bytes; `?name=` is how the answer calls it. Answer: `{inspection}`. */
export function describeUpload({ hosts, limits }: EndpointServices): Handler {
  return async (request, signal) => {
    const name = checkModuleName(request.query.name);
    const choice = readInspectionChoice(request.query, limits);
    const bytes = await receiveModule(request, limits);
    return { inspection: await hosts.with((host) => host.inspectBytes(bytes, name, choice, signal)) };
  };
}

function readInspectionChoice(asked: Readonly<Record<string, unknown>>, limits: HostLimits): InspectionChoice {
  return {
    abi: readChoice('abi', asked.abi, ['auto', ...ABI_NAMES], 'auto'),
    export: readText('export', asked.export),
    signature: readText('signature', asked.signature).trim(),
    convention: readChoice('convention', asked.convention, ['auto', ...CONVENTIONS], 'auto'),
    memory: readNumber('memory', asked.memory, MEMORY_RANGE, limits.memory),
  };
}
