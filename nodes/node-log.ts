import type { Node } from 'node-red';
import { printable } from '../host/one-line';

export interface NodeLog {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** What is free of Node-RED logs under the node's name. */
export function logOf(node: Node): NodeLog {
  return {
    info: (text) => {
      node.log(printable(text));
    },
    warn: (text) => {
      node.warn(printable(text));
    },
    error: (text) => {
      node.error(printable(text));
    },
  };
}
