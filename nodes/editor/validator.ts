/** A value that Node-RED replaces from the environment when the flow starts. */
const ENVIRONMENT_VALUE = /^\$\{[^}]+\}$/;

/**
 * A check of a saved property, whose reason is a text of the node's catalogue. The editor puts reasons into HTML as
 * they are, and a value may have come with an imported flow: so a reason never quotes the value.
 *
 * @param reason the text's key
 * @returns a function of two parameters, used or not: from others the editor takes any text for "valid"
 */
export function validator<P>(
  reason: string,
  accepts: (this: DialogNode<P>, value: unknown) => boolean,
): DialogValidator<P> {
  return function (value, _options) {
    const isReplaced = typeof value === 'string' && ENVIRONMENT_VALUE.test(value.trim());
    return isReplaced || accepts.call(this, value) || this._(reason);
  };
}

/** Several checks of one property: the first reason counts. */
export function allOf<P>(...checks: readonly DialogValidator<P>[]): DialogValidator<P> {
  return function (value, options) {
    for (const check of checks) {
      const valid = check.call(this, value, options);
      if (valid !== true) return valid;
    }
    return true;
  };
}

/** Text as the runtime reads it: without the blanks around it. */
export function trimmed(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
