import { WasmFunctionError } from '../errors';
import { oneLine } from '../one-line';

/** Characters of a guest's own words that are kept: it may say as much as its memory holds. */
const KEPT = 4000;

/** What a guest said, as far as it is kept. */
export function guestWords(said: string): string {
  return said.length > KEPT ? `${said.slice(0, KEPT)}…` : said;
}

/** Characters of them that a sentence shows, which may go to a log or a terminal. */
const SHOWN = 500;

/** What a guest said as a sentence may show it; as it said it, it is for `cause.guest` alone. */
export function guestLine(said: string): string {
  return oneLine(said, SHOWN);
}

/** What a guest said about why it failed: a returned error, a panic, an abort. */
export function guestError(said: string): WasmFunctionError {
  const line = guestLine(said);
  return new WasmFunctionError('guest', `The function failed: ${line === '' ? '(it gave no reason)' : line}`, {
    guest: guestWords(said),
  });
}
