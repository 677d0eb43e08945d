import { WasmFunctionError } from '../errors';

/** Characters of a guest's own words that are kept: it may say as much as its memory holds. */
const KEPT = 4000;

/** What a guest said about why it failed: a returned error, a panic, an abort. */
export function guestError(words: string): WasmFunctionError {
  const guest = words.length > KEPT ? `${words.slice(0, KEPT)}…` : words;
  return new WasmFunctionError('guest', `The function failed: ${guest === '' ? '(it gave no reason)' : guest}`, {
    guest,
  });
}
