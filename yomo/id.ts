import { randomBytes } from 'node:crypto';

/** Letters of an identifier, of 6 random bits each: as many as YoMo's own clients give it. */
const LENGTH = 21;

/** Identifiers that are made at once: asking for random bytes takes longer than all else that a frame needs. */
const MADE_AT_ONCE = 128;

let letters = '';

/** A new identifier of a client, or of the trace that a frame begins. */
export function newId(): string {
  if (letters === '') letters = randomBytes((MADE_AT_ONCE * LENGTH * 6) / 8).toString('base64url');
  const id = letters.slice(0, LENGTH);
  letters = letters.slice(LENGTH);
  return id;
}
