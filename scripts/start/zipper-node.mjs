// The yomo-zipper node of a flow that `npm start` runs.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { saveCredentials } from './credentials.mjs';
import { find } from './flow.mjs';
import { CREDENTIAL } from './zipper.mjs';

/** Required when it is needed: this script is loaded before the build. */
function built(path) {
  return createRequire(import.meta.url)(`../../dist/${path}.js`);
}

/**
 * Writes what a zipper is into the flow.
 * @param {{ host: string, port: number }} address
 * @param {'v1' | 'v2'} protocol that it speaks
 */
export function setZipper(flow, { host, port }, protocol) {
  const zipper = find(flow.nodes, 'yomo-zipper');
  if (zipper === undefined) throw new Error(`${flow.path} has no yomo-zipper node that --yomo could change.`);
  if (zipper.host === host && Number(zipper.port) === port && zipper.protocol === protocol) return;
  Object.assign(zipper, { host, port, protocol });
  flow.changed = true;
}

/**
 * @returns the address as the clients take it, with the credential of the environment
 * @throws Error where the zipper of the flow is misconfigured
 */
export function zipperOf({ path, nodes }) {
  const { parseZipper } = built('nodes/yomo-zipper/configuration');
  const { readCertificateFile } = built('nodes/yomo-zipper/certificate-file');
  const { address } = parseZipper(find(nodes, 'yomo-zipper'), {
    credential: process.env[CREDENTIAL] ?? '',
    readCertificates: (file) => readCertificateFile(file, [dirname(path)]),
  });
  return address;
}

/**
 * Lets the flow take its credential from the same environment variable. Only the variable's name is written, and only
 * where the user has not set a credential in the editor.
 */
export function saveCredential(flow) {
  const zipper = find(flow.nodes, 'yomo-zipper');
  // Without the variable its name would be taken for the credential.
  process.env[CREDENTIAL] ??= '';
  const isGiven = zipper !== undefined && process.env[CREDENTIAL] !== '';
  saveCredentials(flow.path, isGiven ? { [zipper.id]: { credential: `\${${CREDENTIAL}}` } } : {});
}
