import { MAX_CLOSING_LENGTH, MAX_REASON_LENGTH } from './limits';

/** What another computer gives as a reason, fit for a line of a log: no control characters, not endless. */
export function reasonText(words: string): string {
  // eslint-disable-next-line no-control-regex -- they would move the cursor of a terminal
  const line = words.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}

/** What the other end is told as a reason, short enough for the one packet it has to fit into. */
export function closingText(words: string): string {
  return Buffer.from(words, 'utf8')
    .subarray(0, MAX_CLOSING_LENGTH)
    .toString('utf8')
    .replace(/\ufffd$/, '');
}
