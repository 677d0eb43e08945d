/**
 * Says below a field why its value cannot be used. The editor itself marks such a field and puts the reason into a
 * tooltip, which nobody finds without a mouse.
 */
import './reasons.css';

export interface ReasonsOptions<P> {
  readonly node: DialogNode<P>;
  readonly defaults: DialogDefinition<P>['defaults'];
  readonly credentials?: DialogDefinition<P>['credentials'];
  /** Of the fields' ids: `node-input`, `node-config-input`. */
  readonly prefix: string;
  /** More on why this field is wrong, to be said behind the reason: any text, which is not taken for HTML. */
  detail?(property: string): string | undefined;
  /** Called with the fields whose values cannot be used. */
  onChange?(wrong: JQuery[]): void;
}

/** @returns looks at all fields again */
export function showReasons<P>(options: ReasonsOptions<P>): () => void {
  const { node, defaults, credentials, prefix } = options;
  const properties: Record<string, { validate?: DialogValidator<P> }> = { ...defaults, ...credentials };
  const checks = Object.entries(properties).flatMap(([property, { validate }]) => {
    const field = $(`#${prefix}-${property}`);
    return validate === undefined || field.length === 0 ? [] : [{ property, field, validate }];
  });
  let wrong: JQuery[] = [];
  const refresh = (): void => {
    wrong = checks.flatMap(({ property, field, validate }) => {
      const answer = validate.call(node, field.val(), {});
      const reason = typeof answer === 'string' ? answer : undefined;
      const detail = reason === undefined ? undefined : options.detail?.(property);
      showReason(field, `${prefix}-${property}-reason`, detail === undefined ? reason : `${reason} – ${detail}`);
      return answer === true ? [] : [field];
    });
    options.onChange?.(wrong);
  };
  for (const { field } of checks) field.on('change keyup paste', refresh);
  refresh();
  return refresh;
}

/** For a field whose value is no property by itself. @param reason undefined where its value can be used */
export function showReason(field: JQuery, id: string, reason: string | undefined): void {
  const visible = visiblePart(field);
  const line = $(`#${id}`);
  if (reason === undefined) {
    line.remove();
    visible.removeAttr('aria-invalid aria-describedby');
    return;
  }
  visible.attr({ 'aria-invalid': 'true', 'aria-describedby': id });
  if (line.length > 0) {
    if (line.text() !== reason) line.text(reason);
    return;
  }
  $('<div>', { id, class: 'dialog-reason', role: 'status' }).text(reason).appendTo(field.closest('.form-row'));
}

/** A typedInput hides the field and shows an input of its own. */
function visiblePart(field: JQuery): JQuery {
  const typed = field.next('.red-ui-typedInput-container').find('.red-ui-typedInput-input');
  return typed.length > 0 ? typed : field;
}
