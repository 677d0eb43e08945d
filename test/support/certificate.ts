/**
 * Certificates for tests of TLS, made with what Node.js has: it signs, but writes no certificates, so that the few
 * structures of RFC 5280 are put together here.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/** A certificate for names and addresses, signed by itself or by another one; valid from yesterday for ten days. */
export function makeCertificate(
  names: readonly string[],
  issuer?: Certificate & { readonly name: string },
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = names[0] ?? '';
  const signingKey = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const content = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(0x40, ...randomBytes(8))),
    ecdsaWithSha256,
    commonName(issuer?.name ?? name),
    sequence(time(-1), time(9)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(basicConstraints, alternativeNames(names))),
  );
  return {
    certificate: pem('CERTIFICATE', sequence(content, ecdsaWithSha256, bitString(signatureOf(content, signingKey)))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function signatureOf(content: Uint8Array, key: KeyObject): Uint8Array {
  return sign('sha256', content, key);
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...size), content]);
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, ...contents);
}

function integer(bytes: Uint8Array): Uint8Array {
  return tagged(0x02, bytes);
}

function bitString(bytes: Uint8Array): Uint8Array {
  return tagged(0x03, Uint8Array.of(0), bytes);
}

/** @param hex the encoded identifier, without its tag and length */
function objectIdentifier(hex: string): Uint8Array {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

const ecdsaWithSha256 = sequence(objectIdentifier('2a8648ce3d040302'));
const basicConstraints = extension('551d13', sequence(tagged(0x01, Uint8Array.of(0xff))));

function extension(identifier: string, content: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(identifier), tagged(0x04, content));
}

function commonName(name: string): Uint8Array {
  return sequence(tagged(0x31, sequence(objectIdentifier('550403'), tagged(0x0c, Buffer.from(name)))));
}

function alternativeNames(names: readonly string[]): Uint8Array {
  const each = names.map((name) =>
    isIP(name) === 4 ? tagged(0x87, Uint8Array.from(name.split('.'), Number)) : tagged(0x82, Buffer.from(name)),
  );
  return extension('551d11', sequence(...each));
}

/** UTCTime, which ends in 2049. */
function time(days: number): Uint8Array {
  const text = new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(text.slice(2)));
}
