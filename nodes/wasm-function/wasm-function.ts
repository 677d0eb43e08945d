import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import { messageOf } from '../../host/errors';
import { printable } from '../../host/one-line';
import { createWasmHost } from '../../host/host';
import { registerAdminEndpoints } from './admin-endpoints';
import type { SavedFunction } from './configuration';
import { ModulePaths } from './file-path';
import { createFunctionNode } from './function-node';
import { UploadFolder } from './module-upload';
import { NODE_SETTINGS, readLimits, type RuntimeSettings } from './settings';
import { SharedHost } from './shared-host';

/** The package's folder, seen from dist/nodes/wasm-function. */
const packageFolder = join(__dirname, '..', '..', '..');

export = function register(RED: NodeAPI<RuntimeSettings>): void {
  const warn = (text: string): void => RED.log.warn(printable(`[wasm-function] ${text}`));
  const limits = readLimits(RED.settings, warn);
  const hosts = new SharedHost(() => createWasmHost(limits, { warn }));
  const paths = new ModulePaths({
    workingDirectory: RED.settings.fileWorkingDirectory,
    userDirectory: RED.settings.userDir,
    packageFolder,
    roots: limits.roots,
  });
  const uploads = paths.uploads === undefined ? undefined : new UploadFolder(paths.uploads);
  void uploads?.removeLeftovers();
  registerAdminEndpoints(RED, { hosts, paths, uploads, limits });

  function WasmFunctionNode(this: Node, saved: SavedFunction): void {
    RED.nodes.createNode(this, saved);
    const node = createFunctionNode(this, saved, { RED, hosts, paths, limits });
    this.on('input', (message, send, done) => node.handle(message, send, done));
    this.on('close', (_removed: boolean, done: () => void) => {
      node.close().then(done, (error: unknown) => {
        warn(`A node could not be closed (${messageOf(error)}). Restart Node-RED if it keeps running.`);
        done();
      });
    });
  }
  RED.nodes.registerType('wasm-function', WasmFunctionNode, { settings: NODE_SETTINGS });
};
