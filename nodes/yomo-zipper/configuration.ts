import type { NodeDef } from 'node-red';
import { YomoError } from '../../yomo/errors';
import type { ZipperAddress } from '../../yomo/settings';
import { readBoolean, readChoice, readNumber, readText } from '../saved-value';
import { BUFFER_RANGE, DEFAULTS, PORT_RANGE, PROTOCOLS } from './properties';

/** As saved in a flow. */
export interface ZipperDefinition extends NodeDef {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly protocol?: unknown;
  readonly verify?: unknown;
  readonly ca?: unknown;
  readonly buffer?: unknown;
}

/** What is not in the flow's file. */
export interface ZipperSurroundings {
  readonly credential: string;
  /** @throws YomoError `configuration` where the file cannot be read */
  readCertificates(path: string): string;
}

export interface ZipperSettings {
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly address: ZipperAddress;
  /** Frames, or calls, that wait at most while there is no connection, for each node. */
  readonly buffer: number;
}

/** @throws YomoError `configuration`, SavedValueError: what is wrong with the definition */
export function parseZipper(definition: ZipperDefinition, surroundings: ZipperSurroundings): ZipperSettings {
  const ca = readText('ca', definition.ca).trim();
  const verify = readBoolean('verify', definition.verify, DEFAULTS.verify);
  const credential = checkCredential(surroundings.credential);
  return {
    protocol: readChoice('protocol', definition.protocol, PROTOCOLS, DEFAULTS.protocol),
    address: {
      host: readText('host', definition.host).trim() || DEFAULTS.host,
      port: readNumber('port', definition.port, PORT_RANGE, DEFAULTS.port),
      verify,
      // Nothing is compared with it otherwise, so that it need not be there.
      ...(ca === '' || !verify ? {} : { ca: surroundings.readCertificates(ca) }),
      ...(credential === '' ? {} : { credential }),
    },
    buffer: readNumber('buffer', definition.buffer, BUFFER_RANGE, DEFAULTS.buffer),
  };
}

/** Node-RED has replaced the name of a variable by its value, unless there is none. */
function checkCredential(credential: string): string {
  const [, name] = /^\$\{([^}]+)\}$/.exec(credential) ?? [];
  if (name === undefined) return credential;
  throw new YomoError(
    'configuration',
    `The credential is to come from the environment variable ${name}, which is not set. Set it before Node-RED starts, or give the credential itself.`,
  );
}
