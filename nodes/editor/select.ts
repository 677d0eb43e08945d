/** Shows `preset` in a select whose property is not saved: a flow written by hand may lack it. */
export function presetSelect(id: string, saved: unknown, preset: string): void {
  if (saved === undefined) $(`#${id}`).val(preset);
}
