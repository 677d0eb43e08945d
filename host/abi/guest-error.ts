import { WasmFunctionError } from '../errors';

/** Characters of a guest's own words that are kept: it may say as much as its memory holds. */
const KEPT = 4000;

/** What a guest said, as far as it is kept. */
export function guestWords(said: string): string {
  return said.length > KEPT ? `${said.slice(0, KEPT)}…` : said;
}

/** What a guest said about why it failed: a returned error, a panic, an abort. */
export function guestError(said: string): WasmFunctionError {
  const guest = guestWords(said);
  return new WasmFunctionError('guest', `The function failed: ${guest === '' ? '(it gave no reason)' : guest}`, {
    guest,
  });
}
