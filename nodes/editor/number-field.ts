/** The number in a dialog's field, so that it is saved as one; `preset` where the field is blank. */
export function numberField(id: string, preset: number): number {
  const text = String($(`#${id}`).val() ?? '').trim();
  return text === '' ? preset : Number(text);
}

/** A validator of whole numbers; blank is allowed and means the default. */
export function wholeNumber(least: number, most: number) {
  return (value: unknown): true | string => {
    const text = String(value ?? '').trim();
    const number = Number(text);
    if (text === '' || (Number.isInteger(number) && number >= least && number <= most)) return true;
    return `"${text}" is not a whole number from ${String(least)} to ${String(most)}.`;
  };
}
