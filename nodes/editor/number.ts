import { readNumber, type NumberRange } from '../saved-value';

/**
 * Takes a number out of a dialog's field, to be saved as one. The editor would save the field's text over it, so it
 * is not left to find the field.
 *
 * @param blank what is saved where the field is blank
 * @returns the text where it is no number: the node is then marked as invalid and the text can be corrected
 */
export function takeNumber<T>(field: JQuery, blank: T): number | string | T {
  const text = String(field.val() ?? '').trim();
  field.removeAttr('id');
  if (text === '') return blank;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

/** Whether the runtime will take it for such a number; what is blank becomes the default. */
export function isNumber(value: unknown, range: NumberRange): boolean {
  try {
    readNumber('', value, range, range.least);
    return true;
  } catch {
    return false;
  }
}
