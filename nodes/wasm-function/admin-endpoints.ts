/**
 * What the editor asks of the runtime. All of it needs `flows.write`, as deploying a node does. Answers speak
 * of modules only: nothing of a file that is no module is given out.
 */
import type { NodeAPI } from 'node-red';
import { EDITOR_REQUESTS, type HostLimits } from '../../host/limits';
import { describeFile, describeUpload } from './describe-endpoints';
import { atMost, endpoint, type Handler } from './endpoint';
import type { ModulePaths } from './file-path';
import { complete, list, uploadDeclarations, uploadModule } from './module-endpoints';
import type { UploadFolder } from './module-upload';
import type { RuntimeSettings } from './settings';
import type { SharedHost } from './shared-host';
import { tryCall } from './try-endpoint';

export interface EndpointServices {
  readonly hosts: SharedHost;
  readonly paths: ModulePaths;
  /** Undefined where Node-RED has no user directory. */
  readonly uploads: UploadFolder | undefined;
  readonly limits: HostLimits;
}

export function registerAdminEndpoints(RED: NodeAPI<RuntimeSettings>, services: EndpointServices): void {
  const allowed = RED.auth.needsPermission('flows.write');
  const log = (text: string): void => RED.log.error(`[wasm-function] ${text}`);
  const post = (name: string, handler: Handler): void => {
    RED.httpAdmin.post(`/wasm-function/${name}`, allowed, endpoint(handler, log));
  };
  const get = (name: string, handler: Handler): void => {
    RED.httpAdmin.get(`/wasm-function/${name}`, allowed, endpoint(handler, log));
  };
  const sending = atMost(EDITOR_REQUESTS.files, 'Files are being sent');
  const describing = atMost(EDITOR_REQUESTS.descriptions, 'Modules are being looked at');
  const looking = atMost(EDITOR_REQUESTS.listings, 'Folders are being looked at');
  const trying = atMost(EDITOR_REQUESTS.tries, 'Calls are being tried');
  post('describe', describing(describeFile(RED, services)));
  post('describe-upload', sending(describeUpload(services)));
  get('modules', looking(list(services)));
  get('completions', looking(complete(services)));
  post('modules', sending(uploadModule(services)));
  post('declarations', sending(uploadDeclarations(services)));
  post('try', trying(tryCall(RED, services)));
}
