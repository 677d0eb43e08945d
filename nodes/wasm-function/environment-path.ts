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
      ? `The environment variable "${name}" is not set for Node-RED itself; one of a flow or group is seen once it is deployed.`
      : `The environment variable "${name}", which is to name the module, is not set: set it for Node-RED, the flow or ` +
          'the group, or choose another variable.',
  );
}
