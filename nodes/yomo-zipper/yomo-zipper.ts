import type { NodeAPI } from 'node-red';
import { logOf } from '../node-log';
import { readText } from '../saved-value';
import { readCertificateFile } from './certificate-file';
import { parseZipper, type ZipperDefinition } from './configuration';
import { ToolZipper } from './tool-zipper';
import { Zipper } from './zipper';
import { asConfigurationError, type YomoZipperNode } from './zipper-node';

const CLASSES = { v1: Zipper, v2: ToolZipper } as const;

const register = (RED: NodeAPI): void => {
  const { fileWorkingDirectory, userDir } = RED.settings as { fileWorkingDirectory?: unknown; userDir?: unknown };
  const folders = [fileWorkingDirectory, userDir].filter((folder) => typeof folder === 'string' && folder !== '');

  function YomoZipper(this: YomoZipperNode, definition: ZipperDefinition): void {
    RED.nodes.createNode(this, definition);
    try {
      const settings = parseZipper(definition, {
        credential: readText('credential', this.credentials.credential).trim(),
        readCertificates: (path) => readCertificateFile(path, folders as string[]),
      });
      this.zipper = new CLASSES[settings.protocol](settings, logOf(this));
    } catch (error) {
      this.problem = asConfigurationError(error);
      logOf(this).error(this.problem.message);
    }
  }

  RED.nodes.registerType('yomo-zipper', YomoZipper, { credentials: { credential: { type: 'password' } } });
};

export = register;
