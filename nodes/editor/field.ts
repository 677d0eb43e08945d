/** Shows `preset` in a select whose property is not saved: a flow written by hand may lack it. */
export function presetSelect(id: string, saved: unknown, preset: string): void {
  if (saved === undefined) $(`#${id}`).val(preset);
}

/** The number in a dialog's field, so that it is saved as one; `preset` where the field is blank. */
export function numberField(id: string, preset: number): number {
  const field = $(`#${id}`);
  const text = String(field.val() ?? '').trim();
  if (text !== '') return Number(text);
  // The editor saves what the field shows where that differs from what the dialog has set.
  field.val(preset);
  return preset;
}

/** A value that Node-RED replaces from the environment when the flow starts. */
const ENVIRONMENT_VALUE = /^\$\{[^}]+\}$/;

/**
 * A validator that says why.
 * @param reasonAgainst undefined where the trimmed text can be used
 */
export function validator<P>(reasonAgainst: (this: DialogNode<P>, text: string) => string | undefined) {
  // The editor takes text for a reason only from a validator of two parameters; from others it means yes.
  return function (this: DialogNode<P>, value: unknown, _options?: { label?: string }): true | string {
    const text = String(value ?? '').trim();
    return ENVIRONMENT_VALUE.test(text) ? true : (reasonAgainst.call(this, text) ?? true);
  };
}

/** A validator of whole numbers; blank is allowed and means the default. */
export function wholeNumber(least: number, most: number) {
  return validator((text) => {
    const number = Number(text);
    if (text === '' || (Number.isInteger(number) && number >= least && number <= most)) return undefined;
    return `"${text}" is not a whole number from ${String(least)} to ${String(most)}.`;
  });
}
