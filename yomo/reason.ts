import { MAX_CLOSING_LENGTH, MAX_REASON_LENGTH } from './limits';

/** Letters from which on a secret is taken out of other words: shorter ones would be found in any. */
const SHORTEST_SECRET = 4;

/** What steers a terminal or breaks a line: control and format characters, other line ends, halves of surrogates. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

const ENDING = /[\s.,:;]+$/;

/**
 * What another computer gives as a reason, fit for a line of a log: nothing that steers it, not endless, and without the
 * credential, since a zipper that refuses a token may repeat it, and what it says goes into logs, the editor and flows.
 * It ends without the marks that end a sentence, which goes on behind it.
 * @param credential `token:X`
 */
export function reasonText(said: string, credential = ''): string {
  const struck = secretsOf(credential).reduce((text, secret) => text.replaceAll(secret, '…'), said);
  const words = struck.replaceAll(STEERING, ' ');
  const line = words.trim().replace(ENDING, '');
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}

/** What the other end is told as a reason, short enough for the one packet it has to fit into. */
export function closingText(words: string): string {
  return Buffer.from(words, 'utf8')
    .subarray(0, MAX_CLOSING_LENGTH)
    .toString('utf8')
    .replace(/\ufffd$/, '');
}

/** The whole and the token in it; the whole first, which contains it. */
function secretsOf(credential: string): string[] {
  return [credential, credential.slice(credential.indexOf(':') + 1)].filter(({ length }) => length >= SHORTEST_SECRET);
}
