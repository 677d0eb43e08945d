/** A type of a typedInput, with completion as the editor's own msg and env types have it. */
export interface TypedInputType {
  readonly value: string;
  readonly label: string;
  readonly icon?: string;
  readonly hasValue?: boolean;
  readonly autoComplete?: (value: string, done: (found: CompletionOption[]) => void) => void;
}

export interface CompletionOption {
  readonly value: string;
  readonly label: string | JQuery;
}

interface TypedInputWidget {
  typedInput(options: { types: (string | TypedInputType)[]; default: string; typeField?: string }): void;
  typedInput(command: 'type' | 'value'): string;
  typedInput(command: 'type' | 'value', value: string): void;
}

/** The typedInput widget of an input; jQuery knows of it only at run time. */
export function typedInputOf(element: JQuery): TypedInputWidget {
  return element as unknown as TypedInputWidget;
}

/** The parts of it that are seen: the button of its type, which has no name of its own, and the input. */
export function nameTypedInput(element: JQuery, names: { readonly type: string; readonly value: string }): JQuery {
  const container = element.next('.red-ui-typedInput-container');
  container.find('.red-ui-typedInput-type-select').attr('aria-label', names.type);
  return container.find('.red-ui-typedInput-input').attr('aria-label', names.value);
}
