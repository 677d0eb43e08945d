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
  readonly address: ZipperAddress;
  /** Frames that wait at most while there is no connection, for each node. */
  readonly buffer: number;
}

/** @throws YomoError `configuration`, SavedValueError: what is wrong with the definition */
export function parseZipper(definition: ZipperDefinition, surroundings: ZipperSurroundings): ZipperSettings {
  checkProtocol(readChoice('protocol', definition.protocol, PROTOCOLS, DEFAULTS.protocol));
  const ca = readText('ca', definition.ca).trim();
  const { credential } = surroundings;
  return {
    address: {
      host: readText('host', definition.host).trim() || DEFAULTS.host,
      port: readNumber('port', definition.port, PORT_RANGE, DEFAULTS.port),
      verify: readBoolean(definition.verify, DEFAULTS.verify),
      ...(ca === '' ? {} : { ca: surroundings.readCertificates(ca) }),
      ...(credential === '' ? {} : { credential }),
    },
    buffer: readNumber('buffer', definition.buffer, BUFFER_RANGE, DEFAULTS.buffer),
  };
}

/** The one place that knows which protocols there are clients for. */
function checkProtocol(protocol: (typeof PROTOCOLS)[number]): void {
  if (protocol === 'v1') return;
  throw new YomoError(
    'configuration',
    'Protocol v2 of YoMo comes later; this version speaks v1. Choose v1 in the zipper node, and run a zipper of YoMo v1.17.5 to v1.22.3.',
  );
}
