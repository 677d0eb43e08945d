import type { IncomingMessage } from 'node:http';

/** A body that has more bytes than may come. */
export class BodyTooLarge extends Error {}

/**
 * Reads a request's raw body, and stops reading where it grows too large.
 * @param most bytes
 * @throws BodyTooLarge
 */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw new BodyTooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) {
        request.removeAllListeners('data');
        request.pause();
        reject(new BodyTooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('The request ended before its body did')));
  });
}
