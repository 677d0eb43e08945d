import type { Node, NodeAPI } from 'node-red';
import { WasmFunctionError } from '../../host/errors';

/**
 * A module's path from an environment variable.
 * @param node whose flow and group may define the variable; undefined asks for Node-RED's own environment
 * @throws WasmFunctionError `file` where the variable holds no path
 */
export function readEnvironmentPath(RED: NodeAPI, name: string, node?: Node): string {
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
