/** The parts of the editor's `RED` and of its widgets that this node's dialog uses. */
import type { Inspection } from '../../../host/inspection';

export type { Inspection };

export type Translate = (key: string, values?: Record<string, string | number>) => string;
/** True, or the reason why not. */
export type Validator = (this: FunctionNode, value: unknown, options?: { label?: string }) => boolean | string;

export interface FunctionNode {
  name: string;
  file: string;
  fileType: string;
  export: string;
  abi: string;
  signature: string;
  convention: string;
  input: string;
  inputType: string;
  output: string;
  outputType: string;
  result: string;
  timeout: number | string;
  memory: number | string;
  instance: string;
  concurrency: number | string;
  queue: number | string;
  permissions: string;
  _: Translate;
}

export interface PropertyDefinition {
  readonly value: string | number;
  readonly required?: boolean;
  readonly validate?: Validator;
}

export interface NodeDefinition {
  readonly category: string;
  readonly color: string;
  readonly defaults: Readonly<Record<Exclude<keyof FunctionNode, '_'>, PropertyDefinition>>;
  readonly inputs: number;
  readonly outputs: number;
  readonly icon: string;
  readonly paletteLabel: (this: { _: Translate }) => string;
  readonly label: (this: FunctionNode) => string;
  readonly labelStyle: (this: FunctionNode) => string;
  readonly oneditprepare: (this: FunctionNode) => void;
  readonly oneditsave: (this: FunctionNode) => void;
}

export interface Notification {
  close(): void;
}

export interface EditorRed {
  readonly nodes: { registerType(type: string, definition: NodeDefinition): void };
  readonly validators: { typedInput(options: { typeField: string; allowUndefined?: boolean }): Validator };
  readonly settings: Readonly<Record<string, unknown>>;
  readonly popover: { tooltip(target: JQuery, text: string): unknown };
  notify(
    text: string,
    options: {
      type?: string;
      modal?: boolean;
      fixed?: boolean;
      buttons?: { text: string; class?: string; click(): void }[];
    },
  ): Notification;
}

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
