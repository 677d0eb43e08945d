/**
 * Shows in a select what is saved: `preset` where a flow written by hand lacks the property, and as an option of its
 * own what is not on offer (`${QOS}`, to be replaced from the environment), since it would be lost otherwise.
 */
export function presetSelect(id: string, saved: unknown, preset: string): void {
  const select = $(`#${id}`);
  const isText = typeof saved === 'string' || typeof saved === 'number';
  const value = isText ? String(saved) : preset;
  const offered = select.children().toArray() as HTMLOptionElement[];
  if (!offered.some((option) => option.value === value)) select.append($('<option>', { value }).text(value));
  select.val(value);
}
