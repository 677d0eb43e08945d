import type { IncomingMessage } from 'node:http';

/** A body that has more bytes than may come. */
export class BodyTooLarge extends Error {}

/** A body of which nothing came for too long. */
export class BodyTooSlow extends Error {}

/** As `setTimeout` does. */
export type StartTimer = (ring: () => void, milliseconds: number) => NodeJS.Timeout;

/**
 * Reads a request's raw body, and stops reading where it grows too large or stands still.
 * @param most bytes
 * @param patience seconds without a byte
 * @throws BodyTooLarge, BodyTooSlow, and another Error where the connection ends first
 */
export async function readBody(
  request: IncomingMessage,
  most: number,
  patience: number,
  startTimer: StartTimer = setTimeout,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw new BodyTooLarge();
  // it may have ended while the permission was looked up, and says nothing any more
  if (request.destroyed) throw cutOff();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > most) end(() => reject(new BodyTooLarge()));
      else timer.refresh();
    };
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      request.off('data', take).pause();
      settle();
    };
    const timer = startTimer(() => end(() => reject(new BodyTooSlow())), patience * 1000);
    request.on('data', take);
    request.once('end', () => end(() => resolve(Buffer.concat(chunks))));
    request.once('error', (error) => end(() => reject(error)));
    request.once('close', () => end(() => reject(cutOff())));
  });
}

function cutOff(): Error {
  return new Error('The request ended before its body did.');
}
