import type { Node } from 'node-red';

export interface NodeLog {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** What is free of Node-RED logs under the node's name. */
export function logOf(node: Node): NodeLog {
  return {
    info: (text) => {
      node.log(text);
    },
    warn: (text) => {
      node.warn(text);
    },
    error: (text) => {
      node.error(text);
    },
  };
}
