/** A type of a typedInput, with completion as the editor's own msg and env types have it. */
export interface TypedInputType {
  readonly value: string;
  readonly label: string;
  readonly icon?: string;
  readonly hasValue?: boolean;
  readonly autoComplete?: (value: string, done: (found: { value: string; label: string }[]) => void) => void;
}

interface TypedInputWidget {
  typedInput(options: { types: (string | TypedInputType)[]; default: string; typeField: string }): void;
  typedInput(command: 'type' | 'value', value: string): void;
}

/** The typedInput widget of an input; jQuery knows of it only at run time. */
export function typedInputOf(element: JQuery): TypedInputWidget {
  return element as unknown as TypedInputWidget;
}
