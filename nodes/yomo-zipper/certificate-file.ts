import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { messageOf, YomoError } from '../../yomo/errors';
import { MAX_CERTIFICATE_FILE } from '../../yomo/limits';

/**
 * Reads a PEM file whose path the flow's author typed.
 * @param folders where a relative path is looked for; the first that has it counts
 * @throws YomoError `configuration`
 */
export function readCertificateFile(path: string, folders: readonly string[]): string {
  const candidates = isAbsolute(path) ? [path] : folders.map((folder) => resolve(folder, path));
  const file = candidates.find((candidate) => existsSync(candidate)) ?? candidates[0] ?? path;
  try {
    return readRegularFile(file);
  } catch (error) {
    throw new YomoError(
      'configuration',
      `The certificate file "${path}" cannot be read (${messageOf(error)}). Name a PEM file that Node-RED may read, or leave the field blank.`,
    );
  }
}

function readRegularFile(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    // A device or a pipe has no end.
    if (!fstatSync(descriptor).isFile()) throw new Error('it is no file');
    if (size > MAX_CERTIFICATE_FILE) throw new Error(`it has ${String(size)} bytes, which no certificate has`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
