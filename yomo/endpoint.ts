import { YomoError } from './errors';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** As `127.0.0.1:9000` or `[::1]:9000`. */
export function endpointText({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/**
 * Reads where a zipper sends a client on to.
 * @throws YomoError `frame` where it is no `host:port`
 */
export function parseEndpoint(text: string): Endpoint {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new YomoError(
      'frame',
      'The zipper sends on to somewhere that is no host and port. Look at its configuration.',
    );
  }
  return { host, port };
}
