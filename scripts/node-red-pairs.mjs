// The pairs of Node.js and Node-RED that are promised and tested; each is installed outside the repository.
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { root } from './root.mjs';
import { npmPackages } from './tool-cache.mjs';

/**
 * The oldest and the newest pair.
 * @typedef {{ node: string, nodeRed: string }} Pair
 */
export const oldest = { node: '20.20.2', nodeRed: '4.1.15' };
export const newest = { node: '24.21.0', nodeRed: '5.0.7' };

/** @param {Pair} pair */
export function pairName({ node, nodeRed }) {
  return `Node ${node} and Node-RED ${nodeRed}`;
}

/**
 * @param {Pair} pair
 * @returns {string} the folder it is installed in
 * @throws Error where it cannot be installed
 */
export function pairFolder({ node, nodeRed }) {
  return npmPackages(`node-${node}-node-red-${nodeRed}`, [`node@${node}`, `node-red@${nodeRed}`]);
}

/**
 * What makes a script run with a pair.
 * @param {Pair} pair
 * @returns {{ node: string, env: Record<string, string> }} `node`: path of its program
 */
export function pairEnvironment(pair) {
  const folder = pairFolder(pair);
  const node = join(folder, 'node_modules', 'node', 'bin', 'node');
  return { node, env: { NODE_RED_FOLDER: folder, PATH: [dirname(node), process.env.PATH].join(delimiter) } };
}

/** Whether this process and the repository's own Node-RED are of the pair's lines. */
export function isOwnPair(pair) {
  const require = createRequire(join(root, 'package.json'));
  const line = (version) => version.split('.').slice(0, 2).join('.');
  const nodeRed = require('node-red/package.json').version;
  return process.versions.node.split('.')[0] === pair.node.split('.')[0] && line(nodeRed) === line(pair.nodeRed);
}
