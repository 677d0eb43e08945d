import type { Node, NodeAPI } from 'node-red';
import { WasmFunctionError } from '../../host/errors';
import { checkPath, type ModulePaths } from './file-path';

/**
 * Where the module is that an environment variable names. What the variable holds may be a secret and no path at all:
 * the error calls it by the variable's name.
 * @param node whose flow and group may define the variable; undefined asks for Node-RED's own environment
 * @throws WasmFunctionError `file`
 */
export async function locateByEnvironment(
  RED: NodeAPI,
  paths: ModulePaths,
  name: string,
  node?: Node,
): Promise<string> {
  const path = readEnvironmentPath(RED, name, node);
  checkPath(path, `The path in the environment variable "${name}"`);
  try {
    return await paths.locate(path);
  } catch {
    // it is not there; in the words of `locate` the path would stand
    throw new WasmFunctionError(
      'file',
      `The environment variable "${name}" names no file that is there. Set it to the path of a .wasm file, or put the ` +
        'module there; it is loaded as soon as it appears.',
    );
  }
}

/**
 * A module's path from an environment variable.
 * @param node whose flow and group may define the variable; undefined asks for Node-RED's own environment
 * @throws WasmFunctionError `file` where the variable holds no path
 */
function readEnvironmentPath(RED: NodeAPI, name: string, node?: Node): string {
  const surroundings = node ?? ({} as Parameters<NodeAPI['util']['evaluateNodeProperty']>[2]);
  const value = RED.util.evaluateNodeProperty(name, 'env', surroundings, {}) as unknown;
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new WasmFunctionError(
    'file',
    node === undefined
      ? `The environment variable "${name}" is not set for Node-RED itself. Set it, or deploy first where a flow or group sets it.`
      : `The environment variable "${name}", which is to name the module, is not set. Set it for Node-RED, the flow or ` +
          'the group, or choose another variable.',
  );
}
